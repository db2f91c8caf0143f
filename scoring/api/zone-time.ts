import { DateTime } from 'luxon';

const SLOT_MS = 900_000;
const SLOTS_KEPT = 50_000;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Instants of one time zone, as text and from text. */
export type ZoneTime = {
  readonly zone: string;
  /** ISO 8601 with the zone's offset at that instant. */
  readonly toIso: (at: number) => string;
  /** Epoch ms of an ISO instant with offset, or of the start of a date in the zone; null when it is neither. */
  readonly parse: (text: string) => number | null;
  /** The instant whole local days earlier. */
  readonly daysBefore: (at: number, days: number) => number;
};

/** Offsets are looked up once per quarter of an hour: no zone changes its clock within one. */
export function createZoneTime(zone: string): ZoneTime {
  const offsets = new Map<number, { readonly ms: number; readonly text: string }>();
  const offsetAt = (at: number) => {
    const slot = Math.floor(at / SLOT_MS);
    const known = offsets.get(slot);
    if (known !== undefined) return known;
    const moment = DateTime.fromMillis(slot * SLOT_MS, { zone });
    const offset = { ms: moment.offset * 60_000, text: moment.toFormat('ZZ') };
    if (offsets.size >= SLOTS_KEPT) offsets.clear();
    offsets.set(slot, offset);
    return offset;
  };
  return {
    zone,
    toIso: (at) => {
      const offset = offsetAt(at);
      const local = new Date(at + offset.ms).toISOString();
      return (local.endsWith('.000Z') ? local.slice(0, -5) : local.slice(0, -1)) + offset.text;
    },
    parse: (text) => {
      // A "+" that was not encoded arrives as a space.
      const iso = text.replace(/ (\d{2}:?\d{2})$/, '+$1');
      if (!INSTANT.test(iso) && !DATE.test(iso)) return null;
      const moment = DateTime.fromISO(iso, { zone });
      return moment.isValid ? moment.toMillis() : null;
    },
    daysBefore: (at, days) => DateTime.fromMillis(at, { zone }).minus({ days }).toMillis(),
  };
}
