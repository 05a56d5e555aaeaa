import type { Clock } from '../../core/ports.ts';
import { settle } from '../../core/result.ts';
import type { Store } from '../store/port.ts';
import type { Statistics } from '../store/statisticsTables.ts';
import type { Metrics, Minute } from './metrics.ts';

/** What the relay holds and does, in numbers: nobody's id is among them. */
export interface Overview {
  readonly stored: Statistics;
  /** As it is at this moment: who is connected, what waits. */
  readonly gauges: Readonly<Record<string, number>>;
  /** The last hour, by the minute, oldest first. */
  readonly minutes: readonly Minute[];
  /** The last day, oldest first; less where the relay has not been running for as long. */
  readonly samples: readonly Sample[];
}

/** What there was at one moment. */
export interface Sample extends Statistics {
  /** Milliseconds. */
  readonly at: number;
  readonly devices_listening: number;
}

export interface Watch {
  /** Rejects where the store fails. */
  overview(): Promise<Overview>;
  stop(): void;
}

const SAMPLE_MS = 10 * 60_000;
const MOST_SAMPLES = 144;

/** Looks at what the relay holds every ten minutes, and keeps a day of it in memory. */
export function watchRelay(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  metrics: Metrics,
  gauges: () => Readonly<Record<string, number>>,
): Watch {
  const samples: Sample[] = [];
  let stopped = false;
  let cancel = clock.after(0, () => void next());

  return {
    overview: async () => ({
      stored: await countAll(store),
      gauges: gauges(),
      minutes: metrics.minutes(),
      samples: [...samples],
    }),
    stop: () => {
      stopped = true;
      cancel();
    },
  };

  async function next(): Promise<void> {
    const counted = await settle(countAll(store));
    if (stopped) return;
    if (counted.ok)
      samples.push({ at: clock.now(), devices_listening: gauges()['devices_listening'] ?? 0, ...counted.value });
    samples.splice(0, samples.length - MOST_SAMPLES);
    cancel = clock.after(SAMPLE_MS, () => void next());
  }
}

export const countAll = (store: Store): Promise<Statistics> => store.read(({ statistics }) => statistics.countAll());
