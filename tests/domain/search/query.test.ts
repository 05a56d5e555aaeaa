import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesOf, snippetOf } from '../../../src/lib/domain/search/match.ts';
import { parseQuery } from '../../../src/lib/domain/search/query.ts';
import { wordsOf } from '../../../src/lib/domain/search/words.ts';

/** Clauses in short: words joined by spaces, `*` after a beginning. */
const clauses = (text: string) =>
  parseQuery(text).clauses.map((clause) => clause.map(({ term, isPrefix }) => term + (isPrefix ? '*' : '')).join(' '));
const finds = (query: string, text: string) => matchesOf(text, parseQuery(query).clauses) !== undefined;
const marked = (query: string, text: string) =>
  snippetOf(text, matchesOf(text, parseQuery(query).clauses) ?? [])
    .map(({ text, isHit }) => (isHit ? `[${text}]` : text))
    .join('');

describe('what was typed', () => {
  it.each<[string, string[]]>([
    ['', []],
    ['lunch today', ['lunch', 'today*']],
    ['lunch today ', ['lunch', 'today']],
    ['to be', ['to', 'be']],
    ['“to be” or', ['to be', 'or']],
    ['"not closed yet', ['not closed yet']],
    ['www.example.org/x', ['www example org x']],
    ['東京都', ['東京 京都']],
    ['東', ['東*']],
    ['👩🏿‍🚀', ['👩‍🚀']],
    ['café!', ['cafe']],
    ['note:this', ['note this*']],
    ['note:"this one"', ['note this one']],
    ['has:nothing type:odd on:2026-02-30', ['has nothing', 'type odd', 'on 2026 02 30']],
  ])('%j', (text, wanted) => expect(clauses(text)).toEqual(wanted));

  it('can narrow down who, where, what and when', () => {
    expect(
      parseQuery(
        'from:ana from:"Bo Li" in:hike type:image TYPE:File has:link has:file after:2026-03-01 before:2027-01-01 x',
      ),
    ).toMatchObject({
      from: ['ana', 'Bo Li'],
      in: ['hike'],
      types: ['image', 'file'],
      hasLink: true,
      hasFile: true,
      firstDay: '2026-03-01',
      lastDay: '2026-12-31',
    });
    expect(parseQuery('on:2028-02-29')).toMatchObject({ firstDay: '2028-02-29', lastDay: '2028-02-29', clauses: [] });
  });

  it('is never refused', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseQuery(text)));
  });
});

describe('finding words in a text', () => {
  it.each([
    ['fox quick', 'The quick brown fox'],
    ['bro', 'The quick brown fox'],
    ['"quick brown"', 'The Quick, brown fox'],
    ['muller', 'Frau Müller'],
    ['京都', '東京都'],
    ['都', '東京都'],
    ['👍', 'fine 👍🏿'],
    ['🚀', '👩🏽‍🚀'],
    ['example.org', 'see https://example.org/x'],
  ])('%j is in %j', (query, text) => expect(finds(query, text)).toBe(true));

  it.each([
    ['fox quick', 'The quick brown dog'],
    ['br', 'The quick brown fox'],
    ['"brown quick"', 'The quick brown fox'],
    ['rown', 'The quick brown fox'],
    ['東都', '東京都'],
    ['example.org', 'an example, not org'],
  ])('%j is not in %j', (query, text) => expect(finds(query, text)).toBe(false));

  it('finds every text by each of its words, and by a piece of it as a phrase', () => {
    fc.assert(
      fc.property(fc.array(fc.lorem({ maxCount: 3 }), { minLength: 1, maxLength: 6 }), fc.nat(), (parts, at) => {
        const text = parts.join(', ');
        const words = wordsOf(text);
        const some = words.slice(at % words.length).map(({ term }) => term);
        for (const term of some) expect(finds(`${term} `, text)).toBe(true);
        expect(finds(`"${some.join(' ')}"`, text)).toBe(true);
      }),
    );
  });
});

describe('a snippet', () => {
  it('marks every hit', () => {
    expect(marked('fox brown', 'The quick brown fox, a FOX!')).toBe('The quick [brown] [fox], a [FOX]!');
  });

  it('is cut around the first hit, between words', () => {
    const text = `${'before '.repeat(100)}needle ${'after '.repeat(100)}`;
    const snippet = marked('needle', text);
    expect(snippet).toMatch(/^…(before )+\[needle\]( after)+…$/u);
    expect(snippet.length).toBeLessThan(200);
  });

  it('is one line', () => expect(marked('two', 'one\n\ntwo\tthree')).toBe('one [two] three'));

  it('never cuts a character in two, and holds only what the text holds', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('😀', '👩‍🚀', 'word', '東京', ' ', '𐐨'), { maxLength: 200 }), (parts) => {
        const text = parts.join('');
        for (const query of ['word ', '😀', '東']) {
          const spans = matchesOf(text, parseQuery(query).clauses);
          if (spans === undefined) continue;
          for (const { text: piece } of snippetOf(text, spans)) {
            expect(piece.isWellFormed()).toBe(true);
            expect(piece === '…' || text.replace(/\s+/gu, ' ').includes(piece)).toBe(true);
          }
        }
      }),
    );
  });
});
