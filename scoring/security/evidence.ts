import type { SystemEvent } from '../../broker/contract/event.ts';
import { ATTACK_VERSION } from './rules.ts';

/** The event a signal was read from, as far as it is worth keeping. */
export type SeenEvent = Pick<
  SystemEvent,
  'id' | 'kind' | 'at' | 'service' | 'source' | 'principal' | 'address' | 'subject' | 'message' | 'detail'
>;

/** A value of a tag at the moment of an alert. */
export type EvidenceValue = {
  readonly tag: string;
  readonly unit: string | null;
  readonly value: number | string | boolean | null;
  /** Epoch ms; null before the first value. */
  readonly at: number | null;
  /** OPC UA status code; 0 = Good. */
  readonly statusCode: number;
};

/** Means of the machine's sensors, one row a minute, oldest first. */
export type EvidenceSeries = {
  readonly sensors: readonly string[];
  /** Epoch ms and one number for each sensor; null where there was none. */
  readonly rows: readonly { readonly at: number; readonly values: readonly (number | null)[] }[];
};

/** A message that was refused or could not be read. */
export type EvidenceMessage = {
  readonly topic: string;
  /** Bytes of the whole payload; null when the reporter does not tell it, as the hash and the head. */
  readonly bytes: number | null;
  readonly sha256: string | null;
  /** First 256 bytes, base64. */
  readonly head: string | null;
};

/** What was so when a signal came. */
export type EvidenceMoment = {
  /** Epoch ms, when it happened by the clock of who saw it. */
  readonly at: number;
  readonly event: SeenEvent | null;
  readonly message: EvidenceMessage | null;
  /** SHA-256 fingerprints of certificates that played a part, lower case hex. */
  readonly certificates: readonly string[];
  readonly values: readonly EvidenceValue[];
  readonly series: EvidenceSeries | null;
  readonly clock: ClockState;
};

/** What the clocks said: how far an alert's times can be believed. */
export type ClockState = {
  /** Clock of this machine when the signal came in, epoch ms. */
  readonly receivedAt: number;
  /** Clock of this machine less that of the reporter, ms, with the way of the message in it. */
  readonly offsetMs: number;
  /** Clocks of OPC UA servers less that of their gateway, as the gateways say. */
  readonly servers: readonly { readonly gateway: string; readonly server: string; readonly skewMs: number | null }[];
};

/** Everything kept with an alert, so that it can be judged when the plant has moved on. */
export type AlertEvidence = {
  readonly rule: { readonly id: string; readonly version: string };
  readonly attackVersion: string;
  /** SHA-256 of the configuration in force, without its secrets. */
  readonly configHash: string;
  /** The first moment, and the newest ones of a recurrence. */
  readonly moments: readonly EvidenceMoment[];
};

/** Moments kept for one alert: the first, and the newest of the others. */
export const MOST_MOMENTS = 4;
const HEAD_LENGTH = 344;
const FINGERPRINT = /\b[0-9a-f]{64}\b/gi;
const MOST_CERTIFICATES = 8;

/** The moment of a signal; `around` is what only the running plant knows. */
export function momentOf(
  at: number,
  seen: SeenEvent | null,
  around: Pick<EvidenceMoment, 'values' | 'series' | 'clock'>,
): EvidenceMoment {
  return { at, event: seen, message: messageOf(seen), certificates: certificatesOf(seen), ...around };
}

/** Adds a moment to what is kept of an alert. */
export function withMoment(
  before: AlertEvidence | null,
  moment: EvidenceMoment,
  of: { readonly rule: string; readonly ruleVersion: string; readonly configHash: string },
): AlertEvidence {
  const [first, ...later] = before?.moments ?? [];
  return {
    rule: before?.rule ?? { id: of.rule, version: of.ruleVersion },
    attackVersion: before?.attackVersion ?? ATTACK_VERSION,
    configHash: before?.configHash ?? of.configHash,
    moments: first === undefined ? [moment] : [first, ...[...later, moment].slice(1 - MOST_MOMENTS)],
  };
}

function messageOf(seen: SeenEvent | null): EvidenceMessage | null {
  const { payloadBytes: bytes, payloadSha256: sha256, payloadHead: head } = seen?.detail ?? {};
  const told = typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256);
  if (seen?.subject === undefined || (!told && seen.kind !== 'topic-denied')) return null;
  return {
    topic: seen.subject,
    bytes: typeof bytes === 'number' ? bytes : null,
    sha256: told ? sha256 : null,
    head: typeof head === 'string' ? head.slice(0, HEAD_LENGTH) : null,
  };
}

/** Reporters name fingerprints in the message and in details whose name begins with `certificate`. */
function certificatesOf(seen: SeenEvent | null): string[] {
  if (seen === null) return [];
  const details = Object.entries(seen.detail ?? {})
    .filter(([name]) => name.startsWith('certificate'))
    .map(([, value]) => String(value));
  const isAboutCertificates = /certificate/.test(seen.kind);
  const texts = isAboutCertificates ? [...details, seen.message, seen.subject ?? ''] : details;
  const found = texts.flatMap((text) => [...text.matchAll(FINGERPRINT)].map(([print]) => print.toLowerCase()));
  return [...new Set(found)].slice(0, MOST_CERTIFICATES);
}
