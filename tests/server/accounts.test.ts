import { describe, expect, test } from 'vitest';
import * as protocol from '../../src/lib/protocol/requests.ts';
import { bytesFromId, idFromBytes, type DeviceId, type StreamId } from '../../src/lib/core/ids.ts';
import type { Bytes } from '../../src/lib/core/bytes.ts';
import { newAccount, newDevice, newKeyPair, relayWorld, value, type RelayWorld } from './relayWorld.ts';

const send = (world: RelayWorld, certificate: Bytes) =>
  newDevice(world.relay, newAccount(), world.random).ask(protocol.register.path, protocol.register, { certificate });

describe('register', () => {
  test('knows the account by the fingerprint of its key, and again is fine', async () => {
    const world = await relayWorld();
    const ana = newDevice(world.relay, newAccount(), world.random);
    const certificate = ana.certificate();
    expect(value(await send(world, certificate))).toEqual({ account: ana.account.id });
    expect(value(await send(world, certificate))).toEqual({ account: ana.account.id });
  });

  test('gives the device its mailbox at once', async () => {
    const world = await relayWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    const stream = idFromBytes<StreamId>(world.random.bytes(16));
    const welcomes = [{ id: ana.id, device: bo.id, payload: new Uint8Array([7]) }];
    value(await ana.commit(stream, 0, { members: [ana.id, bo.id], welcomes }));
    expect(await bo.catchUp()).toMatchObject([{ stream: bo.mailbox, seq: 1, kind: 'welcome' }]);
  });

  test('refuses a certificate that its account did not sign', async () => {
    const world = await relayWorld();
    const ana = newDevice(world.relay, newAccount(), world.random);
    for (const at of [20, 60, 150, 300]) {
      const forged = ana.certificate();
      forged[at] = (forged[at] ?? 0) ^ 1;
      expect(await send(world, forged)).toMatchObject({ status: 400, code: 'bad-request' });
    }
    expect(await ana.login()).toMatchObject({ status: 401, code: 'unknown-device' });
  });

  test('lets nobody take the device id of somebody else', async () => {
    const world = await relayWorld();
    const ana = await world.device();
    const eve = newDevice(world.relay, newAccount(), {
      bytes: (length) => (length === 16 ? bytesFromId(ana.id) : world.random.bytes(length)),
    });
    expect(eve.id).toBe(ana.id);
    expect(await eve.register(9)).toMatchObject({ status: 409, code: 'conflict' });
    expect(await ana.login()).toMatchObject({ ok: true });
  });

  test('puts the certificate with the highest sequence in force, and ends the sessions of another login key', async () => {
    const world = await relayWorld();
    const ana = await world.device();
    expect(await ana.register(0)).toMatchObject({ code: 'conflict' });
    expect(await ana.register(2)).toMatchObject({ ok: true });
    expect(await ana.catchUp()).toEqual([]);

    const others = newKeyPair();
    expect(await send(world, ana.certificate(1, others))).toMatchObject({ ok: true });
    expect(await ana.catchUp()).toEqual([]);
    expect(await send(world, ana.certificate(3, others))).toMatchObject({ ok: true });
    await expect(ana.catchUp()).rejects.toThrow('unauthorized');
    expect(await ana.login()).toMatchObject({ code: 'unauthorized' });
  });
});

describe('a device that comes back with another login key', () => {
  test('leaves none of its old key packages to be handed out', async () => {
    const world = await relayWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    value(await ana.publish(3, { lastResort: true }));
    expect(value(await bo.claim(ana.account.id)).claims).toHaveLength(1);
    expect(await send(world, ana.certificate(9, newKeyPair()))).toMatchObject({ ok: true });
    expect(value(await bo.claim(ana.account.id))).toEqual({ claims: [], missing: [ana.account.id] });
  });
});

describe('a revoked device', () => {
  test('has no session, gets none, and is handed to nobody', async () => {
    const world = await relayWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    value(await ana.publish(3));
    expect(await world.relay.revokeDevice(ana.id)).toBe(true);
    await expect(ana.catchUp()).rejects.toThrow('unauthorized');
    expect(await ana.login()).toMatchObject({ status: 403, code: 'revoked-device' });
    expect(await ana.register(5)).toMatchObject({ status: 403, code: 'revoked-device' });
    expect(value(await bo.claim(ana.account.id))).toEqual({ claims: [], missing: [ana.account.id] });
    expect(await world.relay.revokeDevice(idFromBytes<DeviceId>(world.random.bytes(16)))).toBe(false);
  });
});
