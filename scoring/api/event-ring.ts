/** One event as it goes over the wire. */
export type RingEvent = { readonly number: number; readonly frame: string };

/** The newest events, for readers that come back with Last-Event-ID. */
export type EventRing = {
  readonly push: (event: string, data: unknown) => RingEvent;
  /** Id a reader is at after everything pushed so far. */
  readonly lastId: () => string;
  /** Events after the given id; null when it is of another run, or older than what is kept. */
  readonly after: (id: string) => readonly RingEvent[] | null;
};

/** @param run prefix of the ids: ids of an earlier run of the service must not be taken for ours */
export function createEventRing(options: {
  readonly run: string;
  readonly events: number;
  readonly bytes: number;
}): EventRing {
  const kept: RingEvent[] = [];
  let number = 0;
  let bytes = 0;
  const idOf = (of: number) => `${options.run}-${of}`;
  return {
    push(name, data) {
      number += 1;
      const event = { number, frame: `id: ${idOf(number)}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n` };
      kept.push(event);
      bytes += event.frame.length;
      while (kept.length > options.events || (bytes > options.bytes && kept.length > 1)) {
        bytes -= kept.shift()?.frame.length ?? 0;
      }
      return event;
    },
    lastId: () => idOf(number),
    after(id) {
      const [run, text] = [id.slice(0, id.lastIndexOf('-')), id.slice(id.lastIndexOf('-') + 1)];
      const seen = /^\d{1,15}$/.test(text) ? Number(text) : -1;
      const oldest = kept[0]?.number ?? number + 1;
      if (run !== options.run || seen > number || seen < oldest - 1) return null;
      return kept.filter((event) => event.number > seen);
    },
  };
}
