import { describe, expect, it } from 'vitest';
import { completed, completingAt } from '../../src/lib/ui/conversation/completion.ts';

describe('completing', () => {
  it.each([
    ['@', { kind: 'member', query: '', from: 0 }],
    ['hello @Bo', { kind: 'member', query: 'Bo', from: 6 }],
    ['(@Ana', { kind: 'member', query: 'Ana', from: 1 }],
    ['well done :smi', { kind: 'emoji', query: 'smi', from: 10 }],
  ])('begins at %j', (text, expected) => {
    expect(completingAt(text, text.length)).toEqual(expected);
  });

  it.each(['mail@Bo', 'at 10:30', ':)', ':D', 'https://x', '@Bo ', 'nothing'])('does not begin at %j', (text) => {
    expect(completingAt(text, text.length)).toBeUndefined();
  });

  it('puts the choice where the caret is, and goes on behind it', () => {
    const text = 'hi @a, see you';
    const found = completingAt(text, 5);
    expect(found && completed(text, 5, found, 'Ana María')).toEqual({ text: 'hi @Ana María , see you', caret: 14 });
    const emoji = completingAt(':gri', 4);
    expect(emoji && completed(':gri', 4, emoji, '😀')).toEqual({ text: '😀 ', caret: 3 });
  });
});
