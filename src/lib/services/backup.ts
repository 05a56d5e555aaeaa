import { base64urlFromBytes, bytesFromBase64url, bytesFromHex, type Bytes } from '../core/bytes.ts';
import { err, ok, type Fault, type Result } from '../core/result.ts';
import { createHeader, type HeaderFacts } from '../crypto/backup/header.ts';
import { createBackupWriter } from '../crypto/backup/write.ts';
import {
  lastBackup,
  recordBackupCompleted,
  recordBackupFailed,
  recordBackupStarted,
  deleteBackup,
  type BackupType,
} from '../db/backup/records.ts';
import { takeSnapshot } from '../db/backup/snapshot.ts';
import { settleStorage } from '../db/faults.ts';
import { SCHEMA_VERSION } from '../db/schema.ts';
import type { Session } from '../sync/session.ts';
import { SHORTEST_PASSPHRASE } from './databaseKey.ts';
import { backupPublicKey } from './recovery.ts';

/** Where a backup is put together before its person takes it. */
export interface BackupFiles {
  create(name: string): Promise<BackupFile>;
}

/** One file in the making. `write` is synchronous: it is called inside a transaction. */
export interface BackupFile {
  write(bytes: Bytes): void;
  finish(): Promise<Blob>;
  /** Frees what it took. */
  drop(): Promise<void>;
}

/** What long work is told and tells. */
export interface Progress {
  report(done: number, of: number): void;
  isCancelled(): boolean;
}

export interface MadeBackup {
  readonly id: string;
  readonly name: string;
  readonly file: Blob;
  /** Rows that could not be read, and are not in it. */
  readonly damaged: number;
  /** Its person has it: from here on it counts, and the next may add to it. */
  save(): Promise<void>;
  /** Nobody wanted it. */
  drop(): Promise<void>;
}

/**
 * Makes one encrypted file of all that is on this device, or of what changed since the last one. It opens by
 * the recovery phrase, and by `passphrase` where one is given. Whoever wants to write waits while it reads.
 * Refused: `no-phrase` (nothing would open it), `weak-passphrase`, `no-base`, `cancelled`, the store's faults.
 */
export async function makeBackup(
  session: Session,
  files: BackupFiles,
  wanted: { readonly type: BackupType; readonly passphrase?: string },
  progress: Progress,
): Promise<Result<MadeBackup, Fault>> {
  const { store, clock, random, identity } = session;
  const { type, passphrase } = wanted;
  const phrasePublic = await backupPublicKey(store);
  if (phrasePublic === undefined && passphrase === undefined) return err({ code: 'no-phrase', retry: 'person' });
  if (passphrase !== undefined && [...passphrase].length < SHORTEST_PASSPHRASE) {
    return err({ code: 'weak-passphrase', retry: 'person' });
  }
  const base = type === 'full' ? undefined : await baseOf(session);
  if (type === 'incremental' && base === undefined) return err({ code: 'no-base', retry: 'never' });

  const now = clock.now();
  const facts: HeaderFacts = { id: random.bytes(16), type, createdAt: now, ...(base !== undefined && { base }) };
  const header = await createHeader(
    facts,
    { ...(phrasePublic !== undefined && { phrasePublic }), ...(passphrase !== undefined && { passphrase }) },
    random,
  );
  if (!header.ok) return header;
  const id = base64urlFromBytes(facts.id);
  const name = `cairn-${new Date(now).toISOString().slice(0, 10)}-${type}-${id.slice(0, 6)}.cairn`;
  await recordBackupStarted(
    store,
    {
      id,
      type,
      info: {
        algorithm: 'XChaCha20-Poly1305',
        openedBy: [
          ...(phrasePublic === undefined ? [] : (['phrase'] as const)),
          ...(passphrase === undefined ? [] : (['passphrase'] as const)),
        ],
        ...(base !== undefined && { base: base64urlFromBytes(base.id) }),
      },
    },
    now,
  );

  const file = await files.create(name);
  const begin = {
    schema: SCHEMA_VERSION,
    account: identity.account,
    device: identity.device,
    databaseKey: store.databaseKey(),
  };
  const written = await settleStorage(async () => {
    const writer = createBackupWriter(header.value, begin, (bytes) => file.write(bytes));
    const digests = await takeSnapshot(store, {
      target: writer,
      isIncremental: base !== undefined,
      progress: progress.report,
      isCancelled: progress.isCancelled,
    });
    const manifest = writer.end();
    return { digests, manifest, size: writer.size, blob: await file.finish() };
  });
  if (!written.ok) {
    await file.drop();
    if (written.error.code === 'cancelled') await deleteBackup(store, id);
    else await recordBackupFailed(store, id);
    return written;
  }
  const { digests, manifest, size, blob } = written.value;
  const { tables, integrity } = manifest;
  return ok({
    id,
    name,
    file: blob,
    damaged: tables.reduce((sum, table) => sum + table.damaged, 0),
    save: () => recordBackupCompleted(store, { id, size, tables, integrity, digests }, clock.now()),
    async drop() {
      await file.drop();
      const row = await store.backupMetadata.get(id);
      if (row?.status === 'running') await deleteBackup(store, id);
    },
  });
}

/** What an increment adds to. */
async function baseOf({ store }: Session): Promise<HeaderFacts['base']> {
  const last = await lastBackup(store);
  if (last?.integrityHash === undefined) return undefined;
  const [id, integrity] = [bytesFromBase64url(last.backupId), bytesFromHex(last.integrityHash)];
  return id === undefined || integrity === undefined ? undefined : { id, integrity };
}
