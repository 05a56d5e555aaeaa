import type { Bus, Hear, HearDismissal, HearSignal } from './port.ts';

/** The bus of a single process: everybody hears at once, nothing is lost. */
export function createLocalBus(): Bus {
  const listeners = new Set<Hear>();
  const doormen = new Set<HearDismissal>();
  const ears = new Set<HearSignal>();
  return {
    mayLose: false,
    ring: (ring, fresh) => {
      for (const hear of listeners) hear(ring, fresh);
    },
    subscribe: (hear) => {
      listeners.add(hear);
      return () => listeners.delete(hear);
    },
    dismiss: (devices) => {
      for (const hear of doormen) hear(devices);
    },
    onDismissal: (hear) => {
      doormen.add(hear);
      return () => doormen.delete(hear);
    },
    signal: (signal) => {
      for (const hear of ears) hear(signal);
    },
    onSignal: (hear) => {
      ears.add(hear);
      return () => ears.delete(hear);
    },
  };
}
