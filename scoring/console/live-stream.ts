import type { AlertView, EpisodeView, EquipmentEvent, HealthAnswer } from './answers.ts';

/** What the live events call. */
export type LiveListener = {
  readonly onOpen: () => void;
  /** The stream is broken; it is tried again. */
  readonly onLost: () => void;
  readonly onEquipment: (event: EquipmentEvent) => void;
  readonly onAnomaly: (episode: EpisodeView) => void;
  readonly onAlert: (alert: AlertView) => void;
  readonly onHealth: (health: HealthAnswer) => void;
};

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 30_000;

/**
 * Listens to /api/v1/events until the returned function is called. The browser reconnects a broken stream by itself;
 * a refused one (sign-in, too many readers) it gives up, and that is tried again here, ever more slowly.
 */
export function listenToEvents(listener: LiveListener): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let delayMs = FIRST_DELAY_MS;

  const connect = () => {
    const opened = new EventSource('/api/v1/events');
    source = opened;
    opened.addEventListener('open', () => {
      delayMs = FIRST_DELAY_MS;
      listener.onOpen();
    });
    opened.addEventListener('error', () => {
      listener.onLost();
      if (opened.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(connect, delayMs * (0.75 + Math.random() / 2));
      delayMs = Math.min(LONGEST_DELAY_MS, delayMs * 2);
    });
    const take = (name: string, handle: (payload: never) => void) => {
      opened.addEventListener(name, (event) => {
        const payload = parse(event.data);
        if (payload !== null) handle(payload as never);
      });
    };
    take('equipment', listener.onEquipment);
    take('anomaly', listener.onAnomaly);
    take('alert', listener.onAlert);
    take('health', listener.onHealth);
  };

  connect();
  return () => {
    clearTimeout(timer);
    source?.close();
    source = null;
  };
}

function parse(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
