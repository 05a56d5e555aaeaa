import type { Random } from '../../src/lib/core/ports.ts';
import { createRandom } from '../world/seeded.ts';

/** Decisions of a simulation: the same for the same seed. */
export interface Dice {
  /** A whole number from 0 to below `end`. */
  below(end: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** Some of them, at least `least` where there are as many, in their order. */
  some<T>(from: readonly T[], least: number): T[];
  /** One of the names, with these weights. */
  weighed<N extends string>(weights: Readonly<Record<N, number>>): N;
}

export function createDice(seed: string): Dice {
  const random: Random = createRandom(seed);
  const unit = (): number => {
    const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4);
    return (a * 0x1000000 + b * 0x10000 + c * 0x100 + d) / 0x100000000;
  };
  const below = (end: number): number => Math.floor(unit() * end);
  return {
    below,
    chance: (probability) => unit() < probability,
    pick(from) {
      const picked = from[below(from.length)];
      if (picked === undefined) throw new Error('nothing to pick from');
      return picked;
    },
    some(from, least) {
      const most = from.length;
      const wanted = Math.min(most, least) + below(Math.max(1, most - least + 1));
      const left = [...from.keys()];
      const chosen = new Set<number>();
      while (chosen.size < Math.min(wanted, most)) chosen.add(left.splice(below(left.length), 1)[0] ?? 0);
      return from.filter((_, i) => chosen.has(i));
    },
    weighed(weights) {
      const entries = Object.entries<number>(weights) as [keyof typeof weights, number][];
      let at = unit() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [name, weight] of entries) {
        at -= weight;
        if (at < 0) return name;
      }
      return (entries.at(-1) as [keyof typeof weights, number])[0];
    },
  };
}
