import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, describe, expect, test, vi } from 'vitest';
import * as v from 'valibot';
import { WebSocketServer } from 'ws';
import { newId, type StreamId } from '../../src/lib/core/ids.ts';
import { createHttpTransport } from '../../src/lib/platform/httpTransport.ts';
import { bytes } from '../../src/lib/protocol/fields.ts';
import { socketCloses } from '../../src/lib/protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import { listenForSockets } from '../server/socketServer.ts';
import { countedRandom, relayWorld, testClock } from '../server/relayWorld.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** What a listener was told. */
function ears() {
  const heard = { ready: 0, bells: [] as number[], ends: 0 };
  return {
    heard,
    events: {
      onReady: () => void heard.ready++,
      onBell: (_: StreamId, head: number) => void heard.bells.push(head),
      onEnd: () => void heard.ends++,
    },
  };
}

/** A relay of the first version, which knew no hello but `{ token }`. */
async function firstRelay(stream: StreamId) {
  const hello = v.strictObject({ token: bytes(32) });
  const hellos: boolean[] = [];
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => {
      const isGood = valueFromCbor(hello, new Uint8Array(data), 1024).ok;
      hellos.push(isGood);
      if (!isGood) return socket.close(socketCloses.badFrame);
      socket.send(cborFromValue({ ready: true }));
      socket.send(cborFromValue({ stream, head: 7 }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return { origin: `http://127.0.0.1:${address.port}`, hellos, sockets };
}

describe('the doorbell of a client', () => {
  const token = new Uint8Array(32);

  test('rings at a relay that is older and refuses what it does not know of a hello', async () => {
    const relay = await firstRelay(newId<StreamId>(countedRandom()));
    const transport = createHttpTransport(relay.origin, testClock());
    const first = ears();
    ends.push(transport.listen(token, first.events));
    await vi.waitFor(() => expect(first.heard).toEqual({ ready: 1, bells: [7], ends: 0 }));
    expect(relay.hellos).toEqual([false, true]);

    // It is not asked again what it refused.
    const second = ears();
    ends.push(transport.listen(token, second.events));
    await vi.waitFor(() => expect(second.heard).toEqual({ ready: 1, bells: [7], ends: 0 }));
    expect(relay.hellos).toEqual([false, true, true]);
    for (const socket of relay.sockets.clients) socket.close(socketCloses.badFrame);
    await vi.waitFor(() => expect([first.heard.ends, second.heard.ends]).toEqual([1, 1]));
    expect(relay.hellos).toHaveLength(3);
  });

  test('is opened once at a relay of this version, and ends with the session', async () => {
    const world = await relayWorld();
    const server = await listenForSockets(world);
    ends.push(() => server.close());
    const ana = await world.device();
    const transport = createHttpTransport(`http://127.0.0.1:${server.port}`, world.clock);
    const { heard, events } = ears();
    ends.push(transport.listen(ana.token ?? token, events));
    await vi.waitFor(() => expect(heard.ready).toBe(1));
    expect(server.connections.size).toBe(1);
    await world.relay.revokeDevice(ana.id);
    await vi.waitFor(() => expect(heard.ends).toBe(1));
    const refused = ears();
    ends.push(transport.listen(token, refused.events));
    await vi.waitFor(() => expect(refused.heard).toEqual({ ready: 0, bells: [], ends: 1 }));
  });
});
