import { describe, expect, test } from 'vitest';
import { concat, utf8, type Bytes } from '../../src/lib/core/bytes.ts';
import { limits } from '../../src/lib/protocol/limits.ts';
import * as protocol from '../../src/lib/protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import { relayWorld, value, type TestDevice } from './relayWorld.ts';

/** A group of Ana's with one record, and the bytes of a second that would be taken. */
async function anaWithAGroup() {
  const world = await relayWorld();
  const ana = await world.device();
  const stream = ana.id.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')) as typeof ana.mailbox;
  value(await ana.commit(stream, 0));
  const good = cborFromValue({ entries: [{ id: ana.id, epoch: 1, payload: new Uint8Array([1]) }] });
  return { world, ana, stream, good };
}

async function post(
  device: TestDevice,
  relay: Awaited<ReturnType<typeof relayWorld>>['relay'],
  path: string,
  body: Uint8Array,
) {
  const answer = await relay.handle({ path, token: device.token, body });
  const fault = valueFromCbor(protocol.errorBody, answer.body, 1_000);
  return { status: answer.status, code: fault.ok ? fault.value.code : undefined, headers: answer.headers };
}

const truncations = (body: Bytes) => Array.from(body.keys(), (length) => body.slice(0, length));

describe('a body that is not what it should be', () => {
  test('is refused with a typed error and changes nothing', async () => {
    const { world, ana, stream, good } = await anaWithAGroup();
    const path = protocol.append.path(stream);
    const entry = { id: ana.id, epoch: 1, payload: new Uint8Array([1]) };
    const bad: Uint8Array[] = [
      ...truncations(good),
      concat(good, new Uint8Array([0])),
      utf8('{"entries":[]}'),
      cborFromValue({}),
      cborFromValue({ entries: [] }),
      cborFromValue({ entries: [entry], more: 1 }),
      cborFromValue({ entries: [{ ...entry, epoch: -1 }] }),
      cborFromValue({ entries: [{ ...entry, epoch: 1.5 }] }),
      cborFromValue({ entries: [{ ...entry, epoch: '1' }] }),
      cborFromValue({ entries: [{ ...entry, id: `${ana.id}A` }] }),
      cborFromValue({ entries: [{ ...entry, id: ana.id.slice(0, 21) + 'B' }] }),
      cborFromValue({ entries: [{ ...entry, payload: 'text' }] }),
      cborFromValue({ entries: [{ ...entry, payload: new Uint8Array(limits.entry + 1) }] }),
      cborFromValue({ entries: Array.from({ length: limits.appendEntries + 1 }, () => entry) }),
      // The same map with its keys the wrong way round, and with a number longer than it need be.
      new Uint8Array([0xa2, 0x61, 0x62, 0x01, 0x61, 0x61, 0x01]),
      new Uint8Array([0xa1, 0x67, ...utf8('entries'), 0x98, 0x00]),
      new Uint8Array(64).fill(0x81),
      new Uint8Array(200_000).fill(0x81),
    ];
    for (const body of bad) {
      expect(await post(ana, world.relay, path, body)).toMatchObject({ status: 400, code: 'bad-request' });
    }
    const oversized = await post(ana, world.relay, path, new Uint8Array(limits.body + 1));
    expect(oversized).toMatchObject({ status: 413, code: 'too-large' });
    expect(await ana.catchUp()).toHaveLength(1);
    expect((await post(ana, world.relay, path, good)).status).toBe(200);
    expect(await ana.catchUp()).toHaveLength(2);
  });

  test('is refused by every endpoint, and by none as a fault of the relay', async () => {
    const { world, ana, stream } = await anaWithAGroup();
    const paths = [
      protocol.register.path,
      protocol.challenge.path,
      protocol.login.path,
      protocol.refresh.path,
      protocol.publishKeyPackages.path,
      protocol.claimKeyPackages.path,
      protocol.countKeyPackages.path,
      protocol.append.path(stream),
      protocol.offer.path(stream),
      protocol.commit.path(stream),
      protocol.groupInfo.path(stream),
      protocol.catchUp.path,
    ];
    for (const path of paths) {
      for (const body of [new Uint8Array(), utf8('nonsense'), cborFromValue({ surprise: true }), cborFromValue(null)]) {
        expect(await post(ana, world.relay, path, body)).toMatchObject({ status: 400, code: 'bad-request' });
      }
    }
    expect(await ana.catchUp()).toHaveLength(1);
  });
});

describe('a path', () => {
  test('that the relay does not have is not found', async () => {
    const { world, ana, stream } = await anaWithAGroup();
    for (const path of [
      '',
      'nothing',
      'streams',
      'streams/x/entries',
      `streams/${stream}`,
      `streams/${stream}/entries/1`,
      'constructor',
    ]) {
      expect(await post(ana, world.relay, path, cborFromValue({}))).toMatchObject({ status: 404, code: 'not-found' });
    }
  });

  test('that needs a session says so before it reads the body', async () => {
    const { world, ana, stream } = await anaWithAGroup();
    ana.token = undefined;
    for (const path of [protocol.append.path(stream), protocol.commit.path(stream), protocol.catchUp.path]) {
      expect(await post(ana, world.relay, path, utf8('nonsense'))).toMatchObject({ status: 401, code: 'unauthorized' });
    }
  });
});

describe('a rate', () => {
  test('of a device ends with the seconds to wait, and time heals it', async () => {
    const world = await relayWorld({ rates: { perAddress: Infinity, perDevice: 6 } });
    const [ana, bo] = [await world.device(), await world.device()];
    const count = (device: TestDevice) => post(device, world.relay, protocol.countKeyPackages.path, cborFromValue({}));
    for (let i = 0; i < 12; i++) expect((await count(ana)).status).toBe(200);
    expect(await count(ana)).toMatchObject({ status: 429, code: 'rate-limited', headers: { 'retry-after': '10' } });
    expect((await count(bo)).status).toBe(200);
    world.clock.advance(5_000);
    expect(await count(ana)).toMatchObject({ status: 429, headers: { 'retry-after': '5' } });
    world.clock.advance(5_000);
    expect((await count(ana)).status).toBe(200);
    expect((await count(ana)).status).toBe(429);
  });

  test('of an address counts requests without a session too', async () => {
    const world = await relayWorld({ rates: { perAddress: 2, perDevice: Infinity } });
    const ask = (address: string) =>
      world.relay.handle({ path: protocol.challenge.path, body: cborFromValue({}), address });
    for (let i = 0; i < 4; i++) expect((await ask('192.0.2.1')).status).toBe(400);
    expect(await ask('192.0.2.1')).toMatchObject({ status: 429, headers: { 'retry-after': '30' } });
    expect((await ask('192.0.2.2')).status).toBe(400);
  });
});
