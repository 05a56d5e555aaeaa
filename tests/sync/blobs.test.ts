import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../src/lib/core/bytes.ts';
import { newId } from '../../src/lib/core/ids.ts';
import { limits } from '../../src/lib/protocol/limits.ts';
import { getBlob, holdBlob, putBlob, releaseBlob, type BlobSource } from '../../src/lib/sync/blobs.ts';
import { createRelayClient } from '../../src/lib/sync/relayClient.ts';
import { newAccount, newDevice, ORIGIN, relayWorld } from '../server/relayWorld.ts';
import { createNetwork } from '../world/network.ts';

const CHUNK = limits.blobChunk;

const isPiece = (value: unknown): value is { bytes: Uint8Array } =>
  typeof value === 'object' && value !== null && 'bytes' in value;

async function blobWorld() {
  const world = await relayWorld();
  const client = () => {
    const device = newDevice(world.relay, newAccount(), world.random);
    const network = createNetwork(ORIGIN, () => world.relay);
    const sign = async (data: Bytes) => device.loginKeys.sign(data);
    return {
      network,
      relay: createRelayClient(network.transport, { device: device.id, certificate: device.certificate(), sign }),
    };
  };
  const whole = new Uint8Array(2 * CHUNK + 9).map((_, i) => (i * 7 + (i >> 20)) & 255);
  const source: BlobSource = {
    id: newId<string>(world.random),
    size: whole.length,
    sha256: new Uint8Array(createHash('sha256').update(whole).digest()),
    read: async (offset, length) => whole.slice(offset, offset + length),
  };
  return { client, source, whole };
}

describe('a blob', () => {
  test('goes up and comes down with progress, and goes on after each break', async () => {
    const { client, source, whole } = await blobWorld();
    const [ana, bo] = [client(), client()];
    const up: number[] = [];
    const note = (received: number) => up.push(received) > 0;
    ana.network.loseAnswerOf.add('append');
    expect(await putBlob(ana.relay, source, note)).toMatchObject({ ok: false, error: { code: 'network' } });
    expect(await putBlob(ana.relay, source, note)).toEqual({ ok: true, value: true });
    expect(up).toEqual([0, CHUNK, 2 * CHUNK, whole.length]);

    const down = new Uint8Array(whole.length);
    let have = 0;
    const take = async (chunk: Bytes, { offset, size }: { offset: number; size: number }) => {
      expect(size).toBe(whole.length);
      down.set(chunk, offset);
      have = offset + chunk.length;
      return have > CHUNK;
    };
    expect(await getBlob(bo.relay, source.id, 0, take)).toEqual({ ok: true, value: false });
    expect(have).toBe(CHUNK);
    expect(await getBlob(bo.relay, source.id, have, take)).toEqual({ ok: true, value: true });
    expect(down).toEqual(whole);
  });

  test('comes down in order with some chunks on their way at once, whatever comes first and however little', async () => {
    const { client, source, whole } = await blobWorld();
    const ana = client();
    await putBlob(ana.relay, source, () => true);
    let under = 0;
    let most = 0;
    let asked = 0;
    const relay: typeof ana.relay = {
      ...ana.relay,
      async call(endpoint, path, request) {
        const number = asked++;
        most = Math.max(most, ++under);
        const answer = await ana.relay.call(endpoint, path, request);
        // The earlier ones come last.
        for (let turn = 0; turn < 30 - 10 * (number % 3); turn++)
          await new Promise((resume) => void setImmediate(resume));
        under--;
        if (number === 1 && answer.ok && isPiece(answer.value)) answer.value.bytes = whole.slice(CHUNK, CHUNK + 5);
        return answer;
      },
    };
    const parts: Uint8Array[] = [];
    const got = await getBlob(relay, source.id, 0, async (chunk) => parts.push(chunk) > 0);
    expect(got).toEqual({ ok: true, value: true });
    expect(Buffer.concat(parts).equals(whole)).toBe(true);
    expect(parts.map(({ length }) => length)).toEqual([CHUNK, 5, CHUNK, 4]);
    expect(most).toBeGreaterThan(1);
  });

  test('can be stopped, held and let go', async () => {
    const { client, source } = await blobWorld();
    const [ana, bo] = [client(), client()];
    expect(await putBlob(ana.relay, source, (received) => received === 0)).toEqual({ ok: true, value: false });
    expect(await getBlob(bo.relay, source.id, 0, async () => true)).toMatchObject({ error: { code: 'not-found' } });
    expect(await putBlob(ana.relay, source, () => true)).toEqual({ ok: true, value: true });
    expect(await holdBlob(bo.relay, source.id)).toMatchObject({ ok: true });
    expect(await releaseBlob(ana.relay, source.id)).toEqual({ ok: true, value: {} });
  });
});
