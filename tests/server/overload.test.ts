import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { newId, type StreamId } from '../../src/lib/core/ids.ts';
import { errorBody } from '../../src/lib/protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import { createLocalBus } from '../../src/lib/server/bus/local.ts';
import { routes } from '../../src/lib/server/endpoints.ts';
import { answerHttp } from '../../src/lib/server/http.ts';
import { relayWorld, value, type RelayWorld } from './relayWorld.ts';
import { listenForSockets } from './socketServer.ts';

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

async function streamOf(world: RelayWorld) {
  const [ana, bo, eve] = [await world.device(), await world.device(), await world.device()];
  const stream = newId<StreamId>(world.random);
  value(await ana.commit(stream, 0, { members: [ana.id, bo.id] }));
  const records = (count: number) =>
    Array.from({ length: count }, () => ({ id: newId<string>(world.random), epoch: 1 }));
  return { ana, bo, eve, stream, records };
}

describe('a rate', () => {
  test('of a stream counts new entries of all its members, not retries and not strangers', async () => {
    const world = await relayWorld({ rates: { perStream: 6 } });
    const { ana, bo, eve, stream, records } = await streamOf(world);
    const first = records(11);
    value(await ana.append(stream, first));
    value(await ana.append(stream, first));
    expect(await eve.append(stream, records(200))).toMatchObject({ code: 'forbidden' });
    value(await bo.append(stream, records(1)));
    expect(await ana.append(stream, records(1))).toMatchObject({ status: 429, code: 'rate-limited', retryAfter: '10' });
    expect(await ana.catchUp()).toHaveLength(1 + 12);
    world.clock.advance(10_000);
    value(await ana.append(stream, records(1)));
    world.clock.advance(120_000);
    value(await ana.append(stream, records(200)));
    expect(await ana.append(stream, records(200))).toMatchObject({ retryAfter: '120' });
  });

  test('of bytes lets a device send no more than its share', async () => {
    const world = await relayWorld({ rates: { bytesPerDevice: 60_000 } });
    const { ana, bo, stream, records } = await streamOf(world);
    const large = () => records(1).map((record) => ({ ...record, payload: new Uint8Array(100_000) }));
    value(await ana.append(stream, large()));
    expect(await ana.append(stream, large())).toMatchObject({ status: 429, retryAfter: expect.any(String) as string });
    value(await bo.append(stream, large()));
    world.clock.advance(120_000);
    value(await ana.append(stream, large()));
  });

  test('of sockets keeps one device from taking them all', async () => {
    const world = await relayWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    const listen = (device: typeof ana) =>
      world.relay.listen(device.token ?? new Uint8Array(), { ring: () => undefined, ended: () => undefined });
    const stops: (() => void)[] = [];
    for (;;) {
      const listening = await listen(ana);
      if (!listening.ok) {
        expect(listening.error).toMatchObject({ code: 'rate-limited', retryAfter: 60 });
        break;
      }
      stops.push(listening.value);
    }
    expect(stops).toHaveLength(32);
    expect(await listen(bo)).toMatchObject({ ok: true });
    stops[0]?.();
    expect(await listen(ana)).toMatchObject({ ok: true });
  });
});

describe('a client that reads nothing', () => {
  test('costs less than 2 MB, is let go, and finds everything when it comes back', async () => {
    const bus = createLocalBus();
    const world = await relayWorld({ bus });
    const [ana, bo] = [await world.device(), await world.device()];
    const streams = Array.from({ length: 500 }, () => newId<StreamId>(world.random));
    for (const stream of streams) {
      value(await ana.commit(stream, 0, { members: [ana.id, bo.id] }));
      value(await ana.append(stream, [{ id: newId<string>(world.random), epoch: 1 }]));
    }
    const server = await listenForSockets(world);
    endings.push(server.close);
    const client = new WebSocket(`ws://127.0.0.1:${server.port}/api/v1/socket`);
    endings.push(() => client.terminate());
    await once(client, 'open');
    const ready = once(client, 'message');
    client.send(cborFromValue({ token: bo.token ?? new Uint8Array() }));
    await ready;
    // Nothing is read from here on: the kernel's buffers fill up, then the relay's.
    client.pause();
    const [connection] = server.connections;
    let most = 0;
    while (server.connections.size > 0) {
      for (const stream of streams) bus.ring({ stream, head: 2 });
      await turn();
      most = Math.max(most, connection?.writableLength ?? 0);
    }
    // A waiting bell of 60 bytes costs about 600 with everything around it.
    expect(most).toBeGreaterThan(30 * 1024);
    expect(most * 10).toBeLessThan(2 * 1024 * 1024);
    expect(await bo.catchUp()).toHaveLength(500);
  });
});

describe('junk', () => {
  /** Whatever comes back, the connection ends. */
  const sendRaw = async (port: number, bytes: string | Uint8Array): Promise<string> => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => (answer += data.toString('latin1')));
    socket.on('error', () => socket.destroy());
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.end(bytes);
    await closed;
    return answer;
  };
  const key = 'dGhlIHNhbXBsZSBub25jZQ==';
  const upgrade = (lines: readonly string[], path = '/api/v1/socket') =>
    [`GET ${path} HTTP/1.1`, 'Host: relay.test', ...lines, '', ''].join('\r\n');

  test('in place of an upgrade opens nothing and harms nobody', async () => {
    const world = await relayWorld();
    const ana = await world.device();
    const server = await listenForSockets(world);
    endings.push(server.close);
    const good = [
      'Connection: Upgrade',
      'Upgrade: websocket',
      `Sec-WebSocket-Key: ${key}`,
      'Sec-WebSocket-Version: 13',
    ];
    const bad = [
      ...good.map((_, left) => upgrade(good.filter((_, i) => i !== left))),
      upgrade(good, '/api/v1/socket/../socket'),
      upgrade(good, '/api/v1/%00'),
      upgrade(good, '//api/v1/socket'),
      upgrade(['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: x', 'Sec-WebSocket-Version: 13']),
      upgrade([...good.slice(0, 3), 'Sec-WebSocket-Version: 99']),
      upgrade(['Connection: Upgrade', 'Upgrade: h2c']),
      upgrade([...good, `X-Long: ${'a'.repeat(40_000)}`]),
      upgrade([...good, 'Content-Length: -1']),
      upgrade(good).replaceAll('\r', ''),
      'GET',
      '\0'.repeat(5_000),
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    ];
    for (const bytes of bad) expect(await sendRaw(server.port, bytes)).not.toContain('101 Switching');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(await sendRaw(server.port, bytes)).not.toContain('101 Switching');
      }),
      { numRuns: 50 },
    );
    expect(await sendRaw(server.port, upgrade(good))).toContain('101 Switching');
    expect(await ana.catchUp()).toEqual([]);
  });

  test('of any kind gets a typed refusal from every route', async () => {
    const world = await relayWorld();
    const ana = await world.device();
    const path = fc.oneof(
      fc.constantFrom(...routes.map((route) => route.replace('{id}', ana.id))),
      fc.string({ maxLength: 60 }),
      fc.constantFrom('..', '../..', 'streams//entries', '%2e%2e/accounts', 'accounts/', '__proto__', 'accounts\0'),
    );
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.anything().map((value) => {
        try {
          return cborFromValue(value);
        } catch {
          return new Uint8Array([0xff]);
        }
      }),
      fc.json().map((text) => new TextEncoder().encode(text)),
    );
    await fc.assert(
      fc.asyncProperty(path, body, fc.boolean(), async (path, body, known) => {
        // The empty map is what some routes want.
        fc.pre(!(body.length === 1 && body[0] === 0xa0));
        const answer = await world.relay.handle({ path, body, token: known ? ana.token : undefined });
        const decoded = valueFromCbor(errorBody, answer.body, 1_000);
        expect([answer.status >= 400 && answer.status < 500, decoded.ok]).toEqual([true, true]);
      }),
      { numRuns: 1_500 },
    );
    expect(await ana.catchUp()).toEqual([]);
  });

  test('in the headers is no fault of the relay', async () => {
    const world = await relayWorld();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('authorization', 'content-type', 'content-length', 'host'),
        fc.string({ unit: 'grapheme-ascii', maxLength: 80 }),
        async (name, text) => {
          const headers = new Headers({ 'content-type': 'application/cbor' });
          headers.set(name, text);
          const request = new Request('http://relay.test/api/v1/catch-up', { method: 'POST', headers, body: 'x' });
          const { status } = await answerHttp(world.relay, request, { path: 'catch-up', address: 'a' });
          expect([400, 401, 413, 415]).toContain(status);
        },
      ),
      { numRuns: 300 },
    );
  });
});
