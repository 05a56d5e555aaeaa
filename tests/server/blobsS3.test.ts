import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../src/lib/core/ids.ts';
import { limits } from '../../src/lib/protocol/limits.ts';
import { createS3Blobs } from '../../src/lib/server/blobs/s3.ts';
import { countedRandom } from './relayWorld.ts';

const directory = mkdtempSync(join(tmpdir(), 'cairn-s3-'));
const server = new S3rver({
  port: 0,
  address: '127.0.0.1',
  silent: true,
  directory,
  configureBuckets: [{ name: 'blobs', configs: [] }],
});
let port = 0;
beforeAll(async () => {
  ({ port } = await server.run());
});
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

const openBucket = (bucket = 'blobs') =>
  createS3Blobs({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    bucket,
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
  });

describe('blobs in a bucket', () => {
  test('are read across chunks as they were written, twice is fine, and gone when removed', async () => {
    const blobs = openBucket();
    const random = countedRandom(11);
    const [id, other] = [newId<string>(random), newId<string>(random)];
    const [first, last] = [new Uint8Array(limits.blobChunk).fill(7), random.bytes(100)];
    await blobs.write(id, 0, first);
    await blobs.write(id, 0, first);
    await blobs.write(id, limits.blobChunk, last);
    await blobs.write(other, 0, last);
    const size = limits.blobChunk + 100;
    expect(await blobs.read(id, limits.blobChunk - 2, 102)).toEqual(new Uint8Array([7, 7, ...last]));
    expect(await blobs.read(id, size - 1, 1)).toEqual(last.slice(99));
    expect((await blobs.read(id, 0, limits.blobChunk)).length).toBe(limits.blobChunk);
    await blobs.remove(id, size);
    await blobs.remove(id, size);
    await expect(blobs.read(id, 0, 1)).rejects.toThrow();
    expect(await blobs.read(other, 0, 100)).toEqual(last);
  });

  test('need a bucket that is there', async () => {
    const id = newId<string>(countedRandom(12));
    await expect(openBucket('elsewhere').write(id, 0, new Uint8Array(1))).rejects.toThrow();
  });
});
