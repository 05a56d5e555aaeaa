import { describe, expect, test } from 'vitest';
import { base64urlFromBytes } from '../../src/lib/core/bytes.ts';
import { limits } from '../../src/lib/protocol/limits.ts';
import * as protocol from '../../src/lib/protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import { answerHttp, answerNotFound, answerOtherVersion } from '../../src/lib/server/http.ts';
import { relayWorld, type RelayWorld } from './relayWorld.ts';

const CBOR = { 'content-type': 'application/cbor' };

function send(world: RelayWorld, path: string, init: RequestInit & { duplex?: 'half' }): Promise<Response> {
  const request = new Request(`http://relay.test/api/v1/${path}`, { method: 'POST', headers: CBOR, ...init });
  return answerHttp(world.relay, request, { path, address: '192.0.2.1' });
}

async function codeOf(response: Response): Promise<string | undefined> {
  const body = new Uint8Array(await response.arrayBuffer());
  const decoded = valueFromCbor(protocol.errorBody, body, limits.body);
  return decoded.ok ? decoded.value.code : undefined;
}

describe('a request over HTTP', () => {
  test('is answered in CBOR that nobody keeps', async () => {
    const world = await relayWorld();
    const ana = await world.device();
    const headers = { ...CBOR, authorization: `Bearer ${base64urlFromBytes(ana.token ?? new Uint8Array())}` };
    const response = await send(world, 'key-packages/count', { headers, body: cborFromValue({}) });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/cbor');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const body = new Uint8Array(await response.arrayBuffer());
    expect(valueFromCbor(protocol.countKeyPackages.answer, body, 100)).toMatchObject({ ok: true });
  });

  test('needs a token spelled as the relay spells it', async () => {
    const world = await relayWorld();
    const ana = await world.device();
    const token = base64urlFromBytes(ana.token ?? new Uint8Array());
    for (const authorization of [
      '',
      token,
      `Basic ${token}`,
      `Bearer ${token}=`,
      `Bearer ${token.slice(1)}`,
      'Bearer ',
    ]) {
      const response = await send(world, 'key-packages/count', {
        headers: { ...CBOR, authorization },
        body: cborFromValue({}),
      });
      expect([response.status, await codeOf(response)]).toEqual([401, 'unauthorized']);
    }
  });

  test('is a POST of CBOR, or it is told what would be', async () => {
    const world = await relayWorld();
    const got = await send(world, 'login', { method: 'GET' });
    expect([got.status, got.headers.get('allow'), await codeOf(got)]).toEqual([405, 'POST', 'bad-request']);
    for (const type of ['application/json', 'text/plain', 'application/cbor-seq', '']) {
      const response = await send(world, 'login', { headers: { 'content-type': type }, body: cborFromValue({}) });
      expect([response.status, await codeOf(response)]).toEqual([415, 'bad-request']);
    }
    const typed = await send(world, 'login', { headers: { 'content-type': 'Application/CBOR; x=y' }, body: 'x' });
    expect([typed.status, await codeOf(typed)]).toEqual([400, 'bad-request']);
  });

  test('of another version, or for nothing we have, is told so', async () => {
    const request = () => new Request('http://relay.test/api/v2/login', { method: 'POST', body: 'x' });
    const [other, none] = [answerOtherVersion(request()), answerNotFound(request())];
    expect([other.status, await codeOf(other)]).toEqual([426, 'unsupported-version']);
    expect([none.status, await codeOf(none)]).toEqual([404, 'not-found']);
  });

  test('that is too large is refused without reading it to its end', async () => {
    const world = await relayWorld();
    const announced = await send(world, 'login', {
      headers: { ...CBOR, 'content-length': String(limits.body + 1) },
      body: new ReadableStream({ pull: () => Promise.reject(new Error('was read')) }, { highWaterMark: 0 }),
      duplex: 'half',
    });
    expect([announced.status, await codeOf(announced)]).toEqual([413, 'too-large']);

    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    const response = await send(world, 'login', { body: endless, duplex: 'half' });
    expect([response.status, await codeOf(response)]).toEqual([413, 'too-large']);
    expect(sent).toBeLessThan(limits.body + 4 * 65_536);
    expect(response.headers.get('connection')).toBe('close');
  });

  test('that breaks off in the middle is no fault of the relay', async () => {
    const world = await relayWorld();
    const broken = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(cborFromValue({ device: 'x' }).slice(0, 3));
        controller.error(new Error('gone'));
      },
    });
    const response = await send(world, 'login', { body: broken, duplex: 'half' });
    expect([response.status, await codeOf(response)]).toEqual([400, 'bad-request']);
  });

  test('is told how long to wait', async () => {
    const world = await relayWorld({ rates: { perAddress: 1, perDevice: Infinity } });
    const ask = () => send(world, 'login', { body: 'x' });
    await ask();
    await ask();
    const response = await ask();
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '60']);
  });

  test('to a relay that is closing is unavailable', async () => {
    const world = await relayWorld();
    const ana = await world.device();
    await world.relay.close();
    const headers = { ...CBOR, authorization: `Bearer ${base64urlFromBytes(ana.token ?? new Uint8Array())}` };
    const response = await send(world, 'key-packages/count', { headers, body: cborFromValue({}) });
    expect([response.status, response.headers.get('retry-after'), await codeOf(response)]).toEqual([
      503,
      '1',
      'unavailable',
    ]);
  });
});
