import type * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { bytesFromBase64url, concat, utf8, type Bytes } from '../../src/lib/core/bytes.ts';
import { idFromBytes } from '../../src/lib/core/ids.ts';
import { sha256 } from '../../src/lib/crypto/primitives.ts';
import { bytesFromCertificate, certificateFromBytes, type Certificate } from '../../src/lib/protocol/certificate.ts';
import { codeFromInvite, inviteFromCode } from '../../src/lib/protocol/invite.ts';
import { limits } from '../../src/lib/protocol/limits.ts';
import {
  bytesFromNearby,
  nearbyCodeFromText,
  nearbyFromBytes,
  textFromNearbyCode,
  type NearbyMessage,
} from '../../src/lib/protocol/nearby.ts';
import * as api from '../../src/lib/protocol/requests.ts';
import { safetyCodeFromText, textFromSafetyCode } from '../../src/lib/protocol/safetyCode.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import { createChance, fuzz, INPUTS } from './mutants.ts';

const blob = (length: number, byte = 7): Bytes => new Uint8Array(length).fill(byte);
const id = (byte = 1): string => idFromBytes(blob(16, byte));
const account = (byte = 1): string => idFromBytes(blob(32, byte));
const keyPackage = { ref: account(), suite: 83, notAfter: 9, lastResort: false, bytes: blob(40) };
const { ref, bytes, lastResort } = keyPackage;
const claim = { account: account(), device: id(), ref, reservation: id(2), expiresAt: 1, lastResort, bytes };
const record = { id: id(), epoch: 3, payload: blob(40) };
const entry = { stream: id(), seq: 1, kind: 'record', sender: id(3), at: 1_800_000_000_000, ...record };
const session = { token: blob(32), expiresAt: 1_800_000_000_000 };

/** Everything that comes over the wire, with one that is right. */
const shapes: readonly [string, v.GenericSchema, unknown][] = [
  ['register', api.register.request, { certificate: blob(200) }],
  ['the answer to register', api.register.answer, { account: account() }],
  ['challenge', api.challenge.request, { device: id() }],
  ['the answer to challenge', api.challenge.answer, { challenge: blob(32), expiresAt: 9 }],
  ['login', api.login.request, { device: id(), challenge: blob(32), signature: blob(64) }],
  ['the answer to login and refresh', api.login.answer, session],
  ['refresh, and whatever else asks for nothing', api.refresh.request, {}],
  ['publishKeyPackages', api.publishKeyPackages.request, { packages: [keyPackage] }],
  [
    'the answer to publishKeyPackages and countKeyPackages',
    api.publishKeyPackages.answer,
    { pools: [{ suite: 83, available: 50, lastResort: true }] },
  ],
  ['claimKeyPackages', api.claimKeyPackages.request, { claim: id(), suite: 83, accounts: [account(), account(2)] }],
  ['the answer to claimKeyPackages', api.claimKeyPackages.answer, { claims: [claim], missing: [account(2)] }],
  ['append', api.append.request, { entries: [record, { ...record, id: id(9) }] }],
  [
    'the answer to append and offer',
    api.append.answer,
    {
      results: [
        { ok: true, id: id(), seq: 4 },
        { ok: false, id: id(2), code: 'stale-epoch' },
      ],
    },
  ],
  ['offer', api.offer.request, { entries: [{ id: id(), epoch: 3 }] }],
  [
    'commit',
    api.commit.request,
    {
      ...record,
      members: [id(2)],
      fence: true,
      welcomes: [{ id: id(), device: id(2), payload: blob(30) }],
      spends: [id(3)],
      info: blob(20),
    },
  ],
  ['the answer to commit', api.commit.answer, { seq: 7 }],
  ['the answer to groupInfo', api.groupInfo.answer, { epoch: 3, head: 9, info: blob(30) }],
  ['catchUp', api.catchUp.request, { cursors: { [id()]: 4, [id(2)]: 70_000 } }],
  [
    'the answer to catchUp',
    api.catchUp.answer,
    { entries: [entry, { ...entry, seq: 2 }], more: true, ends: { [id()]: 3 } },
  ],
  ['an error', api.errorBody, { code: 'conflict', detail: 'why' }],
  ['the first frame of a socket', api.hello, { token: blob(32) }],
  ['a frame of a socket', api.socketFrame, { stream: id(), head: 8 }],
];

describe(`given ${INPUTS} inputs of chance and mischief`, () => {
  test.each(shapes)('%s is read as what it was written from, or refused', (_name, schema, sample) => {
    const read = (input: Bytes): Uint8Array | undefined => {
      const decoded = valueFromCbor(schema, input, limits.body);
      return decoded.ok ? cborFromValue(decoded.value) : undefined;
    };
    const { taken, other } = fuzz([cborFromValue(sample)], read);
    expect(other).toBeUndefined();
    // Mutants of which none is read would say nothing about what is.
    expect(taken).toBeGreaterThan(0);
  });

  test('a certificate is', () => {
    const certificate: Certificate = {
      accountKey: blob(32, 1),
      device: id() as Certificate['device'],
      signatureKey: blob(32, 2),
      loginKey: blob(32, 3),
      nameHash: blob(32, 4),
      notBefore: 1_800_000_000_000,
      sequence: 3,
      signature: blob(64, 5),
    };
    const { taken, other } = fuzz([bytesFromCertificate(certificate)], (input) => {
      const decoded = certificateFromBytes(input);
      return decoded.ok ? bytesFromCertificate(decoded.value) : undefined;
    });
    expect(other).toBeUndefined();
    expect(taken).toBeGreaterThan(0);
  });

  /** A code as text, of which somebody changed the letters. */
  const textOf = (input: Uint8Array): string => String.fromCharCode(...input);

  test('an invite is, as text: mistyped it is refused', () => {
    const checksum = (data: Uint8Array): Bytes => sha256(data).slice(0, 4);
    const code = codeFromInvite({ accountKey: blob(32), name: 'Ana Ó', salt: blob(16, 9) }, checksum);
    const { other } = fuzz([utf8(code)], (input) => {
      const decoded = inviteFromCode(textOf(input), checksum);
      if (!decoded.ok) return undefined;
      const again = codeFromInvite(decoded.value, checksum);
      // White space and capitals of the prefix are no part of a code.
      return again ===
        textOf(input)
          .replace(/\s+/g, '')
          .replace(/^cairn/i, 'cairn')
        ? input
        : utf8(again);
    });
    expect(other).toBeUndefined();
  });

  test('an invite is, where the bytes behind the text are another’s work', () => {
    const checksum = (data: Uint8Array): Bytes => sha256(data).slice(0, 4);
    const code = codeFromInvite({ accountKey: blob(32), name: 'Ana Ó', salt: blob(16, 9) }, checksum);
    const { other } = fuzz([bytesFromBase64url(code.slice('cairn1:'.length)) ?? blob(0)], (input) => {
      const decoded = inviteFromCode(`cairn1:${idFromBytes(input)}`, checksum);
      if (!decoded.ok) return undefined;
      return bytesFromBase64url(codeFromInvite(decoded.value, checksum).slice('cairn1:'.length));
    });
    expect(other).toBeUndefined();
  });

  const said: readonly NearbyMessage[] = [
    { k: 'hello', device: id() as never, certificate: blob(200), nonce: blob(32) },
    { k: 'proof', signature: blob(64) },
    { k: 'records', group: id() as never, entries: [{ id: id(), epoch: 3, payload: blob(40) }] },
    { k: 'given' },
    { k: 'read', n: 1, blob: id(), offset: 0, length: 65_536 },
    { k: 'bytes', n: 1, size: 40, bytes: blob(40) },
    { k: 'bye', reason: 'malformed' },
  ];
  test.each(said.map((one) => [one.k, one] as const))('“%s”, said without a relay, is', (_kind, sample) => {
    const { taken, other } = fuzz([bytesFromNearby(sample)], (input) => {
      const decoded = nearbyFromBytes(input);
      return decoded.ok ? bytesFromNearby(decoded.value) : undefined;
    });
    expect(other).toBeUndefined();
    expect(taken).toBeGreaterThan(0);
  });

  test('the code of a device that is near is, where the bytes behind the text are another’s work', () => {
    const prefix = 'cairn1-nearby:';
    const text = textFromNearbyCode({
      role: 'offer',
      user: 'a1b2',
      password: 'abcdefghijklmnopqrstuvwx',
      fingerprint: blob(32, 9),
      candidates: [
        { address: '192.0.2.7', port: 50_000 },
        { address: '3f0c5a0e-1d2b.local', port: 50_001 },
      ],
    });
    const { taken, other } = fuzz([bytesFromBase64url(text.slice(prefix.length)) ?? blob(0)], (input) => {
      const decoded = nearbyCodeFromText(prefix + idFromBytes(input));
      return decoded.ok ? bytesFromBase64url(textFromNearbyCode(decoded.value).slice(prefix.length)) : undefined;
    });
    expect(other).toBeUndefined();
    expect(taken).toBeGreaterThan(0);
  });

  test('a safety code is', () => {
    const text = textFromSafetyCode({ own: blob(32, 1), other: blob(32, 2) });
    const { taken, other } = fuzz([utf8(text)], (input) => {
      const decoded = safetyCodeFromText(textOf(input));
      return decoded.ok ? utf8(textFromSafetyCode(decoded.value)) : undefined;
    });
    // Around it there may be white space.
    expect(other === undefined || textOf(other) !== textOf(other).trim()).toBe(true);
    expect(taken).toBeGreaterThan(0);
  });
});

describe('an input made to cost', () => {
  const most = limits.body;
  const filled = (start: readonly number[], byte: number): Bytes =>
    concat(Uint8Array.from(start), blob(most - start.length, byte));
  const chance = createChance(7);
  test.each<[string, () => Bytes]>([
    ['lists in lists', () => filled([], 0x81)],
    ['maps in maps', () => filled([], 0xa1)],
    ['tags on tags', () => filled([], 0xc1)],
    ['lists without an end', () => filled([], 0x9f)],
    ['a list of as many as there can be', () => filled([0x9a, 0xff, 0xff, 0xff, 0xff], 0x00)],
    ['a map of as many as there can be', () => filled([0xbb, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 0x00)],
    ['bytes of as many as there can be', () => filled([0x5b, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 0x00)],
    ['four million small things', () => concat(Uint8Array.of(0x9a, 0, 0x3f, 0xff, 0xfb), blob(most - 5, 0))],
    ['noise', () => chance.bytes(most)],
  ])('%s, as long as a body may be, ends as malformed', (_name, make) => {
    const input = make();
    expect(valueFromCbor(api.catchUp.answer, input, most)).toMatchObject({ error: { code: 'malformed' } });
  });
});
