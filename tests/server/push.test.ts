import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { newId, type StreamId } from '../../src/lib/core/ids.ts';
import * as protocol from '../../src/lib/protocol/push.ts';
import { isPushService, ROUND_MS, WAKE_INTERVAL_MS } from '../../src/lib/server/push.ts';
import { relayWorld, value, type TestDevice } from './relayWorld.ts';

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

/** A push service of the test's own, which answers with `status`, and a relay that may use it. */
async function pushWorld(status = 201) {
  const requests: { path: string; headers: IncomingMessage['headers']; body: number }[] = [];
  const server = createServer((request, response) => {
    let body = 0;
    request.on('data', (data: Buffer) => (body += data.length));
    request.on('end', () => {
      requests.push({ path: request.url ?? '', headers: request.headers, body });
      response.writeHead(status, { location: '/elsewhere' }).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const origin = `http://127.0.0.1:${address.port}`;
  endings.push(() => server.close());
  const world = await relayWorld({ push: { contact: 'mailto:operator@example.org', hosts: [origin] } });
  endings.push(() => world.relay.close());
  const [ana, ben] = [await world.device(), await world.device()];
  const stream = newId<StreamId>(world.random);
  value(await ana.commit(stream, 0, { members: [ana.id, ben.id] }));
  const say = async (quiet?: true, from = ana) => {
    value(await from.append(stream, [{ id: newId<string>(world.random), epoch: 1, ...(quiet && { quiet }) }]));
    world.clock.advance(ROUND_MS);
  };
  return { world, requests, origin, ana, ben, stream, say };
}

const subscribe = (device: TestDevice, endpoint: string) =>
  device.ask(protocol.subscribePush.path, protocol.subscribePush, {
    endpoint,
    p256dh: new Uint8Array(65).fill(4),
    auth: new Uint8Array(16),
  });

describe('a device without a socket', () => {
  test('is woken without content, signed by the key it subscribed with', async () => {
    const { requests, origin, ben, say } = await pushWorld();
    const { key } = value(await ben.ask(protocol.pushKey.path, protocol.pushKey, {}));
    expect(value(await ben.ask(protocol.pushKey.path, protocol.pushKey, {})).key).toEqual(key);
    value(await subscribe(ben, `${origin}/ben`));
    await say();
    await expect.poll(() => requests.length).toBe(1);
    const [request] = requests;
    expect(request).toMatchObject({ path: '/ben', body: 0, headers: { topic: 'cairn', ttl: '86400' } });
    expect(request?.headers.authorization).toContain(`k=${Buffer.from(key).toString('base64url')}`);
    expect(JSON.stringify(request)).not.toContain(ben.id);
  });

  test('is woken once for what comes together, and once more for what came after', async () => {
    const { world, requests, origin, ben, say } = await pushWorld();
    value(await subscribe(ben, `${origin}/ben`));
    for (let i = 0; i < 5; i++) await say();
    await expect.poll(() => requests.length).toBe(1);
    // The rounds above are read one after the other: the last of them must be noted before time moves on.
    await ben.catchUp();
    world.clock.advance(WAKE_INTERVAL_MS);
    await expect.poll(() => requests.length).toBe(2);
    world.clock.advance(WAKE_INTERVAL_MS);
    await ben.catchUp();
    expect(requests).toHaveLength(2);
  });

  test('is woken by messages and welcomes alone, and not by what its own person does', async () => {
    const { world, requests, origin, ana, ben, stream, say } = await pushWorld();
    const paths = () => requests.map(({ path }) => path);
    const other = await world.device(ben.account);
    value(await ana.commit(stream, 1, { members: [ana.id, ben.id, other.id] }));
    value(await subscribe(ben, `${origin}/ben`));
    value(await subscribe(ana, `${origin}/ana`));
    // Twice, so that a wake-up of Ben's would be seen before the second of Ana's.
    for (const woken of [['/ana'], ['/ana', '/ana']]) {
      await say(true);
      await say(undefined, other);
      await expect.poll(paths).toEqual(woken);
      world.clock.advance(WAKE_INTERVAL_MS);
    }
    const welcome = { id: newId<string>(world.random), device: ben.id, payload: new Uint8Array([1]) };
    const group = newId<StreamId>(world.random);
    value(await ana.commit(group, 0, { members: [ana.id, ben.id], welcomes: [welcome] }));
    world.clock.advance(ROUND_MS);
    await expect.poll(paths).toEqual(['/ana', '/ana', '/ben']);
  });

  test.each([404, 410])('is forgotten when the push service answers %d', async (status) => {
    const { world, requests, origin, ben, say } = await pushWorld(status);
    value(await subscribe(ben, `${origin}/ben`));
    await say();
    await expect.poll(() => requests.length).toBe(1);
    await ben.catchUp();
    world.clock.advance(WAKE_INTERVAL_MS);
    await say();
    await ben.catchUp();
    expect(requests).toHaveLength(1);
  });

  test('is left alone while it listens, after it said stop, and once it is revoked', async () => {
    const { world, requests, origin, ana, ben, say } = await pushWorld();
    value(await subscribe(ben, `${origin}/ben`));
    value(await subscribe(ana, `${origin}/ana`));
    const listening = { ring: () => undefined, ended: () => undefined };
    expect(await world.relay.listen(ben.token ?? new Uint8Array(), listening)).toMatchObject({ ok: true });
    value(await ana.ask(protocol.stopPush.path, protocol.stopPush, {}));
    await say();
    await world.relay.revokeDevice(ben.id);
    await say();
    await ana.catchUp();
    expect(requests).toEqual([]);
  });
});

describe('an endpoint', () => {
  test('is one of a push service', async () => {
    const { ben } = await pushWorld();
    expect(await subscribe(ben, 'https://fcm.googleapis.com/fcm/send/x')).toMatchObject({ ok: true });
    for (const endpoint of ['https://169.254.169.254/', 'http://localhost:22/', 'https://relay.test/', 'x', '']) {
      expect(await subscribe(ben, endpoint)).toMatchObject({ status: 403, code: 'forbidden' });
    }
  });

  test.each([
    ['https://updates.push.services.mozilla.com/wpush/v2/x', true],
    ['https://web.push.apple.com/x', true],
    ['https://am3p.notify.windows.com/w/?token=x', true],
    ['http://fcm.googleapis.com/', false],
    ['https://fcm.googleapis.com:8443/', false],
    ['https://fcm.googleapis.com.example.org/', false],
    ['https://notify.windows.com.evil/', false],
    ['https://user@fcm.googleapis.com/', false],
    ['https://evil.org/#fcm.googleapis.com', false],
    ['https://push.example.org/', true],
  ])('%s: %s', (endpoint, allowed) => {
    expect(isPushService(endpoint, ['push.example.org'])).toBe(allowed);
  });
});
