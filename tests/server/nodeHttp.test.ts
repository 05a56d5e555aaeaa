import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { base64urlFromBytes } from '../../src/lib/core/bytes.ts';
import { limits } from '../../src/lib/protocol/limits.ts';
import * as protocol from '../../src/lib/protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import { addressFrom, createApi } from '../../src/lib/server/nodeHttp.ts';
import type { RelayOptions } from '../../src/lib/server/relay.ts';
import { relayWorld } from './relayWorld.ts';

async function servedWorld(options: Partial<RelayOptions> = {}) {
  const world = await relayWorld(options);
  const serve = createApi(world.relay, addressFrom({}));
  const server = createServer((request, response) => {
    if (!serve(request, response)) response.writeHead(418).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new TypeError('no port');
  const base = `http://127.0.0.1:${address.port}`;
  const send = (path: string, init: RequestInit = {}) => fetch(base + path, { method: 'POST', headers: CBOR, ...init });
  return { world, port: address.port, send };
}

const CBOR = { 'content-type': 'application/cbor' };

async function codeOf(response: Response): Promise<string | undefined> {
  const decoded = valueFromCbor(protocol.errorBody, new Uint8Array(await response.arrayBuffer()), limits.body);
  return decoded.ok ? decoded.value.code : undefined;
}

describe('a request to the relay of a Node server', () => {
  test('is answered in CBOR of a length that is told, that nobody keeps', async () => {
    const { world, send } = await servedWorld();
    const ana = await world.device();
    const headers = { ...CBOR, authorization: `Bearer ${base64urlFromBytes(ana.token ?? new Uint8Array())}` };
    const response = await send('/api/v1/key-packages/count?x=1', { headers, body: cborFromValue({}) });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/cbor');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const body = new Uint8Array(await response.arrayBuffer());
    expect(response.headers.get('content-length')).toBe(String(body.length));
    expect(valueFromCbor(protocol.countKeyPackages.answer, body, 100)).toMatchObject({ ok: true });
  });

  test('is left alone where it is for somebody else', async () => {
    const { send } = await servedWorld();
    for (const path of ['/', '/api/v2/login', '/api/operator', '/api/v1', '//api/v1/login']) {
      expect((await send(path, { body: 'x' })).status).toBe(418);
    }
  });

  test('is refused as every other is', async () => {
    const { send } = await servedWorld();
    const got = await send('/api/v1/login', { method: 'GET' });
    expect([got.status, got.headers.get('allow'), await codeOf(got)]).toEqual([405, 'POST', 'bad-request']);
    const head = await send('/api/v1/login', { method: 'HEAD' });
    expect([head.status, (await head.arrayBuffer()).byteLength]).toEqual([405, 0]);
    const text = await send('/api/v1/login', { headers: { 'content-type': 'text/plain' }, body: 'x' });
    expect([text.status, text.headers.get('connection'), await codeOf(text)]).toEqual([415, 'close', 'bad-request']);
    for (const path of ['/api/v1/', '/api/v1/%', '/api/v1/../v1/login/x', '/api/v1/streams//entries']) {
      const none = await send(path, { body: 'x' });
      expect([none.status, await codeOf(none)]).toEqual([404, 'not-found']);
    }
    const junk = await send('/api/v1/login', { body: 'x' });
    expect([junk.status, await codeOf(junk)]).toEqual([400, 'bad-request']);
    const stranger = await send('/api/v1/catch-up', { body: 'x' });
    expect([stranger.status, await codeOf(stranger)]).toEqual([401, 'unauthorized']);
  });

  test('that is too large is refused, announced or not, and its connection ends', async () => {
    const { send, port } = await servedWorld();
    const large = await send('/api/v1/login', { body: new Uint8Array(limits.body + 1) }).catch(() => undefined);
    // The relay may have ended the connection before all of it was sent: then there is no answer to read.
    if (large !== undefined) expect([large.status, await codeOf(large)]).toEqual([413, 'too-large']);
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    let answer = '';
    socket.on('data', (data) => (answer += data.toString('latin1')));
    const ended = once(socket, 'close');
    socket.on('error', () => undefined);
    const head =
      'POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/cbor\r\nTransfer-Encoding: chunked';
    socket.write(`${head}\r\n\r\n`);
    const part = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    for (let sent = 0; sent <= limits.body && !socket.destroyed; sent += 65_536) socket.write(part);
    await ended;
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  test('that breaks off harms nobody', async () => {
    const { world, send, port } = await servedWorld();
    const socket = connect(port, '127.0.0.1');
    const head = 'POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/cbor\r\nContent-Length: 100';
    socket.end(`${head}\r\n\r\nabc`);
    await once(socket.resume(), 'close');
    expect((await send('/api/v1/login', { body: 'x' })).status).toBe(400);
    expect(await (await world.device()).catchUp()).toEqual([]);
  });

  test('counts for the address that it came from', async () => {
    const { send } = await servedWorld({ rates: { perAddress: 1 } });
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) statuses.push((await send('/api/v1/login', { body: 'x' })).status);
    expect(statuses).toEqual([400, 400, 429]);
  });
});

describe('the address of a request', () => {
  const request = (headers: Record<string, string>) =>
    ({ headers, socket: { remoteAddress: '192.0.2.9' } }) as unknown as IncomingMessage;

  test('is that of the connection, whatever anybody claims', () => {
    expect(addressFrom({})(request({ 'x-forwarded-for': '203.0.113.1' }))).toBe('192.0.2.9');
  });

  test('is what the proxy says, where there is one', () => {
    const own = addressFrom({ ADDRESS_HEADER: 'X-Real-IP' });
    expect(own(request({ 'x-real-ip': '203.0.113.1' }))).toBe('203.0.113.1');
    expect(own(request({}))).toBe('192.0.2.9');
    const forwarded = request({ 'x-forwarded-for': 'forged, 203.0.113.1, 198.51.100.2' });
    expect(addressFrom({ ADDRESS_HEADER: 'X-Forwarded-For' })(forwarded)).toBe('198.51.100.2');
    expect(addressFrom({ ADDRESS_HEADER: 'x-forwarded-for', XFF_DEPTH: '2' })(forwarded)).toBe('203.0.113.1');
    expect(addressFrom({ ADDRESS_HEADER: 'x-forwarded-for', XFF_DEPTH: '9' })(forwarded)).toBe('192.0.2.9');
    expect(() => addressFrom({ XFF_DEPTH: 'x' })).toThrow(TypeError);
  });
});
