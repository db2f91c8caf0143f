import type { EquipmentView } from '../answers.ts';
import { useConsole } from '../console-context.ts';
import { formatAge, formatNumber, formatUnit, NO_FIGURE } from '../format.ts';
import { t } from '../i18n/text.ts';
import { language } from '../preferences.ts';
import { Figure } from './figure.tsx';

type Tag = EquipmentView['tags'][number];

/** The newest value of every tag of a machine. */
export function TagTable({ tags }: { readonly tags: readonly Tag[] }) {
  if (tags.length === 0) return <p class="quiet">{t('tags.empty')}</p>;
  return (
    <div class="chart-block">
      <h3>{t('tags.title')}</h3>
      <table class="tags">
        <thead>
          <tr>
            <th scope="col">{t('tags.name')}</th>
            <th scope="col" class="number">
              {t('tags.value')}
            </th>
            <th scope="col" class="number">
              {t('tags.age')}
            </th>
            <th scope="col">{t('tags.quality')}</th>
          </tr>
        </thead>
        <tbody>
          {tags.map((tag) => (
            <TagRow key={tag.name} tag={tag} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function TagRow({ tag }: { readonly tag: Tag }) {
  const { state } = useConsole();
  const serverNow = state.now.value + state.clockOffsetMs.value;
  const quality = qualityOf(tag.statusCode);
  return (
    <tr>
      <th scope="row">
        {tag.name} <span class="quiet">{t(`role.${tag.role}`)}</span>
      </th>
      <td class="number">
        <Figure text={valueText(tag)} reason="no-value" /> <span class="quiet">{formatUnit(tag.unit)}</span>
      </td>
      <td class="number">
        <Figure text={tag.at === null ? NO_FIGURE : formatAge(serverNow - Date.parse(tag.at))} reason="no-value" />
      </td>
      <td>
        <span class={`quality quality-${quality}`} title={`0x${(tag.statusCode >>> 0).toString(16).padStart(8, '0')}`}>
          {t(`quality.${quality}`)}
        </span>
      </td>
    </tr>
  );
}

/** Severity of an OPC UA status code: its two highest bits (OPC 10000-4, 7.39). */
function qualityOf(statusCode: number): 'good' | 'uncertain' | 'bad' {
  const severity = statusCode >>> 30;
  return severity === 0 ? 'good' : severity === 1 ? 'uncertain' : 'bad';
}

function valueText({ value }: Tag): string {
  if (value === null) return NO_FIGURE;
  return typeof value === 'number' ? formatNumber(value, language.value) : String(value);
}
