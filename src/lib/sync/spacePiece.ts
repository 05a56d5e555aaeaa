import * as v from 'valibot';
import type { Bytes } from '../core/bytes.ts';
import type { Result } from '../core/result.ts';
import type { Space, SpaceFile } from '../domain/space.ts';
import type { WireFault } from '../protocol/errors.ts';
import { bytes, entryId, natural, textUpTo } from '../protocol/fields.ts';
import { limits } from '../protocol/limits.ts';
import { cborFromValue, valueFromCbor } from '../protocol/wire.ts';

/** Pieces of workspaces as bytes, as they stand in sealed records. The names of members are those of `domain/space`. */

/** Bytes of one piece. */
export const PIECE = 512 * 1024;
/** Files in one piece at most, so that no record of changes takes long. */
const MOST_FILES = 500;

const stamp = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}-[A-Za-z0-9_-]{22}$/));
const path = textUpTo(1000);
const register = <T extends v.GenericSchema>(of: T) => v.strictObject({ v: of, t: stamp });
const versions = v.pipe(v.array(entryId), v.maxLength(5_000));
const version = v.strictObject({
  i: entryId,
  p: v.pipe(v.array(entryId), v.maxLength(64)),
  t: stamp,
  b: entryId,
  k: bytes(32),
  h: bytes(32),
  c: bytes(32),
  z: v.pipe(natural, v.maxValue(limits.blob)),
  y: textUpTo(127),
});
const file = v.strictObject({
  f: entryId,
  n: v.optional(register(path)),
  v: v.pipe(v.array(version), v.maxLength(5_000)),
  r: versions,
  d: v.optional(stamp),
});
const space = v.strictObject({
  n: v.optional(register(textUpTo(limits.name))),
  d: v.pipe(v.array(v.tuple([path, register(v.boolean())])), v.maxLength(20_000)),
  f: v.pipe(v.array(file), v.maxLength(20_000)),
});

const bytesFromSpace = ({ n, d, f }: Space): Bytes =>
  cborFromValue({ ...(n === undefined ? {} : { n }), d: Object.entries(d), f });

/** Refused: `malformed`, `wire-too-large`. */
export function spaceFromBytes(from: Uint8Array): Result<Space, WireFault> {
  const read = valueFromCbor(space, from, PIECE);
  if (!read.ok) return read;
  const { n, d, f } = read.value;
  const files = f.map(({ n: name, d: at, ...rest }): SpaceFile => ({
    ...rest,
    v: rest.v.map((one) => ({ ...one, k: own(one.k), h: own(one.h), c: own(one.c) })),
    ...(name === undefined ? {} : { n: name }),
    ...(at === undefined ? {} : { d: at }),
  }));
  return { ok: true, value: { ...(n === undefined ? {} : { n }), d: Object.fromEntries(d), f: files } };
}

const own = (from: Uint8Array): Bytes => new Uint8Array(from);

/** A workspace, or a piece of it, as pieces that each fit a record. */
export function piecesOf(whole: Space): Bytes[] {
  const pieces: Bytes[] = [];
  let rest: Space | undefined = whole;
  while (rest !== undefined) {
    let take = Math.min(rest.f.length, MOST_FILES);
    let next = bytesFromSpace({ ...rest, f: rest.f.slice(0, take) });
    for (; next.length > PIECE && take > 1; next = bytesFromSpace({ ...rest, f: rest.f.slice(0, take) }))
      take = Math.ceil(take / 2);
    pieces.push(next);
    rest = take < rest.f.length ? { d: {}, f: rest.f.slice(take) } : undefined;
  }
  return pieces;
}
