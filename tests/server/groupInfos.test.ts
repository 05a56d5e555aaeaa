import { describe, expect, test } from 'vitest';
import { idFromBytes, type StreamId } from '../../src/lib/core/ids.ts';
import { sha256 } from '../../src/lib/server/sha256.ts';
import * as protocol from '../../src/lib/protocol/requests.ts';
import { relayWorld, value, type TestDevice } from './relayWorld.ts';

const infoOf = (device: TestDevice, stream: StreamId) =>
  device.ask(protocol.groupInfo.path(stream), protocol.groupInfo, {});

describe('what a commit leaves for members that can’t follow', () => {
  test('is what the newest commit left, and nothing where it left nothing', async () => {
    const world = await relayWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    const stream = idFromBytes<StreamId>(world.random.bytes(16));
    const members = [ana.id, bo.id];
    value(await ana.commit(stream, 0, { members, info: new Uint8Array([1, 2]) }));
    expect(value(await infoOf(bo, stream))).toEqual({ epoch: 1, head: 1, info: new Uint8Array([1, 2]) });
    value(await bo.commit(stream, 1, { members, info: new Uint8Array([3]) }));
    expect(value(await infoOf(ana, stream))).toEqual({ epoch: 2, head: 2, info: new Uint8Array([3]) });
    expect(await ana.commit(stream, 1, { members, info: new Uint8Array([4]) })).toMatchObject({ code: 'epoch-taken' });
    expect(value(await infoOf(ana, stream))).toEqual({ epoch: 2, head: 2, info: new Uint8Array([3]) });
    value(await ana.commit(stream, 2, { members }));
    expect(value(await infoOf(ana, stream))).toEqual({ epoch: 3, head: 3 });
  });

  test('is for present members alone', async () => {
    const world = await relayWorld();
    const [ana, bo, eve] = [await world.device(), await world.device(), await world.device()];
    const stream = idFromBytes<StreamId>(world.random.bytes(16));
    value(await ana.commit(stream, 0, { members: [ana.id, bo.id] }));
    value(await ana.commit(stream, 1, { members: [ana.id], info: new Uint8Array([1]) }));
    expect(await infoOf(bo, stream)).toMatchObject({ code: 'forbidden' });
    expect(await infoOf(eve, stream)).toMatchObject({ code: 'forbidden' });
    expect(await infoOf(ana, ana.mailbox)).toMatchObject({ code: 'forbidden' });
    expect(await infoOf(ana, idFromBytes<StreamId>(world.random.bytes(16)))).toMatchObject({ code: 'not-found' });
  });
});

describe('whoever comes by a link', () => {
  const [token, box] = [new Uint8Array(32).fill(5), new Uint8Array([7])];
  const door = { token: sha256(token), box };

  async function open() {
    const world = await relayWorld();
    const [ana, bo, eve] = [await world.device(), await world.device(), await world.device()];
    const stream = idFromBytes<StreamId>(world.random.bytes(16));
    value(await ana.commit(stream, 0, { members: [ana.id], info: new Uint8Array([1]), door }));
    const knock = (device: TestDevice, through = token) =>
      device.ask(protocol.groupInfo.path(stream), protocol.groupInfo, { through });
    return { ana, bo, eve, stream, knock };
  }

  test('gets what is behind the door for the token, and nothing for another', async () => {
    const { bo, knock } = await open();
    expect(value(await knock(bo))).toEqual({ epoch: 1, head: 1, info: new Uint8Array([1]), box });
    expect(await knock(bo, new Uint8Array(32))).toMatchObject({ code: 'forbidden' });
    expect(await knock(bo, Uint8Array.from(door.token))).toMatchObject({ code: 'forbidden' });
  });

  test('comes in with one commit, reads from then on, and leaves the door as it was', async () => {
    const { ana, bo, eve, stream, knock } = await open();
    const coming = { members: [ana.id, bo.id], info: new Uint8Array([2]), through: token };
    const { seq } = value(await bo.commit(stream, 1, coming));
    expect(await eve.commit(stream, 1, { ...coming, members: [ana.id, eve.id] })).toMatchObject({
      code: 'epoch-taken',
    });
    value(await ana.append(stream, [{ id: idFromBytes<string>(new Uint8Array(16)), epoch: 2 }]));
    const read = (await bo.catchUp()).filter((entry) => entry.stream === stream);
    expect(read.map((entry) => entry.seq)).toEqual([seq + 1]);
    expect(value(await knock(eve))).toEqual({ epoch: 2, head: 3, info: new Uint8Array([2]), box });
  });

  test('brings nobody else, takes nobody away, and touches no door', async () => {
    const { ana, bo, eve, stream } = await open();
    const coming = { members: [ana.id, bo.id], through: token };
    const changes = [{ members: [bo.id] }, { members: [ana.id, bo.id, eve.id] }, { door }];
    for (const change of changes) {
      expect(await bo.commit(stream, 1, { ...coming, ...change })).toMatchObject({ code: 'bad-request' });
    }
    expect(await bo.commit(stream, 1, { ...coming, through: new Uint8Array(32) })).toMatchObject({ code: 'forbidden' });
  });

  test('finds it closed once a commit left none', async () => {
    const { ana, bo, stream, knock } = await open();
    value(await ana.commit(stream, 1, { members: [ana.id] }));
    expect(await knock(bo)).toMatchObject({ code: 'forbidden' });
    expect(await bo.commit(stream, 2, { members: [ana.id, bo.id], through: token })).toMatchObject({
      code: 'forbidden',
    });
  });
});
