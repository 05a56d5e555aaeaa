import type { Bytes } from '../../../src/lib/core/bytes.ts';
import { concat } from '../../../src/lib/core/bytes.ts';
import type { Random } from '../../../src/lib/core/ports.ts';
import { settle, unwrap, type Result } from '../../../src/lib/core/result.ts';
import {
  createHeader,
  openHeader,
  type BackupLocks,
  type BackupOpener,
  type HeaderFacts,
} from '../../../src/lib/crypto/backup/header.ts';
import type { EndFrame } from '../../../src/lib/crypto/backup/frames.ts';
import { openBackup, readBackup, type BodyFrame } from '../../../src/lib/crypto/backup/read.ts';
import { createBackupWriter, type BackupWriter } from '../../../src/lib/crypto/backup/write.ts';

export const facts = (random: Random): HeaderFacts => ({
  id: random.bytes(16),
  type: 'full',
  createdAt: 1_800_000_000_000,
});
export const begin = { schema: 2, account: 'ana', device: 'phone', databaseKey: new Uint8Array(32).fill(3) };

/** A file with whatever `fill` puts in. */
export async function backupFile(
  random: Random,
  locks: BackupLocks,
  fill: (writer: BackupWriter) => void,
): Promise<{ file: Bytes; header: number; end: EndFrame }> {
  const header = unwrap(await createHeader(facts(random), locks, random));
  const parts: Bytes[] = [];
  const writer = createBackupWriter(header, begin, (bytes) => parts.push(bytes.slice()));
  fill(writer);
  const end = writer.end();
  return { file: concat(...parts), header: header.bytes.length, end };
}

/** The file in pieces of `size` bytes, as a stream hands it over. */
async function* pieces(file: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.length; at += size) yield file.subarray(at, at + size);
}

/** Everything in a file, or why it was refused. */
export function readAll(
  file: Uint8Array,
  opener: BackupOpener,
  pieceSize = 60_000,
): Promise<Result<{ frames: BodyFrame[]; end: EndFrame }>> {
  return settle(async () => {
    const opened = await openBackup(pieces(file, pieceSize));
    const fileKey = unwrap(await openHeader(opened.header, opener));
    const frames: BodyFrame[] = [];
    const end = await readBackup(opened, fileKey, { begin: () => undefined, frame: (one) => void frames.push(one) });
    return { frames, end };
  });
}
