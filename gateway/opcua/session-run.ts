import { MessageSecurityMode } from 'node-opcua';
import { JoulegateError } from '../../broker/contract/error.ts';
import { openSession } from './open-session.ts';
import type { WorkerMessage, WorkerStart } from './protocol.ts';
import { TagSession } from './tag-session.ts';

type Say = (message: WorkerMessage) => void;

/**
 * One life of a connection: endpoints, certificate, session, namespaces, subscriptions; then values until something ends
 * it. Resolves when the connection is lost or `signal` aborts; whoever calls decides about the next try.
 * @throws JoulegateError ENDPOINT_UNREACHABLE, ENDPOINT_REFUSED or CERTIFICATE_UNTRUSTED when it does not come about.
 */
export async function runSession(start: WorkerStart, say: Say, signal: AbortSignal): Promise<void> {
  const { server } = start;
  await using cleanup = new AsyncDisposableStack();
  const opened = cleanup.use(await openSession(start, (event) => say({ kind: 'event', event })));
  const { client, session, security } = opened;
  const ended = new Promise<string>((resolve) => {
    client.on('connection_lost', () => resolve('connection lost'));
    client.on('close', () => resolve('connection closed'));
    signal.addEventListener('abort', () => resolve('stopped'), { once: true });
    if (signal.aborted) resolve('stopped');
  });
  const run = new TagSession(start, session, say);
  cleanup.defer(() => run.stop());
  await run.begin();
  say({ kind: 'clear', code: 'ENDPOINT_UNREACHABLE', where: server.endpoint });
  say({ kind: 'clear', code: 'ENDPOINT_REFUSED', where: server.endpoint });
  say({ kind: 'clear', code: 'CERTIFICATE_UNTRUSTED', where: server.endpoint });
  say({
    kind: 'event',
    event: {
      kind: 'endpoint-connected',
      severity: 'info',
      message: `session open, ${MessageSecurityMode[security.securityMode]} ${security.securityPolicy.split('#')[1] ?? ''}`,
      subject: server.endpoint,
    },
  });
  const reason = await Promise.race([ended, run.silent]);
  say({ kind: 'disconnected' });
  if (!signal.aborted) {
    say({
      kind: 'event',
      event: { kind: 'endpoint-lost', severity: 'medium', message: reason, subject: server.endpoint },
    });
    throw new JoulegateError('ENDPOINT_UNREACHABLE', `endpoint ${server.endpoint}: ${reason}`);
  }
}
