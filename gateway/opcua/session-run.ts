import { MessageSecurityMode, type OPCUAClient } from 'node-opcua';
import { describeError, JoulegateError } from '../../broker/contract/error.ts';
import { openSession } from './open-session.ts';
import type { WorkerCommand, WorkerMessage, WorkerStart } from './protocol.ts';
import { TagSession, type WorkerParts } from './tag-session.ts';
import { TagUpdates } from './tag-updates.ts';

type Say = (message: WorkerMessage) => void;

/** How the library repairs a broken connection: session, subscriptions and what they have queued survive a short cut. */
const repairStrategy = { initialDelay: 300, maxDelay: 4000, maxRetry: -1, randomisationFactor: 0.4 };
/** A repair that takes longer is given up for a new client, or, where there is one, for a redundant server. */
const REPAIR_MS = 60_000;
const REPAIR_REDUNDANT_MS = 3000;
/** After a repair of the connection the session must be in order again within this. */
const RESUME_MS = 15_000;

/**
 * One life of a connection: endpoints, certificate, session, namespaces, subscriptions; then values until something ends
 * it. Short cuts are repaired within it. Resolves when `signal` aborts; whoever calls decides about the next try.
 * @throws JoulegateError ENDPOINT_UNREACHABLE, ENDPOINT_REFUSED or CERTIFICATE_UNTRUSTED when it does not come about or is lost.
 */
export async function runSession(
  start: WorkerStart,
  parts: WorkerParts,
  say: Say,
  signal: AbortSignal,
  onCommand: (listener: (command: WorkerCommand) => void) => void,
): Promise<void> {
  const { server } = start;
  await using cleanup = new AsyncDisposableStack();
  const opened = cleanup.use(await openSession(start, (event) => say({ kind: 'event', event })));
  const { client, session, security } = opened;
  say({ kind: 'own-certificate', validTo: opened.ownValidTo });
  const run = new TagSession(start, session, say, parts, () => breakConnection(client));
  cleanup.defer(() => run.stop());
  const begun = Promise.withResolvers<void>();
  const updates = new TagUpdates(run, begun.promise, () => sayReading(run, say));
  onCommand((command) => {
    if (command.kind === 'durable') run.durable(command.number);
    else if (command.kind === 'tags') updates.add(command.tags);
  });
  (client as OPCUAClient & { connectionStrategy: object }).connectionStrategy = repairStrategy;
  const repairMs = (server.redundant ?? []).length > 0 ? REPAIR_REDUNDANT_MS : REPAIR_MS;
  const ended = endOf(client, run, say, signal, server.endpoint, repairMs);
  await Promise.race([run.begin(), ended]);
  begun.resolve();
  for (const code of ['ENDPOINT_UNREACHABLE', 'ENDPOINT_REFUSED', 'CERTIFICATE_UNTRUSTED'])
    say({ kind: 'clear', code, where: server.endpoint });
  sayRunning(run, say);
  say({
    kind: 'event',
    event: {
      kind: 'endpoint-connected',
      severity: 'info',
      message: `session open, ${MessageSecurityMode[security.securityMode]} ${security.securityPolicy.split('#')[1] ?? ''}`,
      subject: server.endpoint,
    },
  });
  const reason = await Promise.race([ended, run.failed]);
  if (signal.aborted) return;
  say({ kind: 'state', state: 'unreachable', reason });
  say({
    kind: 'event',
    event: { kind: 'endpoint-lost', severity: 'medium', message: reason, subject: server.endpoint },
  });
  throw new JoulegateError('ENDPOINT_UNREACHABLE', `endpoint ${server.endpoint}: ${reason}`);
}

function sayRunning(run: TagSession, say: Say): void {
  const { items, polled } = run.reading;
  sayReading(run, say);
  if (polled === 0) return say({ kind: 'state', state: 'running', reason: '' });
  const reason =
    items === 0
      ? 'read in rounds, without subscriptions'
      : `${polled} of ${items + polled} tags are read in rounds: the server has no room for more monitored items`;
  say({ kind: 'state', state: 'polling', reason });
}

function sayReading(run: TagSession, say: Say): void {
  say({ kind: 'reading', ...run.reading });
}

/** Resolves with the reason when the connection is beyond repair or has to stop. */
function endOf(
  client: OPCUAClient,
  run: TagSession,
  say: Say,
  signal: AbortSignal,
  endpoint: string,
  repairMs: number,
): Promise<string> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const giveUpAfter = (ms: number, reason: string): void => {
      clearTimeout(timer);
      timer = setTimeout(() => resolve(reason), ms);
      timer.unref();
    };
    client.on('connection_lost', () => {
      run.suspend();
      say({ kind: 'state', state: 'reconnecting', reason: 'connection lost' });
      say({
        kind: 'event',
        event: {
          kind: 'endpoint-lost',
          severity: 'low',
          message: 'connection lost; it is being repaired',
          subject: endpoint,
        },
      });
      giveUpAfter(repairMs, 'connection lost and not repaired');
    });
    client.on('after_reconnection', () => giveUpAfter(RESUME_MS, 'session not restored after the connection was'));
    // Only now has the library activated the session on the new channel.
    client.on('connection_reestablished', () => {
      void resume(run, say).then((failure) => {
        if (failure === null) clearTimeout(timer);
        else resolve(failure);
      });
    });
    client.on('close', () => resolve('connection closed'));
    signal.addEventListener('abort', () => resolve('stopped'), { once: true });
    if (signal.aborted) resolve('stopped');
  });
}

/** @returns why the session is not in order again, or null when it is. */
async function resume(run: TagSession, say: Say): Promise<string | null> {
  try {
    await run.resume();
    sayRunning(run, say);
    return null;
  } catch (error) {
    return `session not restored: ${describeError(error)}`;
  }
}

/**
 * Breaks a connection that is open but dead, so that the library makes another and goes on with the same session: what the
 * server has queued meanwhile is not lost, and it has no second session to carry.
 */
function breakConnection(client: OPCUAClient): void {
  const { _secureChannel: channel } = client as OPCUAClient & {
    _secureChannel: { forceConnectionBreak(): void } | null;
  };
  channel?.forceConnectionBreak();
}
