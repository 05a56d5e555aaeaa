/**
 * What a workspace is, as a value that any number of devices can change apart and put together again. Every
 * change is a small piece of that value, and putting pieces together is a join: in any order, any grouping and
 * any number of times it gives the same (delta-state CRDTs: Almeida, Shoker, Baquero, JPDC 111, 2018).
 */

/** The value that was set last. `t` is the sort key of the change: hybrid logical clock and device. */
export interface Register<T> {
  readonly v: T;
  readonly t: string;
}

/** One version of a file's bytes: where they lie and what opens them. */
export interface SpaceVersion {
  readonly i: string;
  /** The versions that it takes the place of. */
  readonly p: readonly string[];
  readonly t: string;
  /** Blob at the relay and transfer on this device. */
  readonly b: string;
  /** Key of its chunks. */
  readonly k: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the chunks as sealed. */
  readonly h: Uint8Array<ArrayBuffer>;
  /** Hash of the file itself: equal exactly where nothing changed. */
  readonly c: Uint8Array<ArrayBuffer>;
  /** Bytes. */
  readonly z: number;
  /** MIME type. */
  readonly y: string;
}

/** A file, or a piece of what is known of it. */
export interface SpaceFile {
  readonly f: string;
  /** Its path. */
  readonly n?: Register<string>;
  readonly v: readonly SpaceVersion[];
  /** Versions that somebody deleted. */
  readonly r: readonly string[];
  /** When it was deleted last. */
  readonly d?: string;
}

/** A workspace, or a piece of it. */
export interface Space {
  readonly n?: Register<string>;
  /** Folders that are there also while they are empty. */
  readonly d: Readonly<Record<string, Register<boolean>>>;
  readonly f: readonly SpaceFile[];
}

export const emptyFile = (f: string): SpaceFile => ({ f, v: [], r: [] });

/** The later one; of two at once, the greater, so that everybody takes the same. */
export function later<T extends string | boolean>(
  a: Register<T> | undefined,
  b: Register<T> | undefined,
): Register<T> | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.t > b.t || (a.t === b.t && a.v >= b.v) ? a : b;
}

/** Two pieces of one file put together. */
export function joinFile(a: SpaceFile, b: SpaceFile): SpaceFile {
  const n = later(a.n, b.n);
  const d = (a.d ?? '') > (b.d ?? '') ? a.d : b.d;
  return {
    f: a.f,
    ...(n === undefined ? {} : { n }),
    v: joinVersions(a.v, b.v),
    r: [...new Set([...a.r, ...b.r])].sort(),
    ...(d === undefined ? {} : { d }),
  };
}

/** Folders put together. */
export function joinFolders(a: Space['d'], b: Space['d']): Space['d'] {
  const joined = new Map(Object.entries(a));
  for (const [path, register] of Object.entries(b)) {
    const now = later(joined.get(path), register);
    if (now !== undefined) joined.set(path, now);
  }
  return Object.fromEntries(joined);
}

function joinVersions(a: readonly SpaceVersion[], b: readonly SpaceVersion[]): SpaceVersion[] {
  const versions = new Map(a.map((version) => [version.i, version]));
  for (const version of b) {
    const known = versions.get(version.i);
    // Nobody honest gives two versions one id; whoever does gets the same one chosen everywhere.
    if (known === undefined || spell(version) > spell(known)) versions.set(version.i, version);
  }
  return [...versions.values()].sort(byTime);
}

const byTime = (a: SpaceVersion, b: SpaceVersion): number => (a.t < b.t || (a.t === b.t && a.i < b.i) ? -1 : 1);

const spell = ({ t, b, p, y, z, k, h, c }: SpaceVersion): string =>
  [t, b, p.join(), y, z, k.join(), h.join(), c.join()].join('|');

/**
 * Versions that no other one takes the place of, the latest first: one, or several where people changed the file
 * without knowing of each other.
 */
export function headsOf({ v }: Pick<SpaceFile, 'v'>): readonly SpaceVersion[] {
  const replaced = new Set(v.flatMap(({ p }) => p));
  const heads = v.filter(({ i }) => !replaced.has(i));
  return (heads.length > 0 ? heads : v).toSorted((a, b) => byTime(b, a));
}

/** The version that is shown. */
export const currentOf = (file: Pick<SpaceFile, 'v'>): SpaceVersion | undefined => headsOf(file)[0];

/** Whether several versions stand beside each other that are not the same bytes. */
export function isConflicted(file: SpaceFile): boolean {
  if (isGone(file)) return false;
  const [first, ...others] = headsOf(file);
  return first !== undefined && others.some(({ c }) => !sameBytes(c, first.c));
}

/** Deleted by somebody who had seen all that it is. Who changed it meanwhile brings it back. */
export const isGone = (file: SpaceFile): boolean =>
  file.v.length === 0 || headsOf(file).every(({ i }) => file.r.includes(i));

/** When and by whom the file was begun: what decides between two of the same name. */
export const begunAt = (file: SpaceFile): string => `${file.v[0]?.t ?? ''}|${file.f}`;

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

/** The device that a sort key belongs to. */
export const deviceOf = (t: string): string => t.slice(17);
