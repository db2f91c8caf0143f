import type { TargetView } from '../answers.ts';
import { formatChange, formatFixed, formatIntensity } from '../format.ts';
import { t } from '../i18n/text.ts';
import { language } from '../preferences.ts';
import { Figure } from './figure.tsx';

type Verdict = TargetView['levels'][number]['rawVerdict'];
const marks: Readonly<Record<Verdict, string>> = {
  met: '✓',
  'not-met': '✕',
  'not-distinguishable': '≈',
  'no-figure': '–',
};

/** Reported and load-adjusted change side by side, against every promised fall. */
export function TargetFigures({ target }: { readonly target: TargetView }) {
  const lang = language.value;
  const why = target.reason ?? t('target.noBaseline');
  const half = target.adjustedUncertainty;
  return (
    <>
      <div class="changes">
        <div class="change" title={t('target.rawHint')}>
          <p class="key-title">{t('target.raw')}</p>
          <p class="change-value">
            <Figure text={formatChange(target.rawChange, lang)} reason={target.reason ?? 'no-data'} />
          </p>
        </div>
        <div class="change change-main" title={t('target.adjustedHint')}>
          <p class="key-title">{t('target.adjusted')}</p>
          <p class="change-value">
            <Figure text={formatChange(target.adjustedChange, lang)} reason={why} />
          </p>
          {half !== null && (
            <p class="key-note">{t('target.uncertainty', { value: formatFixed(half * 100, 2, lang) })}</p>
          )}
        </div>
        <div class="change" title={t('target.loadHint')}>
          <p class="key-title">{t('target.load')}</p>
          <p class="change-value">
            <Figure text={formatChange(target.loadEffect, lang)} reason={why} />
          </p>
        </div>
      </div>
      <table class="levels">
        <thead>
          <tr>
            <th scope="col">{t('target.level')}</th>
            <th scope="col" class="number">
              {t('target.limit')}
            </th>
            <th scope="col">{t('target.raw')}</th>
            <th scope="col">{t('target.adjusted')}</th>
          </tr>
        </thead>
        <tbody>
          {target.levels.map((level) => (
            <tr key={level.reduction}>
              <th scope="row">{formatChange(-level.reduction, lang, 1)}</th>
              <td class="number">
                <Figure text={formatIntensity(level.targetSec, lang)} reason={target.reason ?? 'no-data'} />
              </td>
              <td>
                <VerdictMark verdict={level.rawVerdict} />
              </td>
              <td>
                <VerdictMark verdict={level.adjustedVerdict} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <dl class="periods">
        <Period title={t('target.base')} period={target.base} reason={target.reason} />
        <Period title={t('target.current')} period={target.current} reason={target.reason} />
      </dl>
    </>
  );
}

function VerdictMark({ verdict }: { readonly verdict: Verdict }) {
  const hint = verdict === 'not-distinguishable' ? t('verdict.hint') : undefined;
  return (
    <span class={`verdict verdict-${verdict}`} title={hint}>
      <span aria-hidden="true">{marks[verdict]} </span>
      {t(`verdict.${verdict}`)}
    </span>
  );
}

function Period(props: {
  readonly title: string;
  readonly period: TargetView['base'];
  readonly reason: string | null;
}) {
  const { from, to, days, sec } = props.period;
  return (
    <div>
      <dt>{props.title}</dt>
      <dd>
        <Figure text={formatIntensity(sec, language.value)} reason={props.reason ?? 'no-data'} />{' '}
        <span class="key-unit">{t('unit.perUnit')}</span>
        {days > 0 && <span class="quiet period-days">{t('target.period', { from, to, days })}</span>}
      </dd>
    </div>
  );
}
