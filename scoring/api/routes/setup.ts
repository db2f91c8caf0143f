import type { AccountRules } from '../../energy/account.ts';
import { SetupAnswer } from '../setup-schemas.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

/**
 * What the plant is set up with, read only: plant.yaml is the one place it is changed, and it is checked and reloaded
 * as a whole.
 */
export function setupRoute(app: ApiApp, { view, accounts, now, time }: RouteDeps): void {
  app.get(
    '/api/v1/setup',
    {
      config: { etag: true },
      schema: {
        tags: ['plant'],
        summary: 'Tags, factors, tariff and calendar as the running service has them',
        response: { 200: SetupAnswer, ...problemAnswers },
      },
    },
    async () => {
      const today = time.toIso(now()).slice(0, 10);
      const { electricityEquivalent, boughtMedia, tariff, calendar, zone } = accounts;
      return {
        equipment: view.descriptions().map(({ path, displayName, kind, tags }) => ({
          path,
          displayName,
          kind,
          tags: tags.map(({ range, ...tag }) => ({ ...tag, ...(range === undefined ? {} : { range: [...range] }) })),
        })),
        factorSets: accounts.factorSets.map((set) => viewFactorSet(set, today)),
        electricityEquivalent,
        boughtMedia: [...boughtMedia],
        tariff: tariff === null ? null : viewTariff(tariff),
        calendar: { timezone: zone, ...calendar, shifts: [...calendar.shifts] },
      };
    },
  );
}

function viewFactorSet(
  { id, quantity, source, edition, region, validFrom, validTo, factors }: AccountRules['factorSets'][number],
  today: string,
) {
  return {
    id,
    quantity,
    source,
    edition,
    region,
    validFrom,
    validTo,
    inForce: validFrom <= today && (validTo === null || today <= validTo),
    factors: factors.map(({ carrier, unit, basis, value, source }) => ({ carrier, unit, basis, value, source })),
  };
}

function viewTariff({ plan, flatPriceYuan }: NonNullable<AccountRules['tariff']>) {
  const { id, source, validFrom, validTo, seasons, overlays, holidays, makeUpWorkdays } = plan;
  return {
    id,
    source,
    validFrom,
    validTo,
    flatPriceYuan,
    seasons: seasons.map(({ months, spans }) => ({ months: [...months], spans: [...spans] })),
    overlays: overlays.map(({ months, days, spans }) => ({ months: [...months], days: [...days], spans: [...spans] })),
    holidays: [...holidays],
    makeUpWorkdays: [...makeUpWorkdays],
  };
}
