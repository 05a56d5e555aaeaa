import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { idFromBytes, type StreamId } from '../../src/lib/core/ids.ts';
import { cborFromValue } from '../../src/lib/protocol/wire.ts';
import { kill, newFolder, overHttp, startRelay } from './processes.ts';
import { countedRandom, newAccount, newDevice, value, type TestDevice } from './relayWorld.ts';
import { sentEntries } from './sentEntries.ts';
import { databaseUrl, emptyDatabase, natsUrl } from './services.ts';

/**
 * What stands before several relays under one address: takes connections in turns to those that listen, and
 * ends them with their relay.
 */
async function startProxy(ports: readonly number[]): Promise<number> {
  let turn = 0;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    open.add(client);
    client.on('error', () => client.destroy());
    client.on('close', () => open.delete(client));
    pass(client, turn++, ports.length);
  });
  onTestFinished(() => {
    server.close();
    for (const client of open) client.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new TypeError('no port');
  return address.port;

  function pass(client: Socket, at: number, tries: number): void {
    const relay = connect({ host: '127.0.0.1', port: ports[at % ports.length] ?? 0 });
    let isThere = false;
    relay.once('connect', () => {
      isThere = true;
      client.pipe(relay).pipe(client);
    });
    relay.on('error', () => {
      if (isThere || tries === 1) client.destroy();
      else pass(client, at + 1, tries - 1);
    });
    relay.on('close', () => {
      if (isThere) client.destroy();
    });
    client.on('close', () => relay.destroy());
  }
}

/** Listens on a socket, opens another when it ends, and catches up whenever it is told to. */
function reader(port: number, device: TestDevice, stream: StreamId) {
  const read: number[] = [];
  const cursors: Record<string, number> = {};
  let reading = Promise.resolve();
  let sockets = 0;
  let isOver = false;
  let socket: WebSocket | undefined;
  onTestFinished(() => {
    isOver = true;
    socket?.terminate();
  });
  open();
  return { read, sockets: () => sockets };

  function open(): void {
    if (isOver) return;
    socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/socket`);
    socket.on('open', () => socket?.send(cborFromValue({ token: device.token })));
    // Ready, or a bell.
    socket.on('message', () => {
      reading = reading.then(catchUp);
    });
    socket.once('message', () => (sockets += 1));
    socket.on('error', () => undefined);
    socket.on('close', open);
  }

  async function catchUp(): Promise<void> {
    try {
      for (const entry of await device.catchUp(cursors)) if (entry.stream === stream) read.push(entry.seq);
    } catch (thrown) {
      // Nobody answered: the socket ends too, and the next one begins with a catch-up.
      if (!(thrown instanceof TypeError)) throw thrown;
    }
  }
}

describe.skipIf(databaseUrl === undefined || natsUrl === undefined)('two relays behind one address', () => {
  test('serve one group; one is killed, and its clients go on with the other', async () => {
    const shared = { DATABASE_URL: await emptyDatabase(), NATS_URL: natsUrl ?? '', DATA_DIR: newFolder() };
    const relays = [await startRelay(shared), await startRelay(shared)];
    const port = await startProxy(relays.map((relay) => relay.port));
    const random = countedRandom(9);
    const devices = Array.from({ length: 4 }, () =>
      newDevice(
        overHttp(() => port),
        newAccount(),
        random,
      ),
    );
    for (const device of devices) {
      value(await device.register());
      value(await device.login());
    }
    const stream = idFromBytes<StreamId>(random.bytes(16));
    const [maker] = devices;
    if (maker === undefined) throw new Error('no device');
    value(await maker.commit(stream, 0, { members: devices.map(({ id }) => id) }));
    const sent = sentEntries(stream, random);
    const readers = devices.map((device) => reader(port, device, stream));
    await vi.waitFor(() => expect(readers.every(({ sockets }) => sockets() > 0)).toBe(true), 10_000);

    const writing = devices.map(async (by) => {
      for (let i = 0; i < 30; i++) {
        try {
          await sent.send(by, 2);
        } catch (thrown) {
          if (!(thrown instanceof TypeError)) throw thrown;
        }
        if (by === maker && i === 10 && relays[0] !== undefined) await kill(relays[0].child);
      }
    });
    await Promise.all(writing);
    await sent.sendAgain();
    await sent.check(maker);

    // The commit, and every entry: by the bell of the relay that is left.
    const all = Array.from({ length: sent.size }, (_, i) => i + 2);
    for (const { read } of readers) {
      await vi.waitFor(() => expect(read.filter((seq) => seq > 1)).toEqual(all), 30_000);
    }
    expect(readers.some(({ sockets }) => sockets() > 1)).toBe(true);
  });
});
