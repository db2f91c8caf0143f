import type { TargetView } from '../answers.ts';
import { nameIn, t } from '../i18n/text.ts';
import { Figure } from './figure.tsx';
import { NO_FIGURE } from '../format.ts';

/** The figures of the founding document, each with the sentence it comes from. */
export function FoundingFigures({ founding }: { readonly founding: NonNullable<TargetView['founding']> }) {
  return (
    <details class="founding">
      <summary>{t('founding.title', { title: nameIn(founding.title, founding.id) })}</summary>
      <p class="quiet">{t('founding.source', { source: founding.source })}</p>
      <div class="founding-scroll" tabIndex={0} role="region" aria-label={nameIn(founding.title, founding.id)}>
        <table class="founding-table">
          <thead>
            <tr>
              <th scope="col">{t('founding.indicator')}</th>
              <th scope="col" class="number">
                {t('founding.actual')}
              </th>
              <th scope="col" class="number">
                {t('founding.target')}
              </th>
              <th scope="col">{t('founding.sentence')}</th>
            </tr>
          </thead>
          <tbody>
            {founding.figures.map((figure) => (
              <tr key={figure.id} class={`scope-${figure.scope}`}>
                <th scope="row">
                  {nameIn(figure.title, figure.id)} <span class="tag">{t(`founding.scope.${figure.scope}`)}</span>
                </th>
                <td class="number">
                  <Figure text={withUnit(figure.actual2016, figure.unit)} reason="not-stated" />
                </td>
                <td class="number">
                  <Figure text={withUnit(figure.target2017, figure.unit)} reason="not-stated" />
                </td>
                <td lang="zh-CN" class="founding-sentence">
                  {figure.sentence}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function withUnit(value: string | null, unit: string): string {
  return value === null ? NO_FIGURE : `${value} ${unit}`;
}
