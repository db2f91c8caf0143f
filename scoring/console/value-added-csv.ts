/** A month of value added as it is booked. */
export type ValueAddedRow = {
  readonly month: string;
  readonly nominal: number;
  readonly priceIndex: number;
  readonly status: 'provisional' | 'final';
  readonly source: string;
};

export type RowFault =
  | 'columns'
  | 'empty'
  | 'month'
  | 'nominal'
  | 'priceIndex'
  | 'status'
  | 'source'
  | 'twice'
  | 'too-many';

/** What is wrong in which line; lines count from 1, the header is line 1. */
export type RowError = { readonly line: number; readonly fault: RowFault; readonly value: string };

export type ParsedCsv = { readonly rows: readonly ValueAddedRow[]; readonly errors: readonly RowError[] };

const columns = ['month', 'nominal', 'priceIndex', 'status', 'source'] as const;
const MOST_ROWS = 240;
const LONGEST_SHOWN = 40;

/**
 * Reads a CSV file with the columns month, nominal, priceIndex, status, source in any order, separated by comma, semicolon
 * or tab, as spreadsheets write it (quotes, byte order mark). Every faulty line is named; nothing is guessed.
 */
export function parseValueAdded(text: string): ParsedCsv {
  const [header, ...lines] = splitRows(text.replace(/^\uFEFF/, ''));
  if (header === undefined) return { rows: [], errors: [{ line: 1, fault: 'empty', value: '' }] };
  const places = columns.map((name) =>
    header.cells.findIndex((cell) => cell.trim().toLowerCase() === name.toLowerCase()),
  );
  const missing = columns.filter((_, index) => places[index] === -1);
  if (missing.length > 0) return { rows: [], errors: [{ line: 1, fault: 'columns', value: missing.join(', ') }] };
  const rows: ValueAddedRow[] = [];
  const errors: RowError[] = [];
  const seen = new Set<string>();
  for (const { line, cells } of lines) {
    if (cells.every((cell) => cell.trim() === '')) continue;
    const [month = '', nominal = '', priceIndex = '', status = '', source = ''] = places.map(
      (place) => cells[place]?.trim() ?? '',
    );
    const before = errors.length;
    const fault = (kind: RowFault, value: string) =>
      errors.push({ line, fault: kind, value: value.slice(0, LONGEST_SHOWN) });
    if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) fault('month', month);
    else if (seen.has(month)) fault('twice', month);
    if (!isPositive(nominal)) fault('nominal', nominal);
    if (!isPositive(priceIndex)) fault('priceIndex', priceIndex);
    if (status !== 'provisional' && status !== 'final') fault('status', status);
    if (source === '' || source.length > 256) fault('source', source);
    seen.add(month);
    if (errors.length === before)
      rows.push({
        month,
        nominal: Number(nominal),
        priceIndex: Number(priceIndex),
        status: status === 'final' ? 'final' : 'provisional',
        source,
      });
  }
  if (rows.length + errors.length === 0) errors.push({ line: 2, fault: 'empty', value: '' });
  if (rows.length > MOST_ROWS) errors.push({ line: MOST_ROWS + 2, fault: 'too-many', value: String(rows.length) });
  return { rows, errors };
}

// Number() takes '', '0x10' and '1e3' as well; accounting does not write these.
const isPositive = (text: string): boolean => /^\d+(\.\d+)?$/.test(text) && Number(text) > 0;

type Row = { readonly line: number; readonly cells: readonly string[] };

/** Rows of an RFC 4180 file; a quoted cell may hold separators, line ends and doubled quotes. */
function splitRows(text: string): readonly Row[] {
  const first = text.slice(0, text.search(/\r|\n|$/));
  const separator = [',', ';', '\t'].find((one) => first.includes(one)) ?? ',';
  const rows: { line: number; cells: string[] }[] = [];
  let cell = '';
  let quoted = false;
  let line = 1;
  let row: { line: number; cells: string[] } = { line, cells: [] };
  const endCell = () => {
    row.cells.push(cell);
    cell = '';
  };
  const endRow = () => {
    endCell();
    rows.push(row);
    row = { line, cells: [] };
  };
  for (let index = 0; index < text.length; index += 1) {
    const letter = text[index] ?? '';
    if (letter === '\n') line += 1;
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[index + 1] === '"') {
        cell += '"';
        index += 1;
      } else quoted = false;
    } else if (letter === '"' && cell === '') quoted = true;
    else if (letter === separator) endCell();
    else if (letter === '\n') endRow();
    else if (letter !== '\r') cell += letter;
  }
  if (cell !== '' || row.cells.length > 0) endRow();
  return rows;
}
