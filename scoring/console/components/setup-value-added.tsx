import { useSignal } from '@preact/signals';
import type { ValueAddedAnswer } from '../answers.ts';
import { useConsole } from '../console-context.ts';
import { formatInstant, formatNumber } from '../format.ts';
import { plainName, t } from '../i18n/text.ts';
import { language } from '../preferences.ts';
import { useApi } from '../resource.ts';
import { parseValueAdded, type ParsedCsv } from '../value-added-csv.ts';
import { HowTo } from './how-to.tsx';
import { Empty, failureText } from './load-state.tsx';
import { Loaded } from './screen-head.tsx';

const MOST_BYTES = 200_000;
const ERRORS_SHOWN = 50;

/** The book of value added, and a file of months to add to it: looked through row by row before anything is booked. */
export function SetupValueAdded() {
  const book = useApi('value-added');
  return (
    <>
      <Import onBooked={book.reload} />
      <h3 class="section-head">{t('valueAdded.book')}</h3>
      <Loaded resource={book} what={t('valueAdded.book')} rows={3}>
        {(answer) => <Book items={answer.items} />}
      </Loaded>
      <HowTo commands={['joulegate value-added months.csv --by NAME']} />
    </>
  );
}

function Import({ onBooked }: { readonly onBooked: () => void }) {
  const { actions } = useConsole();
  const file = useSignal<{ readonly name: string; readonly parsed: ParsedCsv } | null>(null);
  const said = useSignal<{ readonly kind: 'good' | 'bad'; readonly text: string } | null>(null);
  const busy = useSignal(false);
  const take = async (chosen: File | undefined) => {
    said.value = null;
    file.value = null;
    if (chosen === undefined) return;
    if (chosen.size > MOST_BYTES) {
      said.value = { kind: 'bad', text: t('valueAdded.tooLarge') };
      return;
    }
    file.value = { name: chosen.name, parsed: parseValueAdded(await chosen.text()) };
  };
  const book = async () => {
    const rows = file.value?.parsed.rows ?? [];
    if (busy.value || rows.length === 0) return;
    busy.value = true;
    const answer = await actions.post('value-added', { items: [...rows] });
    busy.value = false;
    if (answer.ok) {
      said.value = { kind: 'good', text: t('valueAdded.booked', { count: answer.value.items.length }) };
      file.value = null;
      onBooked();
    } else said.value = { kind: 'bad', text: failureText(answer.failure) };
  };
  const parsed = file.value?.parsed ?? null;
  return (
    <>
      <h3>{t('valueAdded.import')}</h3>
      <p class="quiet">{t('valueAdded.importHint')}</p>
      <pre class="command" tabIndex={0}>
        <code>{'month,nominal,priceIndex,status,source\n2026-01,1234.5,101.2,final,Ledger 2026-01'}</code>
      </pre>
      <p class="form-row">
        <label class="button file-button">
          {t('valueAdded.file')}
          <input
            type="file"
            class="visually-hidden"
            accept=".csv,text/csv"
            onChange={(event) => void take(event.currentTarget.files?.[0])}
          />
        </label>
      </p>
      <div role="status">
        {said.value !== null && (
          <p class={said.value.kind === 'good' ? 'is-saving' : 'form-problem'}>{said.value.text}</p>
        )}
        {parsed !== null && (
          <p>
            {plainName(file.value?.name ?? '')}:{' '}
            {t('valueAdded.found', { rows: parsed.rows.length, errors: parsed.errors.length })}
          </p>
        )}
      </div>
      {parsed !== null && parsed.errors.length > 0 && (
        <ul class="plain-list row-errors" data-testid="row-errors">
          {parsed.errors.slice(0, ERRORS_SHOWN).map(({ line, fault, value }) => (
            <li key={`${line}${fault}`}>
              <strong>{t('valueAdded.line', { line })}</strong> {t(`valueAdded.fault.${fault}`)}{' '}
              {value !== '' && <code>{plainName(value)}</code>}
            </li>
          ))}
        </ul>
      )}
      {parsed !== null && parsed.rows.length > 0 && (
        <button
          type="button"
          class="button button-main"
          disabled={busy.value || parsed.errors.length > 0}
          onClick={() => void book()}
        >
          {t('valueAdded.submit', { count: parsed.rows.length })}
        </button>
      )}
    </>
  );
}

function Book({ items }: { readonly items: ValueAddedAnswer['items'] }) {
  const newest = new Map(items.map((item) => [item.month, item]));
  if (items.length === 0)
    return (
      <Empty>
        <p>{t('valueAdded.none')}</p>
      </Empty>
    );
  return (
    <div class="table-scroll table-tall" tabIndex={0} role="group" aria-label={t('valueAdded.book')}>
      <table class="data-table" data-testid="value-added">
        <thead>
          <tr>
            <th scope="col">{t('valueAdded.month')}</th>
            <th scope="col" class="number">
              {t('valueAdded.nominal')}
            </th>
            <th scope="col" class="number">
              {t('valueAdded.index')}
            </th>
            <th scope="col">{t('valueAdded.status')}</th>
            <th scope="col">{t('valueAdded.source')}</th>
            <th scope="col">{t('valueAdded.by')}</th>
          </tr>
        </thead>
        <tbody>
          {[...items].reverse().map((item) => (
            <tr key={`${item.month}${item.at}`} class={newest.get(item.month) === item ? '' : 'row-past'}>
              <th scope="row">{item.month}</th>
              <td class="number">{formatNumber(item.nominal, language.value)}</td>
              <td class="number">{formatNumber(item.priceIndex, language.value)}</td>
              <td>{t(newest.get(item.month) === item ? `valueAdded.${item.status}` : 'valueAdded.replaced')}</td>
              <td class="cell-text">{plainName(item.source)}</td>
              <td>
                {plainName(item.by)} <span class="quiet">{formatInstant(item.at)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
