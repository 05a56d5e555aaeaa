import { afterEach, expect, it } from 'vitest';
import { SESSION_MS } from '../../src/lib/protocol/limits.ts';
import type { SessionItem, SignInItem } from '../../src/lib/services/client.ts';
import { must, PASSPHRASE, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

async function seen<T>(watch: (show: (value: T) => void) => Promise<() => void>): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>();
  const stop = await watch(resolve);
  const value = await promise;
  stop();
  return value;
}

const sessionsOf = ({ client }: Person) => seen<readonly SessionItem[]>((show) => client.watchSessions(show));
const signInsOf = ({ client }: Person) => seen<readonly SignInItem[]>((show) => client.watchSignIns(10, show));
const deviceOf = async ({ store }: Person) => (await store.relayLogin.get('self'))?.deviceId;

it('a device sees where its account is signed in and until when, also without a network, and ends what is another’s', async () => {
  w = await world();
  const ana = await w.person('Ana');
  await w.settle();
  const stranger = await w.secondDevice(ana);
  await w.settle();
  // A device that nobody linked here is counted, and not named.
  expect(await must(ana.client.refreshSessions())).toBe(1);
  expect(await sessionsOf(ana)).toMatchObject([{ isThisDevice: true, expiresAt: w.clock.now() + SESSION_MS }]);

  const row = await stranger.store.devices.get((await deviceOf(stranger)) ?? ('' as never));
  if (row === undefined) throw new Error('no device');
  await ana.store.devices.add({ ...row, deviceName: 'Phone' });
  expect(await must(ana.client.refreshSessions())).toBe(0);
  expect(await sessionsOf(ana)).toMatchObject([{ isThisDevice: true }, { isThisDevice: false, name: 'Phone' }]);
  ana.network.isUp = false;
  expect(await ana.client.refreshSessions()).toMatchObject({ error: { code: 'network' } });
  expect(await ana.client.endSessions(row.id)).toMatchObject({ error: { code: 'network' } });
  expect(await sessionsOf(ana)).toHaveLength(2);

  ana.network.isUp = true;
  stranger.network.isUp = false;
  await must(ana.client.endSessions(row.id));
  expect(await sessionsOf(ana)).toHaveLength(1);
  await must(ana.client.refreshSessions());
  expect(await sessionsOf(ana)).toHaveLength(1);
  // It may come back as long as it is not removed.
  stranger.network.isUp = true;
  await w.settle();
  await must(ana.client.refreshSessions());
  expect(await sessionsOf(ana)).toHaveLength(2);
  w.clock.advance(SESSION_MS);
  expect(await sessionsOf(ana)).toEqual([]);
});

it('a device keeps how it was opened, wrong passphrases and their times among it', async () => {
  w = await world();
  const ana = await w.person('Ana');
  expect(await signInsOf(ana)).toEqual([]);
  const locked = await ana.restart();
  for (const wrong of ['not this one', 'nor this one']) {
    expect(await locked.unlock(wrong)).toMatchObject({ ok: false });
    w.clock.advance(60_000);
  }
  await must(locked.unlock(PASSPHRASE));
  const now = w.clock.now();
  expect(await signInsOf(ana)).toMatchObject([
    { action: 'unlock', success: true, at: now },
    { action: 'unlock', success: false, at: now - 60_000, failures: 2 },
  ]);
});
