import type { OPCUAClient } from 'node-opcua';
import type { ChannelGuard } from './channel-guard.ts';
import { isRefused } from './trust-store.ts';

export type SessionWatch = {
  readonly client: OPCUAClient;
  readonly guard: ChannelGuard;
  readonly pkiDir: string;
  /** SHA-256 of the server's certificate, null for a session without security. */
  readonly fingerprint: string | null;
  /** Called now and then so that the own certificate is renewed while a session lasts. */
  readonly renewOwn: () => Promise<unknown>;
  readonly everyMs?: number;
};

const EVERY_MS = 20_000;
/** The own certificate is looked at once an hour, not with each look at the trust folder. */
const LOOKS_PER_RENEWAL = 180;

/**
 * Ends a running session when a person rejects the server's certificate or the server breaks a promise while a channel is
 * renewed: the client disconnects, and the next try is judged anew. Ends when disposed.
 */
export function watchSession(watch: SessionWatch): Disposable {
  const { client, guard, pkiDir, fingerprint, renewOwn, everyMs = EVERY_MS } = watch;
  const end = (): void => void client.disconnect().catch(() => undefined);
  client.on('receive_response', () => {
    if (guard.violation !== null) end();
  });
  let looks = 0;
  const look = async (): Promise<void> => {
    looks += 1;
    if (fingerprint !== null && (await isRefused(pkiDir, fingerprint))) end();
    else if (looks % LOOKS_PER_RENEWAL === 0) await renewOwn();
  };
  // A trust folder that cannot be read now is looked at again; the next session reports it.
  const timer = setInterval(() => void look().catch(() => undefined), everyMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
