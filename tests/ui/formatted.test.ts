import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formattedFrom, type Block, type Inline } from '../../src/lib/ui/formatting/formatted.ts';
import { highlighted } from '../../src/lib/ui/formatting/highlighting.ts';

const NAMES = ['Ana', 'Ana María', 'Bo'];

const blocks = (text: string): readonly Block[] => {
  const formatted = formattedFrom(text, NAMES);
  if (formatted === undefined) throw new Error('shown as it is');
  return formatted;
};

const inlinesOf = (block: Block): readonly Inline[] => {
  switch (block.kind) {
    case 'paragraph':
    case 'heading':
      return block.inlines;
    case 'quote':
      return block.blocks.flatMap(inlinesOf);
    case 'list':
      return block.items.flatMap((item) => item.blocks.flatMap(inlinesOf));
    case 'table':
      return [block.header, ...block.rows].flat(2);
    default:
      return [];
  }
};

const flat = (inlines: readonly Inline[]): readonly Inline[] =>
  inlines.flatMap((inline) => ('inlines' in inline ? [inline, ...flat(inline.inlines)] : [inline]));

const all = (text: string): readonly Inline[] => flat(blocks(text).flatMap(inlinesOf));
const links = (text: string) => all(text).flatMap((inline) => (inline.kind === 'link' ? [inline] : []));

describe('a formatted text', () => {
  it('has strong, emphasised, struck and monospaced words, and keeps its line breaks', () => {
    expect(blocks('**a** *b* ~~c~~ `d`\ne')).toEqual([
      {
        kind: 'paragraph',
        inlines: [
          { kind: 'strong', inlines: [{ kind: 'text', text: 'a' }] },
          { kind: 'text', text: ' ' },
          { kind: 'em', inlines: [{ kind: 'text', text: 'b' }] },
          { kind: 'text', text: ' ' },
          { kind: 'del', inlines: [{ kind: 'text', text: 'c' }] },
          { kind: 'text', text: ' ' },
          { kind: 'code', text: 'd' },
          { kind: 'break' },
          { kind: 'text', text: 'e' },
        ],
      },
    ]);
  });

  it('has headings, quotes, lists with tasks, tables, rules and code', () => {
    const text =
      '# t\n\n> q\n\n3. x\n4. y\n\n- [x] done\n- [ ] open\n\n|a|b|\n|-|-|\n|1|2|\n\n---\n\n```ts\nlet a;\n```';
    expect(blocks(text).map((block) => block.kind)).toEqual([
      'heading',
      'quote',
      'list',
      'list',
      'table',
      'rule',
      'code',
    ]);
    expect(blocks(text)[2]).toMatchObject({ start: 3 });
    expect(blocks(text)[3]).toMatchObject({ items: [{ isDone: true }, { isDone: false }] });
    expect(blocks(text)[6]).toEqual({ kind: 'code', language: 'ts', text: 'let a;' });
  });

  it('mentions members by their whole names', () => {
    const mentioned = all('@Ana María and @Bo, not mail@Bo nor @Bob').flatMap((inline) =>
      inline.kind === 'mention' ? [inline.name] : [],
    );
    expect(mentioned).toEqual(['Ana María', 'Bo']);
  });
});

describe('a malicious text', () => {
  it.each([
    '[click](javascript:alert(1))',
    '[click](JaVaScRiPt:alert(1))',
    '[click](java\nscript:alert(1))',
    '[click](&#106;avascript:alert(1))',
    '[click](data:text/html,x)',
    '![x](javascript:alert(1))',
    '<javascript:alert(1)>',
    '[click](//no-scheme.example)',
    '[click](/you)',
    '[a]: javascript:alert(1)\n[a]',
  ])('makes no link of %j', (text) => {
    expect(links(text)).toEqual([]);
  });

  it('keeps tags as text', () => {
    const said = all('<img src=x onerror=alert(1)> <b>bold</b>')
      .map((inline) => (inline.kind === 'text' ? inline.text : `?${inline.kind}`))
      .join('');
    expect(said).toBe('<img src=x onerror=alert(1)> <b>bold</b>');
    expect(blocks('<script>alert(1)</script>')).toEqual([
      { kind: 'paragraph', inlines: [{ kind: 'text', text: '<script>alert(1)</script>' }] },
    ]);
  });

  it('cannot show one address and lead to another', () => {
    expect(links('[https://bank.example](https://evil.example/x)')).toEqual([
      { kind: 'link', href: 'https://evil.example/x', text: 'https://evil.example/x' },
    ]);
    expect(links('[bank.example/login](https://evil.example)')[0]?.text).toBe('https://evil.example/');
    expect(links('[my bank](https://evil.example)')[0]).toMatchObject({ text: 'my bank', host: 'evil.example' });
  });

  it('cannot turn an address around', () => {
    const [link] = links('[\u{202E}elpmaxe.knab//:sptth](https://evil.example)');
    expect(link?.text).not.toMatch(/\p{Bidi_Control}/u);
    expect(link?.href).toBe('https://evil.example/');
    for (const { text } of links('https://evil.example/\u{202E}gpj.exe')) expect(text).not.toMatch(/\p{Bidi_Control}/u);
  });

  it('loads no picture', () => {
    expect(links('![a cat](https://evil.example/cat.png)')).toMatchObject([{ text: 'a cat' }]);
  });

  it.each([
    ['quotes', '>'.repeat(7_900)],
    ['quotes and lists', '> - '.repeat(1_900)],
    ['lists', '- '.repeat(3_900)],
    ['numbers', '1. '.repeat(2_600)],
    ['a long text', 'a *b* '.repeat(20_000)],
  ])('that nests %s without end is shown as it is', (_what, text) => {
    expect(formattedFrom(text, NAMES)).toBeUndefined();
  });

  it.each([
    ['stars', '*a **a '.repeat(1_100)],
    ['marks in marks', `${'**_'.repeat(1_300)}a${'_**'.repeat(1_300)}`],
    ['brackets', '['.repeat(7_900)],
    ['pictures', '!['.repeat(3_900)],
    ['underscores', '_a'.repeat(3_900)],
    ['addresses', `${'a.'.repeat(3_900)}@`],
    ['indents', Array.from({ length: 120 }, (_, i) => `${' '.repeat(i)}- a`).join('\n')],
    ['mentions', '@'.repeat(7_900)],
  ])('of %s is read, never deeper than it can be drawn', (_what, text) => {
    const depth = (inlines: readonly Inline[]): number =>
      Math.max(0, ...inlines.map((inline) => ('inlines' in inline ? 1 + depth(inline.inlines) : 0)));
    for (const block of formattedFrom(text, NAMES) ?? []) expect(depth(inlinesOf(block))).toBeLessThan(12);
  });

  it('of any making never breaks the reader, and all its links are safe', () => {
    const pieces = fc.constantFrom(
      '*',
      '_',
      '`',
      '[',
      '](',
      ')',
      '>',
      '- ',
      '\n',
      '|',
      '<',
      '@Bo',
      'a',
      '~~',
      '#',
      '  ',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 60 }), (texts) => {
        const formatted = formattedFrom(texts.join(''), NAMES) ?? [];
        for (const inline of flat(formatted.flatMap(inlinesOf)))
          if (inline.kind === 'link') expect(inline.href).toMatch(/^(?:https?|mailto):/u);
      }),
    );
  });
});

describe('highlighted code', () => {
  it('is the same code in pieces', () => {
    const code = 'const a = "<b>&amp;\'x\'</b>"; // 1 < 2\nlet s = `${f(`${1}`)}`;';
    for (const language of ['ts', 'js', 'python', 'xml', 'sql', 'nothing-known']) {
      expect(
        highlighted(code, language)
          .map((part) => part.text)
          .join(''),
      ).toBe(code);
    }
    expect(highlighted(code, 'ts')[0]).toEqual({ text: 'const', role: 'keyword' });
  });
});
