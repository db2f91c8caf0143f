import type { SetupAnswer } from '../answers.ts';
import { formatUnit, NO_FIGURE } from '../format.ts';
import { t, textOf } from '../i18n/text.ts';
import { Figure } from './figure.tsx';
import { HowTo } from './how-to.tsx';

type FactorSet = SetupAnswer['factorSets'][number];

/** Conversion factors with source, edition and validity; those in force first. */
export function SetupFactors({ setup }: { readonly setup: SetupAnswer }) {
  const sets = [...setup.factorSets].sort((a, b) => Number(b.inForce) - Number(a.inForce) || (a.id < b.id ? -1 : 1));
  const { electricityEquivalent: equivalent } = setup;
  return (
    <>
      <h3>{t('setup.equivalent')}</h3>
      {equivalent === null ? (
        <p class="quiet">{t('setup.equivalentNone')}</p>
      ) : (
        <p>
          <strong>{equivalent.kgcePerKwh}</strong> kgce/kWh <span class="quiet">{equivalent.source}</span>
        </p>
      )}
      <h3 class="section-head">{t('setup.boughtMedia')}</h3>
      <p class={setup.boughtMedia.length === 0 ? 'quiet' : ''}>
        {setup.boughtMedia.length === 0
          ? t('setup.boughtMediaNone')
          : setup.boughtMedia.map((carrier) => textOf('carrier', carrier)).join(', ')}
      </p>
      <h3 class="section-head">{t('setup.factorSets')}</h3>
      {sets.map((set) => (
        <Set key={set.id} set={set} />
      ))}
      <HowTo
        file={['scoring.energy.factorSets', 'scoring.energy.electricityEquivalent', 'scoring.energy.boughtMedia']}
        commands={['joulegate check plant.yaml']}
      />
    </>
  );
}

function Set({ set }: { readonly set: FactorSet }) {
  return (
    <details class="more">
      <summary>
        {set.id}{' '}
        <span class={`tag ${set.inForce ? 'tag-good' : ''}`}>
          {t(set.inForce ? 'setup.inForce' : 'setup.notInForce')}
        </span>{' '}
        <span class="quiet">
          {set.quantity} · {set.validFrom} – {set.validTo ?? t('setup.openEnd')}
        </span>
      </summary>
      <p class="quiet">
        {set.source} · {set.edition} · {set.region}
      </p>
      <div class="table-scroll" tabIndex={0} role="group" aria-label={set.id}>
        <table class="data-table">
          <thead>
            <tr>
              <th scope="col">{t('setup.carrier')}</th>
              <th scope="col">{t('setup.basis')}</th>
              <th scope="col" class="number">
                {t('setup.factor')}
              </th>
              <th scope="col">{t('setup.source')}</th>
            </tr>
          </thead>
          <tbody>
            {set.factors.map((factor) => (
              <tr key={`${factor.carrier}|${factor.unit}|${factor.basis}`}>
                <th scope="row">{textOf('carrier', factor.carrier)}</th>
                <td>{t(factor.basis === 'calorific' ? 'unit.calorific' : 'unit.equivalent')}</td>
                <td class="number">
                  <Figure text={Number.isFinite(factor.value) ? String(factor.value) : NO_FIGURE} reason="not-set" />{' '}
                  <span class="quiet">
                    {set.quantity}/{formatUnit(factor.unit)}
                  </span>
                </td>
                <td class="cell-text">{factor.source}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
