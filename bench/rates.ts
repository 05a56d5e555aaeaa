/** One way of doing a task. `round` does it `count` times on fresh material and says how long that took. */
export interface Contestant {
  readonly name: string;
  /** @returns milliseconds spent on the task itself; what is prepared and checked around it is not counted. */
  readonly round: (count: number) => Promise<number>;
}

export interface Rate {
  readonly name: string;
  /** Median of the rounds. */
  readonly perSecond: number;
  readonly slowest: number;
  readonly fastest: number;
}

const WARM_UP = 4;

/**
 * Measures contestants in turns, so that whatever else the machine does meets all of them alike.
 * Rounds before number 0 warm up and don't count.
 */
export async function alternate(contestants: readonly Contestant[], count: number, rounds: number): Promise<Rate[]> {
  const rates = new Map(contestants.map(({ name }) => [name, [] as number[]]));
  for (let round = -WARM_UP; round < rounds; round++) {
    // The order turns too: nobody always comes after the one that leaves the most garbage.
    const order = round % 2 === 0 ? contestants : contestants.toReversed();
    for (const contestant of order) {
      const milliseconds = await contestant.round(count);
      if (round >= 0) rates.get(contestant.name)?.push((count / milliseconds) * 1000);
    }
  }
  return [...rates].map(([name, measured]) => {
    const sorted = measured.toSorted((a, b) => a - b);
    return {
      name,
      perSecond: sorted[Math.floor(sorted.length / 2)] ?? 0,
      slowest: sorted[0] ?? 0,
      fastest: sorted.at(-1) ?? 0,
    };
  });
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<void> | void): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
