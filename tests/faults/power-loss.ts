import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OutboxDatabase } from '../../gateway/outbox/outbox-database.ts';
import { temporaryFolder } from '../support/stack.ts';

const RECORDS = 300;
const limits = { maxBytes: 64 * 1_048_576, requiredConsumers: ['scoring'] };
const textOf = (sequence: number): string => JSON.stringify({ sequence, text: 'x'.repeat(100 + (sequence % 50) * 20) });

type Row = {
  readonly scenario: string;
  readonly produced: number;
  readonly stored: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly verdict: string;
};

/**
 * The outbox file as a power cut or a bad block leaves it, opened anew for each cut and each flipped byte. Counts are of the
 * worst case; lost may be what the cut or the byte itself held and was counted as damage, never more.
 */
export async function measurePowerLoss(): Promise<Row[]> {
  await using folder = await temporaryFolder();
  const running = join(folder.path, 'running.db');
  const cut = join(folder.path, 'cut.db');
  let database = new OutboxDatabase(running, limits, Date.now);
  const writerId = database.writerId('hall/line/machine');
  const append = (sequence: number): void => {
    const payload = Buffer.from(textOf(sequence));
    database.append([{ writerId, firstSequence: sequence, lastSequence: sequence, topic: 't', payload }]);
  };
  for (let sequence = 1; sequence < RECORDS; sequence += 1) append(sequence);
  // Opened anew, the log holds the last record and nothing else.
  database.close();
  database = new OutboxDatabase(running, limits, Date.now);
  append(RECORDS);
  copyFileSync(running, cut);
  copyFileSync(`${running}-wal`, `${cut}-wal`);
  database.close();
  const file = readFileSync(running);
  const wal = readFileSync(`${cut}-wal`);
  const victim = join(folder.path, 'victim.db');
  const open = (main: Buffer, log: Buffer | null): Found => {
    for (const ending of ['-wal', '-shm', '.damaged', '.damaged-wal']) rmSync(victim + ending, { force: true });
    writeFileSync(victim, main);
    if (log !== null) writeFileSync(`${victim}-wal`, log);
    return survivors(victim);
  };
  const cuts = Array.from({ length: wal.length }, (_, index) => index);
  const mainOfCut = readFileSync(cut);
  const cutsFound = cuts.map((length) => open(mainOfCut, wal.subarray(0, length)));
  const tails = Array.from({ length: 4095 }, (_, index) => open(file.subarray(0, file.length - 1 - index), null));
  const flips: Found[] = [];
  for (let at = 0; at < file.length; at += 61) {
    const bytes = Buffer.from(file);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at % 8)), at);
    flips.push(open(bytes, null));
  }
  return [
    summary(`power-loss: log cut at each of ${cuts.length} bytes of the last record`, cutsFound, 1),
    summary('power-loss: file cut at each of the last 4,095 bytes', tails, null),
    summary(`power-loss: one bit flipped, ${flips.length} places of the file`, flips, null),
  ];
}

type Found = { readonly sequences: readonly number[]; readonly wrong: number; readonly damaged: number };

function survivors(file: string): Found {
  if (!existsSync(file)) return { sequences: [], wrong: 0, damaged: 0 };
  const database = new OutboxDatabase(file, limits, Date.now);
  try {
    const records = database.read(0, RECORDS * 2);
    return {
      sequences: records.map(({ lastSequence }) => lastSequence),
      wrong: records.filter(({ payload, lastSequence }) => Buffer.from(payload).toString() !== textOf(lastSequence))
        .length,
      damaged: database.state().damaged,
    };
  } finally {
    database.close();
  }
}

/** `bound`: records that may be gone without a word, being the one under the cut; null = every lost one must be counted. */
function summary(scenario: string, found: readonly Found[], bound: number | null): Row {
  let worst = 0;
  let unsaid = 0;
  let wrong = 0;
  let duplicated = 0;
  for (const { sequences, wrong: bad, damaged } of found) {
    const lost = RECORDS - new Set(sequences).size;
    worst = Math.max(worst, lost);
    unsaid = Math.max(unsaid, lost - damaged - (bound ?? 0));
    wrong += bad;
    duplicated += sequences.length - new Set(sequences).size;
  }
  const faults = [
    unsaid > 0 ? `${unsaid} lost without being counted` : '',
    wrong > 0 ? `${wrong} wrong payloads` : '',
    duplicated > 0 ? 'duplicates' : '',
  ].filter((fault) => fault !== '');
  const verdict = faults.length > 0 ? faults.join('; ') : `ok: at most ${worst} of ${RECORDS} records, counted`;
  return { scenario, produced: RECORDS, stored: RECORDS - worst, lost: worst, duplicated, verdict };
}
