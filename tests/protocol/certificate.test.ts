import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, hexFromBytes, utf8, type Bytes } from '../../src/lib/core/bytes.ts';
import { idFromBytes, type DeviceId } from '../../src/lib/core/ids.ts';
import {
  bytesFromCertificate,
  CERTIFICATE_LIMIT,
  certificateFromBytes,
  certificateToSign,
  nameToHash,
  type Certificate,
} from '../../src/lib/protocol/certificate.ts';
import { cborFromValue } from '../../src/lib/protocol/wire.ts';

const filled = (length: number, byte: number): Bytes => new Uint8Array(length).fill(byte);
const laptop: Certificate = {
  accountKey: filled(32, 1),
  device: idFromBytes<DeviceId>(filled(16, 2)),
  signatureKey: filled(32, 3),
  loginKey: filled(32, 4),
  nameHash: filled(32, 5),
  notBefore: Date.UTC(2026, 5, 1),
  sequence: 1,
  signature: filled(64, 6),
};
const outcome = (encoded: Uint8Array) => {
  const result = certificateFromBytes(encoded);
  return result.ok ? 'read' : [result.error.code, result.error.detail].join(' ');
};

const exactly = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => new Uint8Array(bytes));
const certificates: fc.Arbitrary<Certificate> = fc.record({
  accountKey: exactly(32),
  device: exactly(16).map((bytes) => idFromBytes<DeviceId>(bytes)),
  signatureKey: exactly(32),
  loginKey: exactly(32),
  nameHash: exactly(32),
  notBefore: fc.maxSafeNat(),
  sequence: fc.maxSafeNat(),
  signature: exactly(64),
});

describe('a certificate', () => {
  test('comes back as it was and fits its limit, whatever is in it', () => {
    fc.assert(
      fc.property(certificates, (one) => {
        const encoded = bytesFromCertificate(one);
        expect(encoded.length).toBeLessThanOrEqual(CERTIFICATE_LIMIT);
        expect(certificateFromBytes(encoded)).toEqual({ ok: true, value: one });
      }),
    );
  });

  test('is too large above 512 bytes, and only then', () => {
    expect(outcome(filled(512, 0))).toMatch(/^malformed/);
    expect(outcome(filled(513, 0))).toBe('wire-too-large 513 > 512');
  });

  test('never throws and is never another one, cut or changed anywhere', () => {
    const encoded = bytesFromCertificate(laptop);
    for (let length = 0; length < encoded.length; length++) {
      expect(outcome(encoded.subarray(0, length))).toMatch(/^malformed/);
    }
    const change = fc.tuple(fc.nat(encoded.length - 1), fc.uint8Array({ maxLength: 3 }), fc.nat(4));
    fc.assert(
      fc.property(change, ([at, put, gone]) => {
        const changed = concat(encoded.subarray(0, at), put, encoded.subarray(at + gone));
        const result = certificateFromBytes(changed);
        if (result.ok) expect(hexFromBytes(bytesFromCertificate(result.value))).toBe(hexFromBytes(changed));
        else expect(result.error.code).toBe('malformed');
      }),
      { numRuns: 2000 },
    );
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['version 2', { v: 2 }, 'v: literal'],
    ['version 0', { v: 0 }, 'v: literal'],
    ['no version', { v: undefined }, 'v: strict_object'],
    ['a name in the clear', { name: 'Ana' }, 'name: strict_object'],
    ['a short account key', { accountKey: filled(31, 1) }, 'accountKey: length'],
    ['a long signature key', { signatureKey: filled(33, 1) }, 'signatureKey: length'],
    ['a login key as text', { loginKey: 'key' }, 'loginKey: instance'],
    ['no login key', { loginKey: undefined }, 'loginKey: strict_object'],
    ['an empty name hash', { nameHash: filled(0, 0) }, 'nameHash: length'],
    ['a device id of other length', { device: 'A'.repeat(43) }, 'device: check'],
    ['a device id in a second spelling', { device: `${'A'.repeat(21)}B` }, 'device: check'],
    ['a time before all times', { notBefore: -1 }, 'notBefore: min_value'],
    ['half a millisecond', { notBefore: 0.5 }, 'notBefore: safe_integer'],
    ['a sequence beyond exact numbers', { sequence: 2n ** 60n }, 'sequence: number'],
    ['half a signature', { signature: filled(32, 6) }, 'signature: length'],
    ['no signature', { signature: undefined }, 'signature: strict_object'],
  ])('with %s is malformed', (_, change, where) => {
    expect(outcome(cborFromValue({ v: 1, ...laptop, ...change }))).toBe(`malformed ${where}`);
  });
});

describe('what the account key signs', () => {
  test('is the same in every release', () => {
    const fields = [
      'a8',
      '617601',
      `66646576696365${'76'}${hexFromBytes(utf8('AgICAgICAgICAgICAgICAg'))}`,
      `686c6f67696e4b65795820${'04'.repeat(32)}`,
      `686e616d65486173685820${'05'.repeat(32)}`,
      `6873657175656e636501`,
      `696e6f744265666f72651b${laptop.notBefore.toString(16).padStart(16, '0')}`,
      `6a6163636f756e744b65795820${'01'.repeat(32)}`,
      `6c7369676e61747572654b65795820${'03'.repeat(32)}`,
    ];
    const prefix = hexFromBytes(utf8('cairn/1 device certificate\0'));
    expect(hexFromBytes(certificateToSign(laptop))).toBe(prefix + fields.join(''));
  });

  test('leaves out the signature, and does not depend on the order of members', () => {
    const { signature: _, ...fields } = laptop;
    const reversed = Object.fromEntries(Object.entries(fields).reverse()) as typeof fields;
    for (const same of [fields, reversed, { ...laptop, signature: filled(64, 9) }]) {
      expect(certificateToSign(same)).toEqual(certificateToSign(laptop));
    }
  });

  test.each<Partial<Certificate>>([
    { accountKey: filled(32, 9) },
    { device: idFromBytes<DeviceId>(filled(16, 9)) },
    { signatureKey: filled(32, 9) },
    { loginKey: filled(32, 9) },
    { nameHash: filled(32, 9) },
    { notBefore: laptop.notBefore + 1 },
    { sequence: 2 },
  ])('changes with %o', (change) => {
    expect(certificateToSign({ ...laptop, ...change })).not.toEqual(certificateToSign(laptop));
  });

  test('is never the same for two certificates, also when two keys change places', () => {
    const swapped = { ...laptop, signatureKey: laptop.loginKey, loginKey: laptop.signatureKey };
    expect(certificateToSign(swapped)).not.toEqual(certificateToSign(laptop));
    fc.assert(
      fc.property(certificates, certificates, (a, b) => {
        const sameFields =
          bytesFromCertificate({ ...a, signature: b.signature }).join() === bytesFromCertificate(b).join();
        expect(certificateToSign(a).join() === certificateToSign(b).join()).toBe(sameFields);
      }),
    );
  });
});

test('a name is hashed behind its purpose and its salt', () => {
  const hashed = nameToHash({ name: 'Ćo', salt: filled(16, 7) });
  expect(hexFromBytes(hashed)).toBe(`${hexFromBytes(utf8('cairn/1 name\0'))}${'07'.repeat(16)}c4866f`);
});
