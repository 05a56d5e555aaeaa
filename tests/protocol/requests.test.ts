import type * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { concat, hexFromBytes, utf8, type Bytes } from '../../src/lib/core/bytes.ts';
import { idFromBytes } from '../../src/lib/core/ids.ts';
import { CERTIFICATE_LIMIT } from '../../src/lib/protocol/certificate.ts';
import { limits } from '../../src/lib/protocol/limits.ts';
import * as api from '../../src/lib/protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';

const blob = (length: number, byte = 7): Bytes => new Uint8Array(length).fill(byte);
const id = (byte = 1): string => idFromBytes(blob(16, byte));
const account = (byte = 1): string => idFromBytes(blob(32, byte));
const keyPackage = { ref: account(), suite: 83, notAfter: 9, lastResort: false, bytes: blob(limits.keyPackage) };
const record = { id: id(), epoch: 3, payload: blob(limits.entry) };
const small = { ...record, payload: blob(1) };
const welcome = { id: id(), device: id(2), payload: blob(limits.entry) };
const commit = {
  id: id(),
  epoch: 0,
  payload: blob(limits.entry),
  members: [id(2)],
  fence: true,
  welcomes: [welcome],
  spends: [id(3)],
};
/** A different id for each of `count`. */
const ids = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => idFromBytes(concat(blob(12), new Uint8Array([0, at >> 16, at >> 8, at]))));

/** One valid request of each endpoint, with byte strings as long as they may be. */
const requests: readonly [string, v.GenericSchema, Record<string, unknown>][] = [
  ['register', api.register.request, { certificate: blob(CERTIFICATE_LIMIT) }],
  ['challenge', api.challenge.request, { device: id() }],
  ['login', api.login.request, { device: id(), challenge: blob(32), signature: blob(64) }],
  ['refresh', api.refresh.request, {}],
  ['publishKeyPackages', api.publishKeyPackages.request, { packages: [keyPackage] }],
  ['countKeyPackages', api.countKeyPackages.request, {}],
  ['claimKeyPackages', api.claimKeyPackages.request, { claim: id(), suite: 83, accounts: [account()] }],
  ['append', api.append.request, { entries: [record] }],
  ['offer', api.offer.request, { entries: [{ id: id(), epoch: 3 }] }],
  ['commit', api.commit.request, commit],
  ['groupInfo', api.groupInfo.request, {}],
  ['catchUp', api.catchUp.request, { cursors: { [id()]: 4 } }],
  ['hello', api.hello, { token: blob(32) }],
];

const outcome = (schema: v.GenericSchema, value: unknown) => {
  const result = valueFromCbor(schema, cborFromValue(value), Number.MAX_SAFE_INTEGER);
  return result.ok ? 'taken' : result.error.code;
};

describe.each(requests)('a request to %s', (_, schema, sample) => {
  test('is taken as it was sent', () => {
    const result = valueFromCbor(schema, cborFromValue(sample), Number.MAX_SAFE_INTEGER);
    expect(result.ok).toBe(true);
    if (result.ok) expect(hexFromBytes(cborFromValue(result.value))).toBe(hexFromBytes(cborFromValue(sample)));
  });

  test.each([...mutants(sample)])('is refused %s', (_how, mutant) => {
    expect(outcome(schema, mutant)).toBe('malformed');
  });
});

test('every endpoint with a request has its sample here', () => {
  const endpoints = Object.entries(api).flatMap(([name, one]) =>
    typeof one === 'object' && 'request' in one ? [name] : [],
  );
  expect(requests.map(([name]) => name)).toEqual(expect.arrayContaining(endpoints));
  expect(endpoints.length).toBeGreaterThan(9);
});

describe('lists are taken up to their limit, and not one further', () => {
  const many = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);
  const lists: readonly [string, v.GenericSchema, number, number, (count: number) => unknown][] = [
    [
      'packages',
      api.publishKeyPackages.request,
      0,
      limits.keyPackages,
      (n) => ({ packages: many(n, { ...keyPackage, bytes: blob(1) }) }),
    ],
    [
      'accounts',
      api.claimKeyPackages.request,
      1,
      limits.claimAccounts,
      (n) => ({ claim: id(), suite: 83, accounts: many(n, account()) }),
    ],
    ['appended entries', api.append.request, 1, limits.appendEntries, (n) => ({ entries: many(n, small) })],
    [
      'offered entries',
      api.offer.request,
      1,
      limits.appendEntries,
      (n) => ({ entries: many(n, { id: id(), epoch: 0 }) }),
    ],
    ['members', api.commit.request, 0, limits.streamMembers, (n) => ({ ...commit, members: many(n, id()) })],
    [
      'welcomes',
      api.commit.request,
      0,
      limits.streamMembers,
      (n) => ({ ...commit, welcomes: many(n, { ...welcome, payload: blob(1) }) }),
    ],
    ['spends', api.commit.request, 0, limits.streamMembers, (n) => ({ ...commit, spends: many(n, id()) })],
    [
      'cursors',
      api.catchUp.request,
      0,
      limits.catchUpStreams,
      (n) => ({ cursors: Object.fromEntries(ids(n).map((one) => [one, 0])) }),
    ],
  ];

  test.each(lists)('%s', (_, schema, least, most, ask) => {
    expect(outcome(schema, ask(least))).toBe('taken');
    expect(outcome(schema, ask(most))).toBe('taken');
    expect(outcome(schema, ask(most + 1))).toBe('malformed');
    if (least > 0) expect(outcome(schema, ask(0))).toBe('malformed');
  });
});

describe('the reference of a key package', () => {
  const asked = (ref: string) => outcome(api.publishKeyPackages.request, { packages: [{ ...keyPackage, ref }] });

  test('is the one spelling of 32 or 64 bytes', () => {
    for (const length of [32, 64]) expect(asked(idFromBytes(blob(length, 0xff)))).toBe('taken');
    for (const length of [31, 33, 48, 63, 65]) expect(asked(idFromBytes(blob(length, 0xff)))).toBe('malformed');
    expect(asked('B'.repeat(43))).toBe('malformed');
    expect(asked('B'.repeat(86))).toBe('malformed');
  });
});

test('what a login signs is bound to the relay, and no two challenges of two relays are the same', () => {
  const signed = api.challengeToSign('https://relay.example', blob(32));
  expect(signed).toEqual(concat(utf8('cairn/1 login\0https://relay.example\0'), blob(32)));
  expect(api.challengeToSign('https://relay.example2', blob(32))).not.toEqual(signed);
  expect(api.challengeToSign('https://relay.example', blob(32, 8))).not.toEqual(signed);
});

/** Everything that is one mistake away from `sample`, with the words for it. */
function* mutants(sample: unknown, path = ''): Generator<[string, unknown]> {
  const at = path === '' ? 'altogether' : `at ${path}`;
  for (const [kind, others] of Object.entries(byKind)) {
    if (kind !== kindOf(sample))
      for (const other of others) yield [`as ${kind} ${at} (${describeValue(other)})`, other];
  }
  if (sample instanceof Uint8Array) {
    yield [`with a byte too many ${at}`, blob(sample.length + 1)];
  } else if (typeof sample === 'string') {
    const others = [
      `${sample}A`,
      sample.slice(1),
      `${sample.slice(0, -1)}B`,
      `${sample.slice(0, -1)}=`,
      '',
      ` ${sample}`,
    ];
    for (const other of others) yield [`as ${JSON.stringify(other)} ${at}`, other];
  } else if (typeof sample === 'number') {
    for (const other of [-1, 0.5, 2 ** 53, 2n ** 63n]) yield [`as ${other} ${at}`, other];
  } else if (isList(sample)) {
    for (const [how, mutant] of mutants(sample[0], `${path}[0]`)) yield [how, [mutant]];
    yield* [...mutants(sample[0], `${path}[1]`)]
      .slice(0, 3)
      .map(([how, mutant]) => [how, [sample[0], mutant]] as [string, unknown]);
  } else if (typeof sample === 'object' && sample !== null) {
    yield [`with a member more ${at}`, { ...sample, extra: 1 }];
    for (const [key, value] of Object.entries(sample) as [string, unknown][]) {
      const { [key]: _gone, ...rest } = sample as Record<string, unknown>;
      // The members of `cursors` are streams, as many as one likes.
      if (path !== '.cursors') yield [`without ${path}.${key}`, rest];
      yield [`with ${path}.${key} under another name`, { ...rest, [`${key}X`]: value }];
      for (const [how, mutant] of mutants(value, `${path}.${key}`)) yield [how, { ...rest, [key]: mutant }];
    }
  }
}

/** Values of every kind the wire has; the empty ones are the treacherous ones. */
const byKind: Record<string, unknown[]> = {
  null: [null],
  boolean: [true],
  number: [0, 1],
  text: ['', 'x'],
  bytes: [blob(0), blob(3)],
  list: [[], [1]],
  map: [{}, { a: 1 }],
};

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value instanceof Uint8Array) return 'bytes';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'string') return 'text';
  return typeof value === 'object' ? 'map' : typeof value;
}
/** `Array.isArray` alone would make the items anything. */
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
function describeValue(value: unknown): string {
  return value instanceof Uint8Array ? `${value.length} bytes` : JSON.stringify(value);
}
