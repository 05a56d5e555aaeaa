import type { Clock } from '../core/ports.ts';
import type { Unwatch } from '../services/client.ts';

export interface Live<T> {
  /** `undefined` until the first answer. */
  readonly value: T | undefined;
}

/**
 * The newest answer of a `watch…` call, for as long as the component lives.
 * @param source reads reactive values and gives the watch to run; it runs again when one of them changes,
 * and the old answer stays until the new one is there.
 */
export function live<T>(source: () => (show: (value: T) => void) => Unwatch): Live<T> {
  let value = $state.raw<T>();
  $effect(() => {
    let ended = false;
    const unwatch = source()((next) => {
      if (!ended) value = next;
    });
    return () => {
      ended = true;
      void unwatch.then((stop) => stop());
    };
  });
  return {
    get value() {
      return value;
    },
  };
}

/** The time, renewed every `everyMs`, for words such as "Yesterday" and for a countdown. */
export function ticking(clock: Clock, everyMs: number): { readonly now: number } {
  let now = $state(clock.now());
  $effect(() => {
    let cancel: () => void;
    const turn = () => {
      now = clock.now();
      cancel = clock.after(everyMs, turn);
    };
    cancel = clock.after(everyMs, turn);
    return () => cancel();
  });
  return {
    get now() {
      return now;
    },
  };
}
