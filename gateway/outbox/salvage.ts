import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { recordChecksum, writerChecksum } from './checksum.ts';
import type { OutboxRecord } from './outbox.ts';

export type SalvagedRecord = OutboxRecord & { readonly at: number };
export type SalvagedWriter = { readonly id: number; readonly path: string; readonly sequence: number };
export type Salvaged = {
  /** In order of their ids. */
  readonly records: SalvagedRecord[];
  readonly writers: Map<number, SalvagedWriter>;
};

/** The log is always made with this page size. */
export const PAGE_BYTES = 4096;
const TABLE_LEAF = 13;
const WAL_HEADER = 32;
const WAL_FRAME_HEADER = 24;
const LARGEST_ROW = 64 * 1_048_576;

type Column = number | string | Uint8Array | null;

/**
 * Reads a damaged SQLite file page by page, past its trees: whatever row is whole and carries the right checksum is given
 * back, from the file and from its write-ahead log. Layout: sqlite.org/fileformat2.html, 1.6 and 2.1.
 */
export function salvage(file: string): Salvaged {
  using pages = new PageFile(file);
  const records = new Map<number, SalvagedRecord>();
  const writers = new Map<number, SalvagedWriter>();
  for (const page of pages.all()) {
    for (const { rowId, columns } of rowsOf(page, pages)) {
      const record = asRecord(rowId, columns);
      if (record !== null) records.set(rowId, record);
      const writer = asWriter(rowId, columns);
      if (writer !== null && writer.sequence >= (writers.get(rowId)?.sequence ?? 0)) writers.set(rowId, writer);
    }
  }
  return { records: [...records.values()].sort((a, b) => a.id - b.id), writers };
}

function asRecord(id: number, columns: readonly Column[]): SalvagedRecord | null {
  const [, writerId, firstSequence, lastSequence, topic, payload, , crc, at] = columns;
  if (columns.length !== 9 || !(payload instanceof Uint8Array) || typeof topic !== 'string') return null;
  if (typeof writerId !== 'number' || typeof firstSequence !== 'number' || typeof lastSequence !== 'number')
    return null;
  const record = { id, writerId, firstSequence, lastSequence, topic, payload };
  return recordChecksum(record) === crc ? { ...record, at: Number(at) } : null;
}

function asWriter(id: number, columns: readonly Column[]): SalvagedWriter | null {
  const [, path, sequence, crc] = columns;
  if (columns.length !== 4 || typeof path !== 'string' || typeof sequence !== 'number') return null;
  if (typeof crc !== 'number' && crc !== null) return null;
  // Number and path are kept of a damaged row too; its records and commits tell the sequence number.
  return { id, path, sequence: writerChecksum(id, path, sequence) === crc ? sequence : 0 };
}

function* rowsOf(page: Buffer, pages: PageFile): Generator<{ rowId: number; columns: Column[] }> {
  if (page[0] !== TABLE_LEAF) return;
  for (let pointer = 8; pointer + 2 <= PAGE_BYTES; pointer += 2) {
    const cell = page.readUInt16BE(pointer);
    // Cells lie behind their pointers; the count in the header is not trusted.
    if (cell < pointer + 2 || cell > PAGE_BYTES - 4) return;
    try {
      const length = readVarint(page, cell);
      const rowId = readVarint(page, length.next);
      const row = rowBytes(page, rowId.next, length.value, pages);
      if (row !== null) yield { rowId: rowId.value, columns: decodeRow(row) };
    } catch {
      // Not a row, or one that is damaged.
    }
  }
}

/** The bytes of a row, with what overflows into further pages. */
function rowBytes(page: Buffer, begin: number, length: number, pages: PageFile): Buffer | null {
  if (length > LARGEST_ROW) return null;
  const most = PAGE_BYTES - 35;
  const least = Math.floor(((PAGE_BYTES - 12) * 32) / 255) - 23;
  const fitting = least + ((length - least) % (PAGE_BYTES - 4));
  const local = length <= most ? length : fitting <= most ? fitting : least;
  if (begin + local > PAGE_BYTES) return null;
  const row = Buffer.alloc(length);
  page.copy(row, 0, begin, begin + local);
  let filled = local;
  let next = filled < length ? page.readUInt32BE(begin + local) : 0;
  while (filled < length) {
    const overflow = pages.at(next);
    if (overflow === null) return null;
    filled += overflow.copy(row, filled, 4);
    next = overflow.readUInt32BE(0);
  }
  return row;
}

function decodeRow(row: Buffer): Column[] {
  const header = readVarint(row, 0);
  const columns: Column[] = [];
  let body = header.value;
  for (let at = header.next; at < header.value;) {
    const { value: type, next } = readVarint(row, at);
    at = next;
    const size = type >= 12 ? Math.floor((type - 12) / 2) : (SIZES[type] ?? 0);
    columns.push(decodeColumn(row, type, body, size));
    body += size;
  }
  return columns;
}

/** Bytes of the integer serial types 0 to 9. */
const SIZES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0] as const;

function decodeColumn(row: Buffer, type: number, at: number, size: number): Column {
  if (at + size > row.length) throw new RangeError('row ends early');
  if (type === 0 || type === 7) return null;
  if (type === 8 || type === 9) return type - 8;
  if (type === 6) return Number(row.readBigInt64BE(at));
  if (type < 6) return row.readIntBE(at, size);
  const bytes = row.subarray(at, at + size);
  return type % 2 === 0 ? bytes : bytes.toString('utf8');
}

function readVarint(bytes: Buffer, at: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let index = 0; index < 8; index += 1) {
    const byte = bytes.readUInt8(at + index);
    value = value * 128 + (byte & 127);
    if (byte < 128) return { value, next: at + index + 1 };
  }
  return { value: value * 256 + bytes.readUInt8(at + 8), next: at + 9 };
}

/** Pages of a database file and of the write-ahead log beside it. */
class PageFile {
  readonly #main: number;
  readonly #mainPages: number;
  readonly #log: number | null;
  readonly #frames: number;
  /** Newest frame of a page in the write-ahead log. */
  readonly #newest = new Map<number, number>();

  constructor(file: string) {
    this.#main = openSync(file, 'r');
    this.#mainPages = Math.ceil(fstatSync(this.#main).size / PAGE_BYTES);
    this.#log = existsSync(`${file}-wal`) ? openSync(`${file}-wal`, 'r') : null;
    const logBytes = this.#log === null ? 0 : fstatSync(this.#log).size - WAL_HEADER;
    this.#frames = Math.max(0, Math.floor(logBytes / (WAL_FRAME_HEADER + PAGE_BYTES)));
    for (let frame = 0; frame < this.#frames; frame += 1) {
      const header = Buffer.alloc(4);
      readSync(this.#log ?? -1, header, 0, 4, WAL_HEADER + frame * (WAL_FRAME_HEADER + PAGE_BYTES));
      this.#newest.set(header.readUInt32BE(0), frame);
    }
  }

  *all(): Generator<Buffer> {
    for (let page = 1; page <= this.#mainPages; page += 1) yield this.#read(this.#main, (page - 1) * PAGE_BYTES);
    for (let frame = 0; frame < this.#frames; frame += 1) yield this.#frame(frame);
  }

  at(page: number): Buffer | null {
    const frame = this.#newest.get(page);
    if (frame !== undefined) return this.#frame(frame);
    return page >= 1 && page <= this.#mainPages ? this.#read(this.#main, (page - 1) * PAGE_BYTES) : null;
  }

  #frame(frame: number): Buffer {
    return this.#read(this.#log ?? -1, WAL_HEADER + frame * (WAL_FRAME_HEADER + PAGE_BYTES) + WAL_FRAME_HEADER);
  }

  /** A page that the file no longer holds whole ends in zeros. */
  #read(descriptor: number, position: number): Buffer {
    const page = Buffer.alloc(PAGE_BYTES);
    readSync(descriptor, page, 0, PAGE_BYTES, position);
    return page;
  }

  [Symbol.dispose](): void {
    closeSync(this.#main);
    if (this.#log !== null) closeSync(this.#log);
  }
}
