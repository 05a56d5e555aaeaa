import type { Clock, Meter } from '../core/ports.ts';
import { settleStorage } from '../db/faults.ts';
import { recordMeasures, type Sample } from '../db/measures.ts';
import type { Store } from '../db/store.ts';

/** So much may be lost with a tab that is killed, and so rarely is the disk bothered. */
const FLUSH_MS = 10_000;
/** Of one thing between two writes; more would say nothing new. */
const MOST_SAMPLES = 20;

/** Collects counts and times in memory and writes them down every ten seconds, while the store is unlocked. */
export function createMeter(store: Store, clock: Clock): Meter & { dispose(): Promise<void> } {
  let counts = new Map<string, number>();
  let samples: Sample[] = [];
  let cancel: (() => void) | undefined;

  const flush = async () => {
    cancel?.();
    cancel = undefined;
    const [someSamples, someCounts] = [samples, counts];
    samples = [];
    counts = new Map();
    if (someSamples.length + someCounts.size === 0) return;
    // A figure that finds no room is not worth a word to anybody.
    await settleStorage(() => recordMeasures(store, someSamples, someCounts, clock.now()));
  };
  const later = () => {
    cancel ??= clock.after(FLUSH_MS, () => void flush());
  };

  return {
    count(metric, by = 1) {
      counts.set(metric, (counts.get(metric) ?? 0) + by);
      later();
    },
    took(name, ms, category) {
      if (samples.filter((sample) => sample.name === name).length >= MOST_SAMPLES) return;
      samples.push({ name, value: ms, unit: 'ms', at: clock.now(), ...(category !== undefined && { category }) });
      later();
    },
    dispose: flush,
  };
}
