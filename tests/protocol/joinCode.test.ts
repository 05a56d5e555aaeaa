import { describe, expect, test } from 'vitest';
import { newId, type GroupId } from '../../src/lib/core/ids.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import { inviteChecksum } from '../../src/lib/crypto/identity.ts';
import { joinCodeFromText, textFromJoinCode, type JoinCode } from '../../src/lib/protocol/joinCode.ts';
import { seeded } from '../crypto/mls/world.ts';

const random = seeded('join codes');
const code: JoinCode = { group: newId<GroupId>(random), secret: random.bytes(16) };
const text = textFromJoinCode(code, inviteChecksum);
const read = (from: string) => joinCodeFromText(from, inviteChecksum);

describe('a join code', () => {
  test.each([code, { ...code, password: 'argon2id' as const }, { ...code, password: 'pbkdf2-sha256' as const }])(
    'is read as it was written %#',
    (one) => expect(unwrap(read(textFromJoinCode(one, inviteChecksum)))).toEqual(one),
  );

  test('is read out of a link, and with white space in it', () => {
    for (const spelled of [`https://chat.example/join#${text}`, ` ${text.slice(0, 30)}\n ${text.slice(30)} `]) {
      expect(unwrap(read(spelled))).toEqual(code);
    }
  });

  test('is refused with any character changed, cut short, or of another kind', () => {
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === 'A' ? 'B' : 'A';
      if (text[at]?.toUpperCase() !== other)
        expect(read(text.slice(0, at) + other + text.slice(at + 1)).ok).toBe(false);
    }
    expect(read(text.slice(0, -1))).toMatchObject({ error: { code: 'malformed' } });
    expect(read('')).toMatchObject({ error: { code: 'malformed' } });
    expect(read('cairn1:AAAA')).toMatchObject({ error: { code: 'malformed' } });
    expect(read(text.replace('cairn1', 'cairn2'))).toMatchObject({ error: { code: 'wrong-version' } });
    expect(read(text + 'A'.repeat(300))).toMatchObject({ error: { code: 'wire-too-large' } });
  });
});
