import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { concat, type Bytes } from '../../src/lib/core/bytes.ts';
import { newId } from '../../src/lib/core/ids.ts';
import * as protocol from '../../src/lib/protocol/blobs.ts';
import { BLOB_HOLD_MS, BLOB_UPLOAD_MS, limits } from '../../src/lib/protocol/limits.ts';
import type { BlobStore } from '../../src/lib/server/blobs/port.ts';
import { createFolderBlobs } from '../../src/lib/server/blobs/fs.ts';
import { createMemoryBlobs } from '../../src/lib/server/blobs/memory.ts';
import { relayWorld, value, type RelayWorld, type TestDevice } from './relayWorld.ts';

const CHUNK = limits.blobChunk;
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-blobs-'));
  folders.push(folder);
  return folder;
}

/** Bytes that differ from chunk to chunk. */
const noise = (length: number): Bytes => new Uint8Array(length).map((_, i) => (i * 31 + (i >> 20)) & 255);
const sha256 = (bytes: Bytes): Bytes => new Uint8Array(createHash('sha256').update(bytes).digest());

const create = (device: TestDevice, id: string, whole: Bytes, hash = sha256(whole)) =>
  device.ask(protocol.createBlob.path, protocol.createBlob, { id, size: whole.length, sha256: hash });
const append = (device: TestDevice, id: string, offset: number, bytes: Bytes) =>
  device.ask(protocol.appendBlob.path(id), protocol.appendBlob, { offset, bytes });
const read = (device: TestDevice, id: string, offset: number, length: number) =>
  device.ask(protocol.readBlob.path(id), protocol.readBlob, { offset, length });
const hold = (device: TestDevice, id: string) => device.ask(protocol.holdBlob.path(id), protocol.holdBlob, {});
const release = (device: TestDevice, id: string) => device.ask(protocol.releaseBlob.path(id), protocol.releaseBlob, {});

async function upload(device: TestDevice, id: string, whole: Bytes): Promise<void> {
  let { received } = value(await create(device, id, whole));
  while (received < whole.length) {
    ({ received } = value(await append(device, id, received, whole.slice(received, received + CHUNK))));
  }
}

/** Lets the sweep run that the relay makes every ten minutes, and all that it began. */
async function sweep(world: RelayWorld, gone: () => Promise<boolean>): Promise<void> {
  world.clock.advance(10 * 60_000);
  await expect.poll(gone).toBe(true);
}

describe.each(['a folder', 'memory'])('blobs in %s', (place) => {
  const blobWorld = (options: { blobBytes?: number } = {}) => {
    const folder = newFolder();
    const blobs: BlobStore = place === 'memory' ? createMemoryBlobs() : createFolderBlobs(folder);
    return relayWorld({ blobs, quotas: options });
  };

  test('are uploaded in chunks and read in ranges, by everybody who knows the id', async () => {
    const world = await blobWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    const [id, whole] = [newId<string>(world.random), noise(2 * CHUNK + 77)];
    await upload(ana, id, whole);
    const parts = [value(await read(bo, id, 0, CHUNK)), value(await read(bo, id, CHUNK, CHUNK))];
    parts.push(value(await read(bo, id, 2 * CHUNK, CHUNK)));
    expect(parts.map(({ size, bytes }) => [size, bytes.length])).toEqual([
      [whole.length, CHUNK],
      [whole.length, CHUNK],
      [whole.length, 77],
    ]);
    expect(sha256(concat(...parts.map(({ bytes }) => bytes)))).toEqual(sha256(whole));
    expect(value(await read(bo, id, CHUNK - 3, 9)).bytes).toEqual(whole.slice(CHUNK - 3, CHUNK + 6));
    expect(await read(bo, id, whole.length, 1)).toMatchObject({ code: 'bad-request' });
  });

  test('go on where an upload broke off, and a lost answer costs nothing', async () => {
    const world = await blobWorld();
    const ana = await world.device();
    const [id, whole] = [newId<string>(world.random), noise(CHUNK + 5)];
    expect(value(await create(ana, id, whole))).toEqual({ received: 0 });
    const first = whole.slice(0, CHUNK);
    expect(value(await append(ana, id, 0, first))).toEqual({ received: CHUNK });
    expect(value(await append(ana, id, 0, first))).toEqual({ received: CHUNK });
    expect(value(await create(ana, id, whole))).toEqual({ received: CHUNK });
    expect(await read(ana, id, 0, 1)).toMatchObject({ code: 'not-found' });
    const last = whole.slice(CHUNK);
    const both = await Promise.all([append(ana, id, CHUNK, last), append(ana, id, CHUNK, last)]);
    expect(both.map(value)).toEqual([{ received: whole.length }, { received: whole.length }]);
    expect(value(await create(ana, id, whole))).toEqual({ received: whole.length });
    expect(value(await read(ana, id, CHUNK, 9)).bytes).toEqual(last);
  });

  test('are taken only as chunks, in order, from their owner', async () => {
    const world = await blobWorld();
    const [ana, eve] = [await world.device(), await world.device()];
    const [id, whole] = [newId<string>(world.random), noise(2 * CHUNK)];
    value(await create(ana, id, whole));
    expect(await append(ana, id, CHUNK, whole.slice(CHUNK))).toMatchObject({ status: 409, code: 'wrong-offset' });
    expect(await append(ana, id, 1, whole.slice(1, CHUNK))).toMatchObject({ code: 'bad-request' });
    expect(await append(ana, id, 0, whole.slice(0, CHUNK - 1))).toMatchObject({ code: 'bad-request' });
    expect(await append(ana, id, 2 * CHUNK, new Uint8Array())).toMatchObject({ code: 'bad-request' });
    expect(await append(eve, id, 0, whole.slice(0, CHUNK))).toMatchObject({ code: 'not-found' });
    expect(await create(eve, id, whole)).toMatchObject({ status: 409, code: 'conflict' });
    expect(await create(ana, id, whole.slice(1))).toMatchObject({ code: 'conflict' });
    expect(value(await create(ana, id, whole))).toEqual({ received: 0 });
  });

  test('that are not what was announced are gone, and can be sent again', async () => {
    const world = await blobWorld({ blobBytes: CHUNK });
    const ana = await world.device();
    const [id, whole] = [newId<string>(world.random), noise(9)];
    value(await create(ana, id, whole));
    const altered = whole.slice();
    altered[3] = (altered[3] ?? 0) ^ 1;
    expect(await append(ana, id, 0, altered)).toMatchObject({ status: 422, code: 'wrong-hash' });
    expect(await read(ana, id, 0, 1)).toMatchObject({ code: 'not-found' });
    await upload(ana, id, whole);
    expect(value(await read(ana, id, 0, 9)).bytes).toEqual(whole);
  });

  test('live as long as somebody holds them', async () => {
    const world = await blobWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    const [id, whole] = [newId<string>(world.random), noise(50)];
    await upload(ana, id, whole);
    expect(value(await hold(bo, id)).expiresAt).toBe(world.clock.now() + BLOB_HOLD_MS);
    value(await release(ana, id));
    value(await release(ana, id));
    world.clock.advance(10 * 60_000);
    expect(value(await read(ana, id, 0, 50)).bytes).toEqual(whole);
    value(await release(bo, id));
    await sweep(world, async () => !(await read(ana, id, 0, 50)).ok);
    expect(await hold(bo, id)).toMatchObject({ code: 'not-found' });
  });

  test('end with the last hold, and half uploads when no chunk comes', async () => {
    const world = await blobWorld();
    const ana = await world.device();
    const [half, whole] = [newId<string>(world.random), newId<string>(world.random)];
    await upload(ana, whole, noise(50));
    value(await create(ana, half, noise(CHUNK + 1)));
    world.clock.advance(BLOB_UPLOAD_MS);
    value(await ana.login());
    await sweep(world, async () => !(await append(ana, half, 0, noise(CHUNK + 1).slice(0, CHUNK))).ok);
    expect(value(await read(ana, whole, 0, 50)).size).toBe(50);
    world.clock.advance(BLOB_HOLD_MS);
    value(await ana.login());
    await sweep(world, async () => !(await read(ana, whole, 0, 50)).ok);
  });

  test('count against the quota of everybody who holds them', async () => {
    const world = await blobWorld({ blobBytes: 100 });
    const [ana, bo] = [await world.device(), await world.device()];
    const [one, two] = [newId<string>(world.random), newId<string>(world.random)];
    await upload(ana, one, noise(60));
    expect(await create(ana, two, noise(41))).toMatchObject({ status: 507, code: 'quota-exceeded' });
    await upload(bo, two, noise(41));
    expect(await hold(ana, two)).toMatchObject({ code: 'quota-exceeded' });
    value(await hold(ana, one));
    value(await release(ana, one));
    value(await hold(ana, two));
  });
});

describe('the folder of blobs', () => {
  test('keeps nothing of a blob that is gone', async () => {
    const folder = newFolder();
    const world = await relayWorld({ blobs: createFolderBlobs(folder) });
    const ana = await world.device();
    const id = newId<string>(world.random);
    const files = () => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    await upload(ana, id, noise(CHUNK + 5));
    expect(files()).toHaveLength(1);
    value(await release(ana, id));
    await sweep(world, async () => files().length === 0);
  });
});
