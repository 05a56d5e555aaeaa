import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Bytes } from '../../src/lib/core/bytes.ts';
import { endSession, listSessions } from '../../src/lib/protocol/account.ts';
import { SESSION_MS } from '../../src/lib/protocol/limits.ts';
import * as protocol from '../../src/lib/protocol/requests.ts';
import { createLocalBus } from '../../src/lib/server/bus/local.ts';
import { createRelay } from '../../src/lib/server/relay.ts';
import { SESSION_KEPT_MS } from '../../src/lib/server/sessions.ts';
import { RING_SWEEP_MS } from '../../src/lib/server/doorbell.ts';
import {
  countedRandom,
  newAccount,
  newDevice,
  ORIGIN,
  relayWorld,
  testClock,
  value,
  type TestDevice,
} from './relayWorld.ts';
import { databaseUrl, emptyDatabase } from './services.ts';

const count = (device: TestDevice) => device.ask('key-packages/count', protocol.countKeyPackages, {});

describe('a session that was looked up', () => {
  test('ends at once when the device is revoked, restored or logged in anew', async () => {
    const world = await relayWorld();
    const [ana, bo, cleo] = [await world.device(), await world.device(), await world.device()];
    for (const device of [ana, bo, cleo]) value(await count(device));
    await world.relay.revokeDevice(ana.id);
    expect(await count(ana)).toMatchObject({ code: 'unauthorized' });
    const old = { ...bo };
    bo.token = value(await bo.ask('login/refresh', protocol.refresh, {})).token;
    value(await count(bo));
    const asOld = newDevice(world.relay, old.account, world.random);
    asOld.token = old.token;
    expect(await count(asOld)).toMatchObject({ code: 'unauthorized' });
    const { publicKey } = newAccount().keys;
    const certificate = cleo.certificate(1, { ...cleo.loginKeys, publicKey });
    value(await cleo.ask(protocol.register.path, protocol.register, { certificate }));
    expect(await count(cleo)).toMatchObject({ code: 'unauthorized' });
  });

  test('ends when its time is over', async () => {
    const world = await relayWorld();
    const ana = await world.device();
    world.clock.advance(SESSION_MS - 1);
    value(await count(ana));
    world.clock.advance(1);
    expect(await count(ana)).toMatchObject({ code: 'unauthorized' });
  });
});

describe.skipIf(databaseUrl === undefined)('a device that one of two relays revokes', () => {
  async function twoRelays(mayLose: boolean) {
    const [url, clock, wire] = [await emptyDatabase(), testClock(), createLocalBus()];
    let isCut = false;
    const bus = {
      ...wire,
      mayLose,
      dismiss: (devices: Parameters<typeof wire.dismiss>[0]) => {
        if (!isCut) wire.dismiss(devices);
      },
    };
    const [here, there] = await Promise.all(
      [1, 2].map((seed) =>
        createRelay({ dataDir: ':memory:', databaseUrl: url, bus, clock, random: countedRandom(seed), origin: ORIGIN }),
      ),
    );
    if (here === undefined || there === undefined) throw new Error('no relay');
    onTestFinished(async () => void (await Promise.all([here.close(), there.close()])));
    const ana = newDevice(there, newAccount(), countedRandom(3));
    value(await ana.register());
    value(await ana.login());
    value(await count(ana));
    const ended = vi.fn();
    const listening = await there.listen(ana.token ?? new Uint8Array(), { ring: () => undefined, ended });
    expect(listening.ok).toBe(true);
    return { here, ana, ended, clock, cut: () => (isCut = true) };
  }

  test('is out at the other at once', async () => {
    const { here, ana, ended } = await twoRelays(true);
    await here.revokeDevice(ana.id);
    expect(ended).toHaveBeenCalledOnce();
    expect(await count(ana)).toMatchObject({ code: 'unauthorized' });
  });

  test('is out within seconds where the bus lost it', async () => {
    const { here, ana, ended, clock, cut } = await twoRelays(true);
    cut();
    await here.revokeDevice(ana.id);
    clock.advance(SESSION_KEPT_MS);
    expect(await count(ana)).toMatchObject({ code: 'unauthorized' });
    expect(ended).not.toHaveBeenCalled();
    clock.advance(RING_SWEEP_MS);
    await vi.waitFor(() => expect(ended).toHaveBeenCalledOnce());
  });
});

describe('the sessions of an account', () => {
  test('are listed with their end, and one that is ended does nothing more, on any device', async () => {
    const world = await relayWorld();
    const account = newAccount();
    const [phone, laptop, eve] = [await world.device(account), await world.device(account), await world.device()];
    const list = async (device: TestDevice) => value(await device.ask(listSessions.path, listSessions, {})).sessions;
    const end = (device: TestDevice, id: Bytes) => device.ask(endSession.path, endSession, { id });
    world.clock.advance(5_000);
    value(await laptop.login());
    const now = world.clock.now();
    const sessions = await list(phone);
    const said = sessions.map(({ device, createdAt, isThis }) => ({ device, createdAt, isThis }));
    expect(said).toHaveLength(3);
    expect(said[0]).toEqual({ device: laptop.id, createdAt: now, isThis: false });
    expect(said).toContainEqual({ device: laptop.id, createdAt: now - 5_000, isThis: false });
    expect(said).toContainEqual({ device: phone.id, createdAt: now - 5_000, isThis: true });
    expect(sessions.map(({ expiresAt, createdAt }) => expiresAt - createdAt)).toEqual([1, 1, 1].map(() => SESSION_MS));
    const id = sessions[0]?.id as Bytes;
    expect(await list(eve)).toHaveLength(1);
    expect(await end(eve, id)).toMatchObject({ status: 404, code: 'not-found' });
    value(await count(laptop));
    value(await end(phone, id));
    expect(await count(laptop)).toMatchObject({ code: 'unauthorized' });
    expect(await list(phone)).toHaveLength(2);
    expect(await end(phone, id)).toMatchObject({ code: 'not-found' });
    // What ended is the session; a device that is the account's own signs in again.
    value(await laptop.login());
    value(await count(laptop));
  });
});
