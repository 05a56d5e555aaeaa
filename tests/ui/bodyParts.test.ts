import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isEmojiOnly } from '../../src/lib/ui/conversation/emojiOnly.ts';
import { bodyPartsOf } from '../../src/lib/ui/formatting/bodyParts.ts';

const linksOf = (text: string) => bodyPartsOf(text).flatMap((part) => (part.href === undefined ? [] : [part.href]));

describe('addresses in a message', () => {
  it.each([
    ['see https://example.org/a?b=c.', 'https://example.org/a?b=c'],
    ['(https://example.org/page)', 'https://example.org/page'],
    ['https://example.org/wiki/Cairn_(stones), it says', 'https://example.org/wiki/Cairn_(stones)'],
    ['“https://example.org”', 'https://example.org'],
    ['HTTP://EXAMPLE.ORG!', 'HTTP://EXAMPLE.ORG'],
  ])('finds the address in %j without the marks around it', (text, address) => {
    expect(linksOf(text)).toEqual([address]);
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', 'example.org', 'https://', 'xhttps://example.org'])(
    'makes no link of %j',
    (text) => {
      expect(linksOf(text)).toEqual([]);
    },
  );

  it('shows every character of any text, unchanged and in order', () => {
    const pieces = fc.constantFrom('https://', 'a.example', '(', ')', '.', ' ', 'مرحبا', '🪨', '\n', '/x?y=1');
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string())), (texts) => {
        const text = texts.join('');
        expect(
          bodyPartsOf(text)
            .map((part) => part.text)
            .join(''),
        ).toBe(text);
      }),
    );
  });
});

describe('a message of emoji only', () => {
  it.each(['👍', '❤️', '👩‍👩‍👧 🏳️‍🌈', '🇳🇿', '3️⃣', '👋🏽', '🪨🪨🪨'])('%s is one', (text) =>
    expect(isEmojiOnly(text)).toBe(true),
  );
  it.each(['', ' ', '4', '#1', 'ok 👍', '🪨🪨🪨🪨', '©x'])('%j is not', (text) =>
    expect(isEmojiOnly(text)).toBe(false),
  );
});
