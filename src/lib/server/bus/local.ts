import type { Bus, Ring } from './port.ts';

/** The bus of a single process: everybody hears at once, nothing is lost. */
export function createLocalBus(): Bus {
  const listeners = new Set<(ring: Ring) => void>();
  return {
    ring: (ring) => {
      for (const hear of listeners) hear(ring);
    },
    subscribe: (hear) => {
      listeners.add(hear);
      return () => listeners.delete(hear);
    },
  };
}
