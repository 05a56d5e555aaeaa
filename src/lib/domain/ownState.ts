/**
 * What a person keeps for themselves, as a value that each of their devices changes apart and puts together again:
 * fields with a rule each, of subjects such as a conversation or a person. Putting together is a join: in any order,
 * any grouping and any number of times it gives the same. `t` is a sort key, hybrid logical clock and device; the
 * empty one stands for what was there before there was a second device.
 */
export type OwnField = LastField | PlaceField | TextField;

/** The value that was set last counts. */
export interface LastField {
  readonly v: Plain;
  readonly t: string;
}

/** How far somebody read: the furthest place counts, unless they went back since, which begins the next round `g`. */
export interface PlaceField {
  readonly g: number;
  readonly p: string;
}

/** What somebody wrote: nothing of it is lost to what another device wrote without knowing of it. */
export interface TextField {
  /** By the device that wrote it. */
  readonly w: Readonly<Record<string, Writing>>;
}

export interface Writing {
  readonly v: string;
  readonly t: string;
  /** The last writing of each device that this one takes the place of. */
  readonly s: Readonly<Record<string, string>>;
}

export type Plain = string | boolean | number;
export type OwnRule = 'last' | 'place' | 'text';

/** The fields of one subject by name. */
export type OwnFields = Readonly<Record<string, OwnField>>;

/** Fields put together. */
export function joinFields(a: OwnFields, b: OwnFields): OwnFields {
  const joined = new Map(Object.entries(a));
  for (const [name, field] of Object.entries(b)) {
    const known = joined.get(name);
    joined.set(name, known === undefined ? normal(field) : joinField(known, field));
  }
  return Object.fromEntries(joined);
}

/** Two states of one field put together. No app gives a field two rules; where somebody does, everybody takes the same. */
export function joinField(a: OwnField, b: OwnField): OwnField {
  if ('w' in a && 'w' in b) return { w: joinWritings(a.w, b.w) };
  if ('p' in a && 'p' in b) return a.g > b.g || (a.g === b.g && a.p >= b.p) ? a : b;
  if ('v' in a && 'v' in b) return a.t > b.t || (a.t === b.t && spell(a.v) >= spell(b.v)) ? a : b;
  return normal(ruleOf(a) > ruleOf(b) ? a : b);
}

/** What a field says. */
export function valueOf(field: OwnField): Plain {
  if ('p' in field) return field.p;
  if ('v' in field) return field.v;
  const texts = Object.values(field.w)
    .toSorted((a, b) => (a.t < b.t || (a.t === b.t && a.v < b.v) ? -1 : 1))
    .map(({ v }) => v);
  // Of two of which one has the other in it, the longer says both.
  const kept = texts.filter((text, i) => !texts.some((other, j) => other.includes(text) && (other !== text || j > i)));
  return kept.join('\n\n');
}

/** The field after `device` set it to `v` at `t`, knowing `before`. @returns `before` itself where that changes nothing. */
export function writeField(
  rule: OwnRule,
  before: OwnField | undefined,
  v: Plain,
  { t, device }: { readonly t: string; readonly device: string },
): OwnField {
  if (before !== undefined && ruleOf(before) === rule && valueOf(before) === v) return before;
  switch (rule) {
    case 'last':
      return { v, t };
    case 'place': {
      const known = before !== undefined && 'p' in before ? before : { g: 0, p: '' };
      return { g: String(v) < known.p ? known.g + 1 : known.g, p: String(v) };
    }
    case 'text': {
      const known = before !== undefined && 'w' in before ? before.w : {};
      return { w: { [device]: { v: String(v), t, s: seenIn(known) } } };
    }
  }
}

/** The latest sort key in it: whoever writes next, writes after it. */
export function latestIn(field: OwnField): string {
  if ('p' in field) return '';
  if ('v' in field) return field.t;
  return Object.values(field.w).reduce((last, { t }) => (t > last ? t : last), '');
}

const ruleOf = (field: OwnField): OwnRule => ('w' in field ? 'text' : 'p' in field ? 'place' : 'last');

/** Values of different types apart, in one order for all. */
const spell = (v: Plain): string => `${typeof v}:${String(v)}`;

const normal = (field: OwnField): OwnField => ('w' in field ? { w: joinWritings(field.w, {}) } : field);

/** All that these know of: each device's last writing, and what they took the place of. */
function seenIn(writings: TextField['w']): Record<string, string> {
  const seen = new Map<string, string>();
  const see = (device: string, t: string) => {
    if (t >= (seen.get(device) ?? '')) seen.set(device, t);
  };
  for (const [device, { t, s }] of Object.entries(writings)) {
    see(device, t);
    for (const [other, at] of Object.entries(s)) see(other, at);
  }
  return Object.fromEntries(seen);
}

/** The writings that none of the others took the place of. */
function joinWritings(a: TextField['w'], b: TextField['w']): TextField['w'] {
  const all = new Map(Object.entries(a));
  for (const [device, writing] of Object.entries(b)) {
    const known = all.get(device);
    if (known === undefined || isAfter(writing, known)) all.set(device, writing);
  }
  const writings = [...all];
  return Object.fromEntries(
    writings.filter(
      ([device, { t }]) =>
        !writings.some(([other, { s }]) => other !== device && Object.hasOwn(s, device) && (s[device] ?? '') >= t),
    ),
  );
}

const isAfter = (a: Writing, b: Writing): boolean =>
  a.t > b.t || (a.t === b.t && (a.v > b.v || (a.v === b.v && spellSeen(a) > spellSeen(b))));

const spellSeen = ({ s }: Writing): string =>
  Object.entries(s)
    .map(([device, t]) => `${device}=${t}`)
    .sort()
    .join();
