import { parse } from 'csv-parse/sync';
import { describeError, JoulegateError } from '../../../broker/contract/error.ts';
import { DraftBuilder } from './draft-builder.ts';
import { readNodeId, type ReadNodeId } from './imported-tag.ts';
import { NoteList, type ImportOptions, type ImportResult } from './import-result.ts';

type Row = Readonly<Record<string, string>>;

/** Names of columns, in lower case without spaces and signs, by what they hold. */
const columns = {
  server: ['server', 'endpoint', 'endpointurl', 'serverurl'],
  nodeId: ['nodeid', 'node'],
  name: ['name', 'displayname', 'tagname', 'tag'],
  unit: ['unit', 'engunits', 'units', 'engineeringunits'],
  sampling: ['sampling', 'samplinginterval', 'scanrate', 'scanratems'],
  deadband: ['deadband', 'deadbandvalue'],
  path: ['path', 'browsepath', 'equipment'],
  address: ['address'],
} as const;
type Column = keyof typeof columns;

/** Namespace of a Kepware server's tags. */
const KEPWARE_NAMESPACE = 'KEPServerEX';

/**
 * Reads tags from CSV with a header: `server,nodeId,name,unit,sampling,deadband,path`, or as UaExpert and Kepware
 * export them. Comma, semicolon and tab separate.
 * @throws JoulegateError CONFIG_INVALID when the file is no CSV or lacks the columns.
 */
export function readTagCsv(text: string, options: ImportOptions): ImportResult {
  const rows = parseRows(text);
  const [header = []] = rows;
  const places = new Map<Column, number>();
  header.forEach((title, index) => {
    const key = title.toLowerCase().replaceAll(/[^a-z]/g, '');
    const column = (Object.keys(columns) as Column[]).find((name) =>
      (columns[name] as readonly string[]).includes(key),
    );
    if (column !== undefined && !places.has(column)) places.set(column, index);
  });
  const isKepware = !places.has('nodeId') && places.has('name') && places.has('address');
  if (!places.has('nodeId') && !isKepware) {
    throw new JoulegateError(
      'CONFIG_INVALID',
      `the file has no column nodeId (its columns: ${header.slice(0, 20).join(', ')}); the first line must name the columns server,nodeId,name,unit,sampling,deadband,path`,
    );
  }
  const notes = new NoteList();
  const builder = new DraftBuilder(notes);
  for (const [index, cells] of rows.slice(1).entries()) {
    const row = Object.fromEntries([...places].map(([column, place]) => [column, cells[place]?.trim() ?? '']));
    readRow({ row, where: `line ${index + 2}`, isKepware, notes, builder, options });
  }
  return { draft: builder.build(options, isKepware ? 'a Kepware tag export' : 'a CSV file'), notes: notes.list() };
}

function parseRows(text: string): string[][] {
  const firstLine = text.slice(0, text.indexOf('\n') === -1 ? undefined : text.indexOf('\n'));
  const delimiter =
    [',', ';', '\t'].toSorted((a, b) => firstLine.split(b).length - firstLine.split(a).length)[0] ?? ',';
  try {
    return parse(text, { bom: true, delimiter, relax_column_count: true, skip_empty_lines: true, relax_quotes: true });
  } catch (error) {
    throw new JoulegateError('CONFIG_INVALID', `the file is no CSV: ${describeError(error)}`, { cause: error });
  }
}

function readRow(context: {
  readonly row: Row;
  readonly where: string;
  readonly isKepware: boolean;
  readonly notes: NoteList;
  readonly builder: DraftBuilder;
  readonly options: ImportOptions;
}): void {
  const { row, where, isKepware, notes, builder, options } = context;
  const given = row['server'] ?? '';
  const endpoint = given.startsWith('opc.tcp://') ? given : (options.endpoint ?? '');
  if (endpoint === '') {
    notes.add(where, 'no endpoint is known for the server; name it with --endpoint opc.tcp://host:port', 'high');
    return;
  }
  const name = row['name'] ?? '';
  const read = isKepware
    ? kepwareNodeId(name, options.prefix)
    : readNodeId(row['nodeId'] ?? '', options.namespacesOf?.(endpoint));
  if (read.problem !== null) notes.add(where, read.problem, 'high');
  if ((row['deadband'] ?? '') !== '' && Number(row['deadband']) !== 0)
    notes.add(where, 'not carried: deadband, every change is sent');
  const server = builder.server(
    { endpoint, securityMode: 'best', securityPolicy: 'best', trustServerCertificate: 'pinned' },
    given === '' || given === endpoint ? undefined : given,
  );
  const samplingMs = samplingOf(row['sampling'] ?? '');
  if (samplingMs === null) notes.add(where, `sampling "${row['sampling'] ?? ''}" is no time; the default is taken`);
  const place = isKepware
    ? [...(options.prefix ?? '').split('.'), ...name.split('.').slice(0, -1)]
    : (row['path'] ?? '').split('/');
  const equipment = place.map((part) => part.trim()).filter((part) => part !== '');
  builder.add(server, equipment, {
    name: (isKepware ? name.split('.').at(-1) : name) || read.nodeId.replace(/^.*?[isgb]=/s, ''),
    nodeId: read.nodeId,
    unit: (row['unit'] ?? '') === '' ? null : (row['unit'] ?? null),
    context: equipment,
    samplingMs: samplingMs ?? undefined,
    problem: read.problem,
  });
}

function kepwareNodeId(name: string, prefix: string | undefined): ReadNodeId {
  const isWhole = prefix !== undefined && prefix !== '';
  return {
    nodeId: `nsu=${KEPWARE_NAMESPACE};s=${isWhole ? `${prefix}.` : ''}${name}`,
    problem: isWhole
      ? null
      : 'a Kepware export does not name channel and device; give them with --prefix Channel1.Device1',
  };
}

/** Milliseconds of a plain number or a duration with a unit; undefined for nothing, null for what is neither. */
function samplingOf(text: string): number | null | undefined {
  if (text === '') return undefined;
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(text);
  if (match === null) return null;
  return Number(match[1]) * ({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] ?? 'ms'] ?? 1);
}
