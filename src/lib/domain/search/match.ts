import type { Clause, WantedWord } from './query.ts';
import { wordsOf, type Word } from './words.ts';

/** A stretch of a text in UTF-16 units, end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where a text holds every clause: spans in order that don't touch; `undefined` where one is missing. */
export function matchesOf(text: string, clauses: readonly Clause[]): Span[] | undefined {
  const at = new Map<number, Word[]>();
  for (const word of wordsOf(text)) at.set(word.position, [...(at.get(word.position) ?? []), word]);
  const found: Span[] = [];
  for (const clause of clauses) {
    const before = found.length;
    for (const position of at.keys()) found.push(...(phraseAt(at, position, clause) ?? []));
    if (found.length === before) return undefined;
  }
  return joined(found);
}

function phraseAt(at: ReadonlyMap<number, Word[]>, position: number, clause: Clause): Span[] | undefined {
  const spans: Span[] = [];
  for (const wanted of clause) {
    const word = at.get(position + wanted.offset)?.find(({ term }) => fits(term, wanted));
    if (word === undefined) return undefined;
    spans.push(word);
  }
  return spans;
}

const fits = (term: string, { term: wanted, isPrefix }: WantedWord): boolean =>
  isPrefix ? term.startsWith(wanted) : term === wanted;

function joined(spans: readonly Span[]): Span[] {
  const out: Span[] = [];
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    const last = out.at(-1);
    if (last !== undefined && start <= last.end)
      out[out.length - 1] = { start: last.start, end: Math.max(last.end, end) };
    else out.push({ start, end });
  }
  return out;
}

/** A piece of a snippet; hits are what was searched for. */
export interface SnippetPart {
  readonly text: string;
  readonly isHit: boolean;
}

const BEFORE_HIT = 40;
const SNIPPET = 160;
const ELLIPSIS = '…';

/**
 * The text around its first hit, in one line, with every hit in it marked. About 160 UTF-16 units; cut
 * between words where there are spaces, never inside a character.
 */
export function snippetOf(text: string, spans: readonly Span[]): SnippetPart[] {
  const first = spans[0]?.start ?? 0;
  const start = first <= BEFORE_HIT ? 0 : cutAfterSpace(text, first - BEFORE_HIT, first);
  const end =
    text.length - start <= SNIPPET ? text.length : cutBeforeSpace(text, start + SNIPPET, spans[0]?.end ?? start);
  const parts: SnippetPart[] = [];
  const push = (from: number, to: number, isHit: boolean) => {
    if (from < to) parts.push({ text: text.slice(from, to).replace(/\s+/gu, ' '), isHit });
  };
  if (start > 0) parts.push({ text: ELLIPSIS, isHit: false });
  let at = start;
  for (const span of spans) {
    if (span.start >= end) break;
    push(at, span.start, false);
    push(Math.max(span.start, at), Math.min(span.end, end), true);
    at = Math.min(span.end, end);
  }
  push(at, end, false);
  if (end < text.length) parts.push({ text: ELLIPSIS, isHit: false });
  return parts;
}

/** The first place after a space in `[from, to)`, else `from` itself, not inside a surrogate pair. */
function cutAfterSpace(text: string, from: number, to: number): number {
  const space = /\s/u.exec(text.slice(from, to));
  return space === null ? whole(text, from) : from + space.index + 1;
}

/** The last space in `(least, from]`, else `from` itself. */
function cutBeforeSpace(text: string, from: number, least: number): number {
  for (let at = from; at > Math.max(least, from - BEFORE_HIT); at--) if (/\s/u.test(text.charAt(at))) return at;
  return whole(text, Math.max(from, least));
}

const whole = (text: string, at: number): number => (/[\uDC00-\uDFFF]/u.test(text.charAt(at)) ? at + 1 : at);
