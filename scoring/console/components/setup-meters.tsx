import type { MeterFitAnswer, SetupAnswer } from '../answers.ts';
import { formatNumber, formatShare, formatUnit } from '../format.ts';
import { nameIn, t, textOf } from '../i18n/text.ts';
import { language } from '../preferences.ts';
import { useApi } from '../resource.ts';
import { Figure } from './figure.tsx';
import { HowTo } from './how-to.tsx';
import { Loaded } from './screen-head.tsx';

/** Every energy meter with what its counter is judged by, and whether all required ones are fitted. */
export function SetupMeters({ setup }: { readonly setup: SetupAnswer }) {
  const fit = useApi('meter-fit');
  const lang = language.value;
  const meters = setup.equipment.flatMap((machine) =>
    machine.tags.filter(({ role }) => role === 'energy-counter').map((tag) => ({ machine, tag })),
  );
  return (
    <>
      <h3>{t('setup.fit')}</h3>
      <Loaded resource={fit} what={t('setup.fit')} rows={3}>
        {(answer) => <Fit answer={answer} />}
      </Loaded>
      <h3 class="section-head">{t('setup.meterList')}</h3>
      <div class="table-scroll" tabIndex={0} role="group" aria-label={t('setup.meterList')}>
        <table class="data-table">
          <thead>
            <tr>
              <th scope="col">{t('level.equipment')}</th>
              <th scope="col">{t('tags.name')}</th>
              <th scope="col">{t('setup.carrier')}</th>
              <th scope="col">{t('setup.unit')}</th>
              <th scope="col" class="number">
                {t('setup.ratedMax')}
              </th>
              <th scope="col" class="number">
                {t('setup.modulus')}
              </th>
              <th scope="col" class="number">
                {t('setup.accuracy')}
              </th>
            </tr>
          </thead>
          <tbody>
            {meters.map(({ machine, tag }) => (
              <tr key={`${machine.path}/${tag.name}`}>
                <th scope="row">
                  {nameIn(machine.displayName, machine.path)} <span class="quiet row-place">{machine.path}</span>
                </th>
                <td>{tag.name}</td>
                <td>{textOf('carrier', tag.carrier ?? 'electricity')}</td>
                <td>{formatUnit(tag.unit ?? null)}</td>
                <td class="number">
                  <Figure text={formatNumber(tag.ratedMax ?? null, lang)} reason="not-set" />
                </td>
                <td class="number">
                  <Figure text={formatNumber(tag.modulus ?? null, lang)} reason="not-set" />
                </td>
                <td class="number">
                  <Figure text={formatNumber(tag.accuracyClass ?? null, lang)} reason="not-set" />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <HowTo
        file={[
          'gateway.servers[].equipment[].tags[].{modulus,ratedMax,accuracyClass,carrier}',
          'scoring.energy.mainMeters',
        ]}
      />
    </>
  );
}

function Fit({ answer }: { readonly answer: MeterFitAnswer }) {
  return (
    <div class="table-scroll" tabIndex={0} role="group" aria-label={t('setup.fit')}>
      <table class="data-table">
        <thead>
          <tr>
            <th scope="col">{t('setup.fitLevel')}</th>
            <th scope="col" class="number">
              {t('setup.fitted')}
            </th>
            <th scope="col" class="number">
              {t('setup.fitRate')}
            </th>
            <th scope="col">{t('setup.fitVerdict')}</th>
            <th scope="col">{t('setup.fitMissing')}</th>
          </tr>
        </thead>
        <tbody>
          {answer.items.map((item) => (
            <tr key={item.level}>
              <th scope="row">{t(`fit.${item.level}`)}</th>
              <td class="number">
                {item.fitted} / {item.required}
              </td>
              <td class="number">
                <Figure text={formatShare(item.rate, language.value)} reason="none-required" />
              </td>
              <td>
                <span class={`tag tag-${item.meets ? 'good' : 'warning'}`}>
                  {t(item.meets ? 'baseline.passed' : 'baseline.failed')}
                </span>
              </td>
              <td class="cell-text">{[...item.missing, ...item.unknown].join(', ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
