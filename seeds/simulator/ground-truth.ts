import { appendFile, readFile, writeFile } from 'node:fs/promises';
import type { Logger } from '../../broker/contract/deps.ts';
import { describeError } from '../../broker/contract/error.ts';
import { faultTags } from './demo-plant.ts';
import { faultClass, faultText, type Fault } from './model/fault.ts';

/** Writes each fault when it begins and when it ends, so that a detector can be judged. */
export interface GroundTruth extends AsyncDisposable {
  /** The plant has reached `at`, epoch ms. */
  advance(at: number): void;
}

type Note = 'begin' | 'end';

/**
 * Opens a file of JSON lines `{event, at, class, description, tags, id, kind, path, from, to, severity}`; null writes
 * nothing. What an earlier run noted in the same file is not noted again. A file that cannot be written is logged and
 * never stops the plant.
 */
export async function openGroundTruth(
  faults: readonly Fault[],
  file: string | null,
  log: Logger,
): Promise<GroundTruth> {
  if (file === null) return { advance: () => undefined, [Symbol.asyncDispose]: () => Promise.resolve() };
  const noted = await notedBefore(file, log);
  let writing: Promise<void> = Promise.resolve();
  const note = (event: Note, fault: Fault): void => {
    const key = `${event} ${fault.id}`;
    if (noted.has(key)) return;
    noted.add(key);
    const line = JSON.stringify({
      event,
      at: new Date(event === 'begin' ? fault.from : fault.to).toISOString(),
      class: faultClass(fault.kind),
      description: faultText[fault.kind],
      tags: faultTags(fault),
      ...fault,
    });
    writing = writing
      .then(() => appendFile(file, `${line}\n`))
      .catch((error: unknown) => log.warn({ file, err: describeError(error) }, 'ground truth cannot be written'));
  };
  return {
    advance: (at) => {
      for (const fault of faults) {
        if (at >= fault.from) note('begin', fault);
        if (at >= fault.to) note('end', fault);
      }
    },
    [Symbol.asyncDispose]: () => writing,
  };
}

async function notedBefore(file: string, log: Logger): Promise<Set<string>> {
  const noted = new Set<string>();
  try {
    await writeFile(file, '', { flag: 'a', mode: 0o600 });
    for (const line of (await readFile(file, 'utf8')).split('\n')) {
      const match = /"event":"(begin|end)".*"id":"([^"]*)"/.exec(line);
      if (match !== null) noted.add(`${match[1] ?? ''} ${match[2] ?? ''}`);
    }
  } catch (error) {
    log.warn({ file, err: describeError(error) }, 'ground truth cannot be written');
  }
  return noted;
}
