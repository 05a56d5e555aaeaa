import { concat, equal, type Bytes } from '../../src/lib/core/bytes.ts';

/** A stream of bytes that are the same for the same seed: chance for a fuzzer. */
export interface Chance {
  /** A whole number from 0 to below `end`. */
  below(end: number): number;
  bytes(length: number): Bytes;
}

/** xorshift32 (Marsaglia 2003): not secret, but quick. */
export function createChance(seed: number): Chance {
  let state = seed | 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  return {
    below: (end) => next() % Math.max(1, end),
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
  };
}

/** Numbers that lengths and counts go wrong with. */
const EDGES = [0, 1, 0x17, 0x18, 0x1b, 0x3f, 0x40, 0x7f, 0x80, 0x9f, 0xbf, 0xf6, 0xff];

/** Random bytes, or one of the valid inputs with something wrong: what a decoder is to be fed. */
export function mutant(chance: Chance, valid: readonly Uint8Array[]): Bytes {
  const pick = (): Bytes => Uint8Array.from(valid[chance.below(valid.length)] ?? []);
  const how = chance.below(16);
  if (how === 0) return chance.bytes(chance.below(200));
  let bytes = pick();
  // One change most of the time, now and then several.
  for (let left = how < 13 ? 1 : chance.below(6); left > 0; left--) bytes = change(chance, bytes, pick);
  return bytes;
}

function change(chance: Chance, bytes: Bytes, pick: () => Bytes): Bytes {
  const at = chance.below(bytes.length);
  const end = at + chance.below(Math.min(64, bytes.length - at) + 1);
  switch (chance.below(9)) {
    case 0:
    case 1:
      return replaced(bytes, at, (bytes[at] ?? 0) ^ (1 << chance.below(8)));
    case 2:
      return replaced(bytes, at, EDGES[chance.below(EDGES.length)] ?? 0);
    case 3:
      return bytes.slice(0, at);
    case 4:
      return concat(bytes, chance.bytes(1 + chance.below(8)));
    case 5:
      return concat(bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end));
    case 6:
      return concat(bytes.subarray(0, at), bytes.subarray(end));
    case 7: {
      const other = pick();
      return concat(bytes.subarray(0, at), other.subarray(chance.below(other.length)));
    }
    default:
      // Where a length may stand: four bytes that promise much.
      return concat(bytes.subarray(0, at), Uint8Array.of(0xff, 0xff, 0xff, 0xff), bytes.subarray(at + 4));
  }
}

function replaced(bytes: Bytes, at: number, value: number): Bytes {
  const copy = bytes.slice();
  if (at < copy.length) copy[at] = value;
  return copy;
}

/** How many inputs every decoder gets. */
export const INPUTS = 50_000;

/**
 * Feeds a decoder that many mutants, the same in every run.
 * @param decode answers the bytes that it would write for what it read, or `undefined` where it refused; whatever
 *   it throws fails the test.
 * @returns how many it took, and the first input that it read as something which has another encoding.
 */
export function fuzz(
  valid: readonly Uint8Array[],
  decode: (bytes: Bytes) => Uint8Array | undefined,
  inputs = INPUTS,
): { readonly taken: number; readonly other: Bytes | undefined } {
  const chance = createChance(inputs + valid.length);
  let taken = 0;
  let other: Bytes | undefined;
  for (let left = inputs; left > 0; left--) {
    const bytes = mutant(chance, valid);
    const again = decode(bytes);
    if (again === undefined) continue;
    taken++;
    if (!equal(again, bytes)) other ??= bytes;
  }
  return { taken, other };
}
