/** How often each thing happened, to show that a simulation really went through it. */
export interface Counters {
  count(what: string, times?: number): void;
  of(what: string): number;
  readonly all: ReadonlyMap<string, number>;
}

export function createCounters(): Counters {
  const all = new Map<string, number>();
  return {
    all,
    of: (what) => all.get(what) ?? 0,
    count(what, times = 1) {
      all.set(what, (all.get(what) ?? 0) + times);
    },
  };
}
