import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sortKeyOf } from '../../src/lib/core/clock.ts';
import type { DeviceId } from '../../src/lib/core/ids.ts';
import {
  currentOf,
  deviceOf,
  emptyFile,
  headsOf,
  isConflicted,
  isGone,
  joinFile,
  joinFolders,
  type SpaceFile,
  type SpaceVersion,
} from '../../src/lib/domain/space.ts';
import { cleanPath, foldersAbove, isWithin, withMark } from '../../src/lib/domain/spacePaths.ts';

const at = (ms: number, device = 'd0') => sortKeyOf({ ms, count: 0 }, device as DeviceId);
const hash = (n: number) => new Uint8Array(32).fill(n);

const version = (i: string, ms: number, p: readonly string[] = [], content = ms, device = 'd0'): SpaceVersion => ({
  i,
  p,
  t: at(ms, device),
  b: `b${content}`,
  k: hash(1),
  h: hash(2),
  c: hash(content),
  z: content,
  y: 'text/plain',
});
const file = (...v: SpaceVersion[]): SpaceFile => ({ ...emptyFile('f'), n: { v: 'a.txt', t: at(1) }, v });

const piece: fc.Arbitrary<SpaceFile> = fc
  .record({
    path: fc.option(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(6), fc.nat(1)), { nil: undefined }),
    versions: fc.array(fc.tuple(fc.nat(5), fc.nat(6), fc.subarray(['v0', 'v1', 'v2', 'v3']), fc.nat(2), fc.nat(1)), {
      maxLength: 3,
    }),
    removed: fc.subarray(['v0', 'v1', 'v2']),
    removedAt: fc.option(fc.nat(6), { nil: undefined }),
  })
  .map(({ path, versions, removed, removedAt }) =>
    // As it is stored: a piece is itself joined from nothing.
    joinFile(emptyFile('f'), {
      f: 'f',
      ...(path === undefined ? {} : { n: { v: path[0], t: at(path[1], `d${path[2]}`) } }),
      v: versions.map(([i, ms, p, content, device]) => version(`v${i}`, ms, p, content, `d${device}`)),
      r: removed,
      ...(removedAt === undefined ? {} : { d: at(removedAt) }),
    }),
  );
const folders = fc.dictionary(
  fc.constantFrom('x', 'x/y', '__proto__', 'constructor'),
  fc.tuple(fc.boolean(), fc.nat(3), fc.nat(1)).map(([v, ms, device]) => ({ v, t: at(ms, `d${device}`) })),
);

describe('pieces of a workspace', () => {
  it('give the same in any order, any grouping and any number of times', () => {
    fc.assert(
      fc.property(piece, piece, piece, (a, b, c) => {
        expect(joinFile(a, b)).toEqual(joinFile(b, a));
        expect(joinFile(joinFile(a, b), c)).toEqual(joinFile(a, joinFile(b, c)));
        expect(joinFile(a, a)).toEqual(a);
        expect(joinFile(joinFile(a, b), a)).toEqual(joinFile(a, b));
      }),
      { numRuns: 1_000 },
    );
    fc.assert(
      fc.property(folders, folders, folders, (a, b, c) => {
        expect(joinFolders(a, b)).toEqual(joinFolders(b, a));
        expect(joinFolders(joinFolders(a, b), c)).toEqual(joinFolders(a, joinFolders(b, c)));
        expect(joinFolders(a, a)).toEqual(a);
      }),
    );
  });

  it('lose no version, and always show one', () => {
    fc.assert(
      fc.property(piece, piece, (a, b) => {
        const both = joinFile(a, b);
        const ids = new Set(both.v.map(({ i }) => i));
        for (const { i } of [...a.v, ...b.v]) expect(ids.has(i)).toBe(true);
        expect(currentOf(both) === undefined).toBe(both.v.length === 0);
      }),
    );
  });
});

describe('a file', () => {
  const first = version('v0', 1);
  const mine = version('v1', 5, ['v0'], 5, 'mine');
  const theirs = version('v2', 4, ['v0'], 4, 'theirs');

  it('has one current version while changes follow each other', () => {
    expect(headsOf(file(first, mine)).map(({ i }) => i)).toEqual(['v1']);
    expect(isConflicted(file(first, mine))).toBe(false);
  });

  it('stands in both versions where two changed it apart, until somebody chooses', () => {
    const both = file(first, mine, theirs);
    expect(headsOf(both).map(({ i }) => i)).toEqual(['v1', 'v2']);
    expect(isConflicted(both)).toBe(true);
    const chosen = joinFile(both, file(version('v3', 6, ['v1', 'v2'], 4)));
    expect(isConflicted(chosen)).toBe(false);
    expect(currentOf(chosen)?.i).toBe('v3');
  });

  it('is in no conflict where two changed it to the same', () => {
    expect(isConflicted(file(first, mine, version('v2', 4, ['v0'], 5)))).toBe(false);
  });

  it('goes when it is deleted, and comes back where somebody changed it without knowing', () => {
    const deleted = joinFile(file(first), { ...emptyFile('f'), r: ['v0'] });
    expect(isGone(deleted)).toBe(true);
    expect(isGone(joinFile(deleted, file(theirs)))).toBe(false);
    expect(isConflicted(joinFile(file(first, mine, theirs), { ...emptyFile('f'), r: ['v1', 'v2'] }))).toBe(false);
  });

  it('says which device a version is from', () => expect(deviceOf(mine.t)).toBe('mine'));

  it('shows something also where somebody made versions that go in a circle', () => {
    expect(currentOf(file(version('v1', 1, ['v2']), version('v2', 2, ['v1'])))?.i).toBe('v2');
  });
});

describe('a path', () => {
  it.each([
    [' a / b.txt ', 'a/b.txt'],
    ['/a//./b', 'a/b'],
    ['cafe\u0301', 'caf\u00e9'],
    ['../a', undefined],
    ['a/..', undefined],
    ['a\\b', undefined],
    ['a\u202etxt.exe', undefined],
    ['a\u0000', undefined],
    ['', undefined],
    ['x'.repeat(256), undefined],
    [Array(200).fill('abcde').join('/'), undefined],
  ])('%j is written as %j', (given, path) => expect(cleanPath(given)).toBe(path));

  it('is clean once it was cleaned', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const clean = cleanPath(text);
        if (clean !== undefined) expect(cleanPath(clean)).toBe(clean);
      }),
    );
  });

  it('gets its mark before the ending', () => {
    expect(withMark('a/b.txt', 'x')).toBe('a/b (x).txt');
    expect(withMark('a.b/read', 'x')).toBe('a.b/read (x)');
    expect(withMark('.env', 'x')).toBe('.env (x)');
  });

  it('brings the folders above it', () => {
    expect(foldersAbove(['a/b/c.txt', 'd.txt'], ['e/f'])).toEqual(['a', 'a/b', 'e', 'e/f']);
    expect(isWithin('a/b', 'a')).toBe(true);
    expect(isWithin('ab', 'a')).toBe(false);
  });
});
