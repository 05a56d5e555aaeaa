import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { concat, type Bytes } from '../../../src/lib/core/bytes.ts';
import { SEALED_CHUNK } from '../../../src/lib/crypto/backup/chunks.ts';
import type { BackupLocks, BackupOpener } from '../../../src/lib/crypto/backup/header.ts';
import { backupPublicOf } from '../../../src/lib/crypto/recoveryPhrase.ts';
import { createRandom } from '../../world/seeded.ts';
import { backupFile, readAll } from './files.ts';

const random = createRandom('backup format');
const phrasePrivate = random.bytes(32);
const byPhrase: BackupOpener = { phrasePrivate };
let locks: BackupLocks;

beforeAll(async () => {
  locks = { phrasePublic: await backupPublicOf(phrasePrivate) };
});

const smallFile = () =>
  backupFile(random, locks, (writer) => {
    writer.rows('users', [{ id: 'ana', displayName: 'Ana', avatar: Uint8Array.of(1, 2, 3), isActive: true }]);
    writer.gone('messages', [
      ['c', '0001'],
      ['c', '0002'],
    ]);
  });

/** A file of several chunks. */
const longFile = () =>
  backupFile(random, locks, (writer) => {
    for (let i = 0; i < 40; i++) writer.rows('messages', [{ id: `m${i}`, content: 'x'.repeat(5_000) }]);
  });

const altered = (file: Bytes, at: number): Bytes => {
  const copy = file.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};

const REFUSED = /^backup-(foreign|damaged|newer|key)$/;
const codeOf = async (file: Uint8Array, opener: BackupOpener = byPhrase): Promise<string> => {
  const read = await readAll(file, opener);
  return read.ok ? 'read' : read.error.code;
};

describe('a backup file', () => {
  test('gives back what was put in, in order, with a manifest that says how much', async () => {
    const { file, end } = await smallFile();
    const read = await readAll(file, byPhrase);
    expect(read).toMatchObject({
      ok: true,
      value: {
        frames: [
          {
            f: 'rows',
            table: 'users',
            rows: [{ id: 'ana', displayName: 'Ana', avatar: Uint8Array.of(1, 2, 3), isActive: true }],
          },
          {
            f: 'gone',
            table: 'messages',
            keys: [
              ['c', '0001'],
              ['c', '0002'],
            ],
          },
        ],
        end,
      },
    });
    expect(end.tables).toMatchObject([
      { table: 'users', count: 1, gone: 0, damaged: 0 },
      { table: 'messages', count: 0, gone: 2, damaged: 0 },
    ]);
  });

  test('opens by the phrase and by the passphrase it was sealed for, and by no other', async () => {
    const { file } = await backupFile(random, { ...locks, passphrase: 'a stone on a stone' }, (writer) =>
      writer.rows('users', [{ id: 'ana' }]),
    );
    expect(await codeOf(file)).toBe('read');
    expect(await codeOf(file, { passphrase: 'a stone on a stone' })).toBe('read');
    expect(await codeOf(file, { passphrase: 'a stone on a stonf' })).toBe('backup-key');
    expect(await codeOf(file, { passphrase: '' })).toBe('backup-key');
    expect(await codeOf(file, { phrasePrivate: random.bytes(32) })).toBe('backup-key');
    const { file: phraseOnly } = await smallFile();
    expect(await codeOf(phraseOnly, { passphrase: 'a stone on a stone' })).toBe('backup-key');
  });

  test('is refused when any one of its bytes is another', async () => {
    const { file } = await smallFile();
    // Most of the header is the phrase's encapsulated key: every third byte of it, and every one of the rest.
    for (let at = 0; at < file.length; at += at > 64 && at < 1_200 ? 3 : 1) {
      expect(await codeOf(altered(file, at)), `byte ${at}`).toMatch(REFUSED);
    }
  });

  test('is refused when the lock that was not used is another', async () => {
    const { file, header } = await backupFile(random, { ...locks, passphrase: 'a stone on a stone' }, (writer) =>
      writer.rows('users', [{ id: 'ana' }]),
    );
    const at = Buffer.from(file.subarray(0, header)).indexOf('argon2id') - 200;
    for (let i = at; i < at + 40; i++) expect(await codeOf(altered(file, i))).toMatch(REFUSED);
  });

  test('is refused when its end is missing, at every boundary of a chunk and beside it', async () => {
    const { file, header } = await longFile();
    const cuts = new Set([0, 1, 8, 12, header - 1, header, header + 1, file.length - 1]);
    for (let at = header; at < file.length; at += SEALED_CHUNK) for (const by of [-1, 0, 1]) cuts.add(at + by);
    expect(cuts.size).toBeGreaterThan(15);
    for (const cut of cuts) expect(await codeOf(file.subarray(0, cut)), `cut at ${cut}`).toMatch(REFUSED);
    expect(await codeOf(file)).toBe('read');
  });

  test('is refused with chunks in another order, twice, left out, or of another backup', async () => {
    const [one, other] = [await longFile(), await longFile()];
    const chunksOf = ({ file, header }: { file: Bytes; header: number }) =>
      Array.from({ length: Math.ceil((file.length - header) / SEALED_CHUNK) }, (_, i) =>
        file.subarray(header + i * SEALED_CHUNK, Math.min(file.length, header + (i + 1) * SEALED_CHUNK)),
      );
    const head = one.file.subarray(0, one.header);
    const [a, b, ...rest] = chunksOf(one);
    const [strange] = chunksOf(other);
    if (a === undefined || b === undefined || strange === undefined) throw new Error('too short a file');
    expect(await codeOf(concat(head, a, b, ...rest))).toBe('read');
    expect(await codeOf(concat(head, b, a, ...rest))).toBe('backup-damaged');
    expect(await codeOf(concat(head, a, a, ...rest))).toBe('backup-damaged');
    expect(await codeOf(concat(head, a, ...rest))).toBe('backup-damaged');
    expect(await codeOf(concat(head, strange, b, ...rest))).toBe('backup-damaged');
    expect(await codeOf(concat(head, a, b, ...rest, rest.at(-1) ?? a))).toBe('backup-damaged');
    expect(await codeOf(concat(other.file.subarray(0, other.header), a, b, ...rest))).toBe('backup-damaged');
  });

  test('that is none is called so', async () => {
    for (const bytes of [
      new Uint8Array(0),
      new Uint8Array(5_000),
      new TextEncoder().encode('PK\u0003\u0004 a zip file'),
    ]) {
      expect(await codeOf(bytes)).toBe('backup-foreign');
    }
  });

  test('reads the same whatever pieces it comes in', async () => {
    const { file, end } = await longFile();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1_000, max: 300_000 }), async (size) => {
        expect(await readAll(file, byPhrase, size)).toMatchObject({ ok: true, value: { end } });
      }),
      { numRuns: 12 },
    );
  });

  test('does not tell by its size how much is in it, but roughly', async () => {
    const sizes = new Set<number>();
    for (let length = 100_000; length < 101_000; length += 100) {
      const { file } = await backupFile(random, locks, (writer) => writer.rows('t', [{ a: 'x'.repeat(length) }]));
      sizes.add(file.length);
    }
    expect(sizes.size).toBeLessThan(3);
  });
});
