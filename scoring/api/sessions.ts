import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const IDLE_MS = 15 * 60_000;
const ABSOLUTE_MS = 12 * 3_600_000;
const SESSIONS_KEPT = 1000;

/** Sessions of the console, in memory only: a restart signs everybody out. */
export type Sessions = {
  /** Opens a session and returns its id (256 random bits). */
  readonly open: () => string;
  /** Whether the session stands; using it puts its idle end off. */
  readonly use: (id: string) => boolean;
  readonly end: (id: string) => void;
};

/** Sessions end after 15 minutes without use and after 12 hours in any case. */
export function createSessions(now: () => number): Sessions {
  const sessions = new Map<string, { readonly openedAt: number; usedAt: number }>();
  return {
    open() {
      const id = randomBytes(32).toString('base64url');
      sessions.set(id, { openedAt: now(), usedAt: now() });
      const oldest = sessions.keys().next();
      if (sessions.size > SESSIONS_KEPT && oldest.done === false) sessions.delete(oldest.value);
      return id;
    },
    use(id) {
      const session = sessions.get(id);
      if (session === undefined) return false;
      const at = now();
      if (at - session.usedAt >= IDLE_MS || at - session.openedAt >= ABSOLUTE_MS) {
        sessions.delete(id);
        return false;
      }
      session.usedAt = at;
      return true;
    },
    end: (id) => void sessions.delete(id),
  };
}

/** Compares secrets in constant time, whatever their lengths. */
export function sameSecret(given: string, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}
