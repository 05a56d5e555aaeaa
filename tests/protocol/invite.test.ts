import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { base64urlFromBytes, bytesFromBase64url, concat, equal, utf8, type Bytes } from '../../src/lib/core/bytes.ts';
import { inviteChecksum } from '../../src/lib/crypto/identity.ts';
import { codeFromInvite, inviteFromCode, type Invite } from '../../src/lib/protocol/invite.ts';
import { limits } from '../../src/lib/protocol/limits.ts';
import { cborFromValue } from '../../src/lib/protocol/wire.ts';

const ana: Invite = {
  accountKey: new Uint8Array(32).map((_, i) => i * 7),
  name: 'Ana Ćosić 🏔',
  salt: new Uint8Array(16).map((_, i) => 255 - i),
};
const write = (invite: Invite) => codeFromInvite(invite, inviteChecksum);
const read = (code: string) => inviteFromCode(code, inviteChecksum);
const CODE = write(ana);
const outcome = (code: string) => {
  const result = read(code);
  return result.ok ? 'read' : [result.error.code, result.error.detail].join(' ').trim();
};

/** A code with a right checksum over whatever members it has. */
const forged = (members: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  `cairn1:${base64urlFromBytes(cborFromValue({ ...members, c: inviteChecksum(cborFromValue(members)), ...more }))}`;
const members = { k: ana.accountKey, n: ana.name, s: ana.salt };

const exactly = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => new Uint8Array(bytes));
const name = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 50 })
  .filter((one) => one.trim() !== '' && utf8(one).length <= limits.name);
const invites: fc.Arbitrary<Invite> = fc.record({ accountKey: exactly(32), name, salt: exactly(16) });

describe('an invite', () => {
  test('is the same after a walk on paper', () => {
    fc.assert(
      fc.property(invites, (invite) => {
        expect(write(invite)).toMatch(/^cairn1:[A-Za-z0-9_-]+$/);
        expect(read(write(invite))).toEqual({ ok: true, value: invite });
      }),
      { numRuns: 300 },
    );
  });

  test('is read with white space around and anywhere inside it', () => {
    const space = fc.constantFrom(' ', '\n', '\r\n', '\t', '\u00a0', '\u2003', '  ');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(CODE.length), space), { maxLength: 30 }), (spaces) => {
        let code = CODE;
        for (const [at, one] of spaces) code = code.slice(0, at) + one + code.slice(at);
        expect(read(`  ${code}\n`)).toEqual({ ok: true, value: ana });
      }),
      { numRuns: 300 },
    );
  });

  test('is read with a prefix in capital letters, as some keyboards begin a line', () => {
    expect(read(CODE.replace('cairn', 'Cairn'))).toEqual({ ok: true, value: ana });
  });

  test('may carry a name of 200 bytes and no more', () => {
    const longest = { ...ana, name: 'ж'.repeat(limits.name / 2) };
    expect(write(longest).length).toBeLessThanOrEqual(limits.inviteCode);
    expect(read(write(longest))).toEqual({ ok: true, value: longest });
    expect(outcome(write({ ...ana, name: `${longest.name}x` }))).toBe('malformed n: max_bytes');
  });
});

describe('a code that is refused', () => {
  test.each([
    ['nothing', '', 'malformed prefix'],
    ['only spaces', ' \n ', 'malformed prefix'],
    ['no prefix', CODE.slice(7), 'malformed prefix'],
    ['another prefix', CODE.replace('cairn1', 'stone1'), 'malformed prefix'],
    ['no version', CODE.replace('cairn1', 'cairn'), 'malformed prefix'],
    ['something before the prefix', `x${CODE}`, 'malformed prefix'],
    ['a later version', CODE.replace('cairn1', 'cairn2'), 'wrong-version'],
    ['a version of two digits', CODE.replace('cairn1', 'cairn10'), 'wrong-version'],
    ['a version with a zero before it', CODE.replace('cairn1', 'cairn01'), 'wrong-version'],
    ['the prefix alone', 'cairn1:', 'malformed CBOR decode error: did not find any content to decode'],
    ['padding', `${CODE}=`, 'malformed base64url'],
    ['other letters', CODE.replace(/.$/, '+'), 'malformed base64url'],
    ['an empty name', forged({ ...members, n: '' }), 'malformed name'],
    ['a name of white space', forged({ ...members, n: ' \u00a0\n' }), 'malformed name'],
    ['a short key', forged({ ...members, k: new Uint8Array(31) }), 'malformed k: length'],
    ['a long salt', forged({ ...members, s: new Uint8Array(17) }), 'malformed s: length'],
    ['a name that is a number', forged({ ...members, n: 7 }), 'malformed n: string'],
    ['a member more', forged({ ...members, z: 1 }), 'malformed z: strict_object'],
    ['no salt', forged({ k: ana.accountKey, n: ana.name }), 'malformed s: strict_object'],
    ['a checksum of another code', forged(members, { c: new Uint8Array(4) }), 'malformed checksum'],
    ['a checksum of five bytes', forged(members, { c: new Uint8Array(5) }), 'malformed c: length'],
    ['a text of any length', 'x'.repeat(limits.inviteCode + 1), 'wire-too-large'],
    ['a code of any length', CODE + 'A'.repeat(limits.inviteCode), 'wire-too-large'],
  ])('has %s', (_, code, expected) => {
    expect(outcome(code)).toBe(expected);
  });

  test('is too large from 601 characters on, white space not counted', () => {
    const filled = (length: number) => CODE + 'A'.repeat(length - CODE.length);
    expect(outcome(filled(limits.inviteCode))).not.toBe('wire-too-large');
    expect(outcome(filled(limits.inviteCode + 1))).toBe('wire-too-large');
    expect(outcome(CODE + ' '.repeat(limits.inviteCode))).toBe('read');
  });

  test('is every beginning of a code', () => {
    for (let length = 0; length < CODE.length; length++) expect(outcome(CODE.slice(0, length))).toMatch(/^malformed/);
  });
});

/** A typed fault, or the very invite that was meant: white space and a capital in the prefix are all that may differ. */
function neverMisread(code: string): void {
  const result = read(code);
  if (!result.ok) {
    expect(['malformed', 'wrong-version', 'wire-too-large']).toContain(result.error.code);
    expect(result.error.retry).toBe('never');
    return;
  }
  const written = code.replace(/\s+/g, '').replace(/^cairn/i, 'cairn');
  expect(write(result.value)).toBe(written);
}

describe('whatever somebody pastes', () => {
  test('is answered with a fault, when it is chance', () => {
    const random = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 700 }),
      fc.base64String({ maxLength: 300 }).map((tail) => `cairn1:${tail}`),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => `cairn1:${base64urlFromBytes(bytes)}`),
      fc.tuple(fc.nat(), fc.string()).map(([version, tail]) => `cairn${version}:${tail}`),
    );
    fc.assert(fc.property(random, neverMisread), { numRuns: 3000 });
  });

  test('is answered with a fault, when a code was mistyped', () => {
    const typed = fc.array(
      fc.tuple(
        fc.nat(),
        fc.constantFrom('swap', 'drop', 'double', 'write', 'insert'),
        fc.constantFrom(...'Aa01-_=: lOé'),
      ),
      { minLength: 1, maxLength: 4 },
    );
    const mistyped = typed.map((slips) =>
      slips.reduce((code, [at, slip, letter]) => {
        const place = at % code.length;
        const [head, here, tail] = [code.slice(0, place), code.charAt(place), code.slice(place + 1)];
        if (slip === 'drop') return head + tail;
        if (slip === 'double') return head + here + here + tail;
        if (slip === 'swap') return head + tail.slice(0, 1) + here + tail.slice(1);
        return slip === 'write' ? head + letter + tail : head + letter + here + tail;
      }, CODE),
    );
    fc.assert(fc.property(mistyped, neverMisread), { numRuns: 3000 });
  });

  test('is answered with a fault, when its bytes were changed', () => {
    const whole: Bytes = bytesFromBase64url(CODE.slice(7)) ?? new Uint8Array();
    const changed = fc
      .tuple(fc.nat(whole.length - 1), fc.uint8Array({ maxLength: 3 }), fc.nat(4))
      .map(([at, put, gone]) => concat(whole.subarray(0, at), put, whole.subarray(at + gone)));
    fc.assert(
      fc.property(changed, (bytes) => {
        const code = `cairn1:${base64urlFromBytes(bytes)}`;
        neverMisread(code);
        expect(read(code).ok).toBe(equal(bytes, whole));
      }),
      { numRuns: 3000 },
    );
  });
});
