import { describe, expect, test } from 'vitest';
import { newId, type StreamId } from '../../src/lib/core/ids.ts';
import * as protocol from '../../src/lib/protocol/directory.ts';
import { newAccount, relayWorld, value, type RelayWorld, type TestDevice } from './relayWorld.ts';

const link = new Uint8Array([1, 2, 3]);
const list = (device: TestDevice, stream: StreamId, name: string, description = '') =>
  device.ask(protocol.listGroup.path(stream), protocol.listGroup, { name, description, link });
const unlist = (device: TestDevice, stream: StreamId) =>
  device.ask(protocol.unlistGroup.path(stream), protocol.unlistGroup, {});
const search = async (device: TestDevice, query = '', after?: string) =>
  value(
    await device.ask(protocol.searchDirectory.path, protocol.searchDirectory, {
      query,
      ...(after === undefined ? {} : { after }),
    }),
  );
const namesFor = async (device: TestDevice, query: string) =>
  (await search(device, query)).groups.map(({ name }) => name);

async function group(world: RelayWorld, ...members: readonly [TestDevice, ...TestDevice[]]): Promise<StreamId> {
  const stream = newId<StreamId>(world.random);
  value(await members[0].commit(stream, 0, { members: members.map(({ id }) => id) }));
  return stream;
}

describe('the directory', () => {
  test('finds a group by words of its name and description, with its people and its link', async () => {
    const world = await relayWorld();
    const account = newAccount();
    const [ana, tablet, ben, eve] = [
      await world.device(account),
      await world.device(account),
      await world.device(),
      await world.device(),
    ];
    const hikes = await group(world, ana, tablet, ben);
    value(await list(ana, hikes, 'Wanderer Zürich', 'Every Sunday, 100% outdoors'));
    value(await list(ana, await group(world, ana), 'Chess', 'On sundays too'));
    expect((await search(eve, 'zurich')).groups).toEqual([
      { stream: hikes, name: 'Wanderer Zürich', description: 'Every Sunday, 100% outdoors', members: 2, link },
    ]);
    expect(await namesFor(eve, '')).toEqual(['Chess', 'Wanderer Zürich']);
    expect(await namesFor(eve, 'SUNDAY')).toEqual(['Chess', 'Wanderer Zürich']);
    expect(await namesFor(eve, 'sunday out')).toEqual(['Wanderer Zürich']);
    expect(await namesFor(eve, '100%')).toEqual(['Wanderer Zürich']);
    for (const query of ['%', '_', "'", 'zurich basel'])
      expect((await namesFor(eve, query)).length).toBe(query === '%' ? 1 : 0);
  });

  test('is changed by who listed it as long as they are a member, and by nobody else', async () => {
    const world = await relayWorld();
    const [ana, ben, eve] = [await world.device(), await world.device(), await world.device()];
    const stream = await group(world, ana, ben);
    expect(await list(eve, stream, 'Mine')).toMatchObject({ code: 'forbidden' });
    expect(await list(ana, newId<StreamId>(world.random), 'None')).toMatchObject({ code: 'not-found' });
    expect(await list(ana, ana.mailbox, 'Mailbox')).toMatchObject({ code: 'forbidden' });
    expect(await list(ana, stream, ' \n')).toMatchObject({ code: 'bad-request' });
    value(await list(ana, stream, 'Hike'));
    value(await list(ana, stream, 'Hikes'));
    expect(await list(ben, stream, 'Other')).toMatchObject({ code: 'forbidden' });
    expect(await unlist(ben, stream)).toMatchObject({ code: 'forbidden' });
    expect(await namesFor(eve, '')).toEqual(['Hikes']);
    value(await ana.commit(stream, 1, { members: [ana.id, ben.id] }));
    value(await ben.commit(stream, 2, { members: [ben.id], fence: true }));
    expect(await unlist(ana, stream)).toMatchObject({ code: 'forbidden' });
    value(await list(ben, stream, 'Ours'));
    value(await unlist(ben, stream));
    value(await unlist(ben, stream));
    expect(await namesFor(eve, '')).toEqual([]);
  });

  test('comes in pages, without what has ended', async () => {
    const world = await relayWorld();
    const devices = [await world.device(), await world.device(), await world.device()];
    for (let i = 0; i < 60; i++) {
      const device = devices[i % 3] ?? devices[0];
      if (device === undefined) throw new Error('no device');
      value(await list(device, await group(world, device), `Group ${i % 7}`));
    }
    const [ana] = devices;
    if (ana === undefined) throw new Error('no device');
    const first = await search(ana, 'group');
    const second = await search(ana, 'group', first.next);
    expect([first.groups.length, second.groups.length, second.next]).toEqual([50, 10, undefined]);
    expect(new Set([...first.groups, ...second.groups].map(({ stream }) => stream)).size).toBe(60);
    expect(await list(ana, await group(world, ana), 'One too many')).toMatchObject({ code: 'quota-exceeded' });
    world.clock.advance(90 * 24 * 3600_000);
    value(await ana.login());
    expect((await search(ana, 'group')).groups).toEqual([]);
  });
});
