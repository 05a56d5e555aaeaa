import { wordsOf } from './words.ts';

/** A word to find at `offset` from the first of its clause. */
export interface WantedWord {
  readonly term: string;
  readonly offset: number;
  /** Any word that begins so will do. */
  readonly isPrefix: boolean;
}

/** Words that have to follow each other as they do here: one word, or a phrase. */
export type Clause = readonly WantedWord[];

/** What kinds of message can be asked for by type. */
export const searchableTypes = ['text', 'file', 'image', 'voice', 'video', 'code', 'markdown'] as const;
export type SearchableType = (typeof searchableTypes)[number];

/** What was typed: every clause must hold, in any order, and every filter. */
export interface TypedQuery {
  readonly clauses: readonly Clause[];
  /** Names of people, any of whom may be the sender. */
  readonly from: readonly string[];
  /** Titles of conversations, any of which will do. */
  readonly in: readonly string[];
  readonly types: readonly SearchableType[];
  readonly hasFile: boolean;
  readonly hasLink: boolean;
  /** Days, `YYYY-MM-DD`; the first one counted and the last one counted. */
  readonly firstDay?: string;
  readonly lastDay?: string;
}

/** A word shorter than this (in code points) is only ever itself. */
const SHORTEST_PREFIX = 3;
const QUOTES = '"“”„«»';
const CHUNK = new RegExp(
  String.raw`(?:(?<name>[a-z]+):)?[${QUOTES}](?<quoted>[^${QUOTES}]*)[${QUOTES}]?|(?<bare>\S+)`,
  'giu',
);
const FILTER = /^(?<name>from|in|type|has|before|after|on):(?<value>.+)$/iu;

/**
 * Reads what was typed into the box. Several words must all be there; `"…"` is a phrase; the last word may
 * be unfinished. `from:ana in:"Sunday hike" type:image has:file has:link on:2026-01-31 after: before:` are
 * filters; what only looks like one is text. Nothing that can be typed is an error.
 */
export function parseQuery(text: string): TypedQuery {
  const clauses: Clause[] = [];
  const filters: Filters = { from: [], in: [], types: [], hasFile: false, hasLink: false };
  for (const match of text.matchAll(CHUNK)) {
    const { name, quoted, bare = '' } = match.groups ?? {};
    if (quoted !== undefined) {
      if (name === undefined || !readFilter(filters, name, quoted)) {
        clauses.push(...clausesOf(name === undefined ? quoted : `${name} ${quoted}`, false));
      }
      continue;
    }
    const filter = FILTER.exec(bare)?.groups;
    if (filter !== undefined && readFilter(filters, filter['name'] ?? '', filter['value'] ?? '')) continue;
    const isLast = match.index + match[0].length === text.length;
    clauses.push(...clausesOf(bare, isLast));
  }
  return { clauses, ...filters };
}

type Filters = { -readonly [K in keyof Omit<TypedQuery, 'clauses'>]: TypedQuery[K] };

/** @returns whether it is a filter. */
function readFilter(filters: Filters, name: string, value: string): boolean {
  const word = value.toLowerCase();
  switch (name.toLowerCase()) {
    case 'from':
      filters.from = [...filters.from, value];
      return value.trim() !== '';
    case 'in':
      filters.in = [...filters.in, value];
      return value.trim() !== '';
    case 'type': {
      const type = searchableTypes.find((one) => one === word);
      if (type !== undefined) filters.types = [...filters.types, type];
      return type !== undefined;
    }
    case 'has':
      if (word === 'file') filters.hasFile = true;
      if (word === 'link') filters.hasLink = true;
      return word === 'file' || word === 'link';
    case 'on':
      if (!isDay(word)) return false;
      filters.firstDay = filters.lastDay = word;
      return true;
    case 'after':
      if (!isDay(word)) return false;
      filters.firstDay = word;
      return true;
    case 'before':
      if (!isDay(word)) return false;
      filters.lastDay = dayBefore(word);
      return true;
    default:
      return false;
  }
}

/** The words of one chunk follow each other: a typed web address or 東京都 is found where it stands so. */
function clausesOf(chunk: string, mayContinue: boolean): Clause[] {
  const words = wordsOf(chunk);
  // Of the terms that share a place the first is the whole; a lone last sign is part of the pair before it.
  const wanted = words.filter(
    (word, i) => word.position !== words[i - 1]?.position && !(words[i - 1]?.end === word.end),
  );
  const first = wanted[0];
  if (first === undefined) return [];
  return [
    wanted.map((word, i) => ({
      term: word.term,
      offset: word.position - first.position,
      isPrefix: i === wanted.length - 1 && (isLoneSign(word.term) || (mayContinue && isLongEnough(word, chunk))),
    })),
  ];
}

const UNSPACED_SIGN =
  /^[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Bopomofo}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}々ー]\p{M}*$/u;
/** One sign of a script without spaces is in the index as the beginning of pairs. */
const isLoneSign = (term: string): boolean => UNSPACED_SIGN.test(term);

const isLongEnough = ({ term, end }: { term: string; end: number }, chunk: string): boolean =>
  end === chunk.length && /^[\p{L}\p{N}]/u.test(term) && [...term].length >= SHORTEST_PREFIX;

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/u;

/** Whether there is such a day in the calendar. */
function isDay(text: string): boolean {
  if (!DAY.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && isoDay(at) === text;
}

const DAY_MS = 86_400_000;
const dayBefore = (day: string): string => isoDay(Date.parse(`${day}T00:00:00Z`) - DAY_MS);
const isoDay = (at: number): string => new Date(at).toISOString().slice(0, 10);
