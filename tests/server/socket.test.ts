import { once } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { idFromBytes, type StreamId } from '../../src/lib/core/ids.ts';
import { SESSION_MS } from '../../src/lib/protocol/limits.ts';
import { liveFrame, socketCloses } from '../../src/lib/protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import { relayWorld, value, type TestDevice } from './relayWorld.ts';
import { listenForSockets } from './socketServer.ts';

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

/** A relay whose sockets listen on a port, under a clock of the test's own. */
async function socketWorld() {
  const world = await relayWorld();
  const server = await listenForSockets(world);
  const { sockets, port } = server;
  endings.push(server.close);

  /** A client, with the frames it got. */
  const connect = async (options: { autoPong?: boolean; path?: string } = {}) => {
    const { path = '/api/v1/socket', ...rest } = options;
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, rest);
    const frames: unknown[] = [];
    socket.on('message', (data: Buffer) => {
      const frame = valueFromCbor(liveFrame, new Uint8Array(data), 100_000);
      frames.push(frame.ok ? frame.value : frame.error);
    });
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    await once(socket, 'open');
    return { socket, frames, closed };
  };
  const greet = async (
    device: TestDevice,
    { live, ...options }: Parameters<typeof connect>[0] & { live?: true } = {},
  ) => {
    const client = await connect(options);
    client.socket.send(cborFromValue({ token: device.token ?? new Uint8Array(32), live }));
    await vi.waitFor(() => expect(client.frames).toEqual([{ ready: true }]));
    return client;
  };
  return { world, sockets, connect, greet };
}

describe('a socket', () => {
  test('says ready, and then rings whenever a stream of the device grows', async () => {
    const { world, greet } = await socketWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    const client = await greet(bo);
    const stream = idFromBytes<StreamId>(world.random.bytes(16));
    value(await ana.commit(stream, 0, { members: [ana.id, bo.id] }));
    value(await ana.append(stream, [{ id: ana.id, epoch: 1 }]));
    await vi.waitFor(() => expect(client.frames.at(-1)).toEqual({ stream, head: 2 }));
  });

  test('brings what is new where that is asked for, and bells to everybody else', async () => {
    const { world, greet } = await socketWorld();
    const [ana, bo, cleo] = [await world.device(), await world.device(), await world.device()];
    const stream = idFromBytes<StreamId>(world.random.bytes(16));
    value(await ana.commit(stream, 0, { members: [ana.id, bo.id, cleo.id] }));
    const [bos, cleos] = [await greet(bo, { live: true }), await greet(cleo)];
    const say = async (payload: Uint8Array<ArrayBuffer>, ids = [idFromBytes<string>(world.random.bytes(16))]) =>
      value(
        await ana.append(
          stream,
          ids.map((id) => ({ id, epoch: 1, payload })),
        ),
      );
    // Who reads is looked up with the first; then it is known.
    await say(new Uint8Array([1]));
    await vi.waitFor(() => expect(bos.frames.at(-1)).toEqual({ stream, head: 2 }));
    await say(new Uint8Array([2]), [ana.id, bo.id]);
    await vi.waitFor(() => expect(cleos.frames.at(-1)).toEqual({ stream, head: 4 }));
    await vi.waitFor(() =>
      expect(bos.frames.at(-1)).toEqual({
        stream,
        entries: [
          expect.objectContaining({ seq: 3, id: ana.id, sender: ana.id, payload: new Uint8Array([2]) }),
          expect.objectContaining({ seq: 4, id: bo.id }),
        ],
      }),
    );
    const { entries } = bos.frames.at(-1) as { entries: object[] };
    expect(entries.map((entry) => ({ stream, ...entry }))).toEqual((await bo.catchUp({ [stream]: 2 })).slice(0, 2));
    // Too much for a frame.
    await say(new Uint8Array(40_000));
    await vi.waitFor(() => expect(bos.frames.at(-1)).toEqual({ stream, head: 5 }));
  });

  test('brings nothing to a device that was removed, whatever was known before', async () => {
    const { world, greet } = await socketWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    const stream = idFromBytes<StreamId>(world.random.bytes(16));
    value(await ana.commit(stream, 0, { members: [ana.id, bo.id] }));
    const [anas, bos] = [await greet(ana, { live: true }), await greet(bo, { live: true })];
    const say = async (epoch: number) =>
      value(await ana.append(stream, [{ id: idFromBytes<string>(world.random.bytes(16)), epoch }]));
    await say(1);
    await say(1);
    await vi.waitFor(() => expect(bos.frames).toHaveLength(3));
    value(await ana.commit(stream, 1, { members: [ana.id], fence: true }));
    await vi.waitFor(() => expect(bos.frames.at(-1)).toEqual({ stream, head: 4 }));
    await say(2);
    await say(2);
    await vi.waitFor(() => expect(anas.frames.at(-1)).toMatchObject({ entries: [{ seq: 6 }] }));
    expect(bos.frames).toHaveLength(4);
  });

  test('is closed on a hello that is none, and on a second frame', async () => {
    const { world, connect, greet } = await socketWorld();
    const ana = await world.device();
    const hello = cborFromValue({ token: ana.token ?? new Uint8Array(32) });
    for (const frame of ['text', new Uint8Array(), cborFromValue({ token: 'x' }), hello.slice(0, -1)]) {
      const client = await connect();
      client.socket.send(frame);
      expect(await client.closed).toBe(socketCloses.badFrame);
    }
    const twice = await greet(ana);
    twice.socket.send(hello);
    expect(await twice.closed).toBe(socketCloses.badFrame);
  });

  test('is closed on a frame that is too large, before it is read', async () => {
    const { connect } = await socketWorld();
    const client = await connect();
    client.socket.send(new Uint8Array(1_025));
    expect(await client.closed).toBe(1009);
  });

  test('is closed without a session, when the session ends, and when the device is revoked', async () => {
    const { world, connect, greet } = await socketWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    const stranger = await connect();
    stranger.socket.send(cborFromValue({ token: new Uint8Array(32) }));
    expect(await stranger.closed).toBe(socketCloses.unauthorized);

    const bos = await greet(bo);
    await world.relay.revokeDevice(bo.id);
    expect(await bos.closed).toBe(socketCloses.unauthorized);

    world.clock.advance(SESSION_MS - 5_000);
    const anas = await greet(ana);
    world.clock.advance(5_000);
    expect(await anas.closed).toBe(socketCloses.unauthorized);
  });

  test('is closed when nobody says hello', async () => {
    const { world, connect } = await socketWorld();
    const client = await connect();
    world.clock.advance(10_000);
    expect(await client.closed).toBe(socketCloses.noHello);
  });

  test('is cut when the other side no longer answers a heartbeat', async () => {
    const { world, greet } = await socketWorld();
    const dead = await greet(await world.device(), { autoPong: false });
    world.clock.advance(30_000);
    await once(dead.socket, 'ping');
    world.clock.advance(30_000);
    expect(await dead.closed).toBe(1006);
  });

  test('is told when the relay goes away, and none is taken after that', async () => {
    const { world, sockets, connect, greet } = await socketWorld();
    const client = await greet(await world.device());
    const closing = sockets.close();
    expect(await client.closed).toBe(socketCloses.goingAway);
    await closing;
    await expect(connect()).rejects.toThrow('503');
  });

  test('is for its own path only', async () => {
    const { connect } = await socketWorld();
    await expect(connect({ path: '/api/v1/socket/more' })).rejects.toThrow();
    await expect(connect({ path: '/' })).rejects.toThrow();
  });
});
