import { base64urlFromBytes, equal, type Bytes } from '../core/bytes.ts';
import type { DeviceId } from '../core/ids.ts';
import { err, ok, refuse, unwrap, type Fault, type Result } from '../core/result.ts';
import { backupFault } from '../crypto/backup/fault.ts';
import type { BeginFrame } from '../crypto/backup/frames.ts';
import { openHeader, type BackupHeader, type BackupOpener } from '../crypto/backup/header.ts';
import { openBackup, readBackup, type BodyFrame } from '../crypto/backup/read.ts';
import { nameHashOf, signCertificate } from '../crypto/identity.ts';
import { entropyFromPhrase, keysFromEntropy } from '../crypto/recoveryPhrase.ts';
import { createSealer } from '../crypto/seal.ts';
import { appendAudit, auditTables } from '../db/auditLog.ts';
import { checkRestorable, keysOfRows, loadRows, unloadRows } from '../db/backup/load.ts';
import { expectUpgrade, rowsSince } from '../db/backup/older.ts';
import { beginLoading, clearUnfinishedLoad, endLoading } from '../db/backup/unfinished.ts';
import { settleStorage } from '../db/faults.ts';
import type { Plan } from '../db/migrations.ts';
import { loadKeyRow, saveWrappedKey, type WrappedKey } from '../db/keyStore.ts';
import { saveRelayLogin } from '../db/relayLogin.ts';
import { recordSecurityEvent } from '../db/security.ts';
import type { TableName } from '../db/store.ts';
import { wordsOf } from '../domain/phraseWords.ts';
import { bytesFromCertificate, certificateFromBytes } from '../protocol/certificate.ts';
import type { Identity } from '../sync/identity.ts';
import { queueIntent, queueTables } from '../sync/queueIntent.ts';
import { hasAccount, loadIdentity, type AccountPorts } from './account.ts';
import { readyForShowing } from './unlocking.ts';
import type { Progress } from './backup.ts';
import { wrapDatabaseKey } from './databaseKey.ts';

export interface RestoreInput {
  /** A full backup, and those that add to it, in any order. */
  readonly files: readonly Blob[];
  readonly opener: { readonly phrase: string } | { readonly passphrase: string };
  /** The passphrase of the account on this device from now on. */
  readonly passphrase: string;
}

/**
 * Makes the account of a backup the account of this device. All files are read to their end and checked
 * before anything is written; the account is there with the last write or not at all.
 *
 * The device comes back under its own id with a new login key, which puts the old one out of the relay. Its
 * groups' states may be older than what it did since, and another copy of it may still be at work: it
 * publishes new key packages, and writes in a group only after a commit of its own.
 * Refused: `exists`, `weak-passphrase`, the phrase's and the backup's faults, `backup-chain` (files that do
 * not belong together, or one is missing), `cancelled`, the store's faults.
 */
export async function restoreBackup(
  ports: AccountPorts,
  input: RestoreInput,
  progress: Progress,
): Promise<Result<Identity, Fault>> {
  const { store, clock, random } = ports;
  if (await hasAccount(store)) return err({ code: 'exists', retry: 'never' });
  const opener = await openerFrom(input.opener);
  if (!opener.ok) return opener;

  const read = createReading(input.files, progress);
  const checked = await settleStorage(() => checkAll(store.plan, input.files, opener.value, read));
  if (!checked.ok) return checked;
  const { chain, begin } = checked.value;
  const wrapped = await wrapDatabaseKey(random, input.passphrase, Uint8Array.from(begin.databaseKey));
  if (!wrapped.ok) return wrapped;

  const written = await settleStorage(async () => {
    await beginLoading(store, clock.now());
    store.unlock(createSealer(Uint8Array.from(begin.databaseKey), random));
    for (const backup of chain) await loadOne(ports, backup, read);
    await expectUpgrade(store, Math.min(...chain.map((backup) => backup.begin.schema)));
    return moveIn(ports, begin, wrapped.value);
  });
  if (written.ok) return written;
  store.lock();
  await clearUnfinishedLoad(store);
  return written;
}

async function openerFrom(given: RestoreInput['opener']): Promise<Result<BackupOpener, Fault>> {
  if ('passphrase' in given) return ok(given);
  const entropy = await entropyFromPhrase(wordsOf(given.phrase));
  return entropy.ok ? ok({ phrasePrivate: keysFromEntropy(entropy.value).backupPrivate }) : entropy;
}

/** A file that was read to its end and is what it says. */
interface Checked {
  readonly file: Blob;
  readonly header: BackupHeader;
  readonly fileKey: Bytes;
  readonly begin: BeginFrame;
  readonly integrity: Uint8Array;
}

/** The files in the order in which they go in, and how the last one begins. */
async function checkAll(
  plan: Plan,
  files: readonly Blob[],
  opener: BackupOpener,
  read: Reading,
): Promise<{ readonly chain: readonly Checked[]; readonly begin: BeginFrame }> {
  const checked: Checked[] = [];
  for (const file of files) checked.push(await checkOne(plan, file, opener, read));
  const chain = inOrder(checked);
  const [last] = chain.slice(-1);
  return last === undefined ? refuse(CHAIN) : { chain, begin: last.begin };
}

async function checkOne(plan: Plan, file: Blob, opener: BackupOpener, read: Reading): Promise<Checked> {
  const opened = await openBackup(read(file));
  const fileKey = unwrap(await openHeader(opened.header, opener));
  let begin: BeginFrame | undefined;
  let rows = rowsSince(plan, 0);
  const end = await readBackup(opened, fileKey, {
    begin(one) {
      if (one.schema > (plan.migrations.at(-1)?.version ?? 0)) refuse(backupFault('backup-newer', 'tables'));
      begin = one;
      rows = rowsSince(plan, one.schema);
    },
    frame(one) {
      const table = rows.table(one.table);
      if (one.f === 'rows' && table !== undefined)
        for (const row of one.rows) checkRestorable(table, rows.row(table, row));
    },
  });
  if (begin === undefined) return refuse(backupFault('backup-damaged', 'begin'));
  return { file, header: opened.header, fileKey, begin, integrity: end.integrity };
}

const CHAIN: Fault<'backup-chain'> = { code: 'backup-chain', retry: 'person' };

/** One full backup, then each that names the one before it; every file is used. Refused: `backup-chain`. */
function inOrder(files: readonly Checked[]): Checked[] {
  const chain = files.filter(({ header }) => header.type === 'full');
  if (chain.length !== 1) refuse(CHAIN);
  for (let last = chain[0]; last !== undefined && chain.length < files.length; last = chain.at(-1)) {
    const { header, integrity } = last;
    const next = files.find(({ header: { base } }) => base !== undefined && equal(base.id, header.id));
    if (next?.header.base === undefined || !equal(next.header.base.integrity, integrity)) return refuse(CHAIN);
    chain.push(next);
  }
  return chain;
}

async function loadOne({ store }: AccountPorts, backup: Checked, read: Reading): Promise<void> {
  const { table: tableNow, row: rowNow } = rowsSince(store.plan, backup.begin.schema);
  const again = async (work: (table: TableName, one: BodyFrame) => Promise<void>): Promise<void> => {
    await readBackup(await openBackup(read(backup.file)), backup.fileKey, {
      begin: () => undefined,
      async frame(one) {
        const table = tableNow(one.table);
        if (table === undefined) return;
        await work(
          table,
          one.f === 'gone' ? one : { ...one, rows: one.rows.map((row) => ({ ...rowNow(table, row) })) },
        );
      },
    });
  };
  if (backup.header.type === 'incremental') {
    // What changed goes first: of two rows that swapped what only one may have, neither is in the way.
    await again(async (table, one) => {
      await unloadRows(store, table, one.f === 'gone' ? one.keys : keysOfRows(table, one.rows));
    });
  }
  await again(async (table, one) => {
    if (one.f === 'rows') await loadRows(store, table, one.rows);
  });
}

/** The account's last step into this device, in one transaction. */
async function moveIn(ports: AccountPorts, begin: BeginFrame, wrapped: WrappedKey): Promise<Identity> {
  const { store, clock, random, loginKeys, relayOrigin } = ports;
  unwrap(await readyForShowing(ports));
  const now = clock.now();
  const login = await loginKeys.create();
  const device = begin.device as DeviceId;
  const account = (await loadKeyRow(store, 'identity')) ?? missing('identity');
  const signature = (await loadKeyRow(store, 'mlsSignature')) ?? missing('signature');
  const row = (await store.devices.get(device)) ?? missing('device');
  const user = (await store.users.get(row.userId)) ?? missing('user');
  const before = row.certificate === undefined ? undefined : certificateFromBytes(row.certificate);
  if (account.key === undefined || account.publicKey === undefined) return missing('account key');
  if (signature.publicKey === undefined || user.nameSalt === undefined) return missing('name');
  const certificate = bytesFromCertificate(
    signCertificate(
      {
        accountKey: account.publicKey,
        device,
        signatureKey: signature.publicKey,
        loginKey: login.publicKey,
        nameHash: nameHashOf({ name: user.displayName, salt: user.nameSalt }),
        notBefore: now,
        // Above whatever the device, or an earlier restore of it, had on the relay.
        sequence: Math.max(now, before?.ok === true ? before.value.sequence + 1 : 0),
      },
      account.key,
    ),
  );
  const tables = [
    'keyStore',
    'relayLogin',
    'devices',
    'mlsGroups',
    'securityEvents',
    'backupMetadata',
    ...queueTables,
    ...auditTables,
  ] as const;
  return store.tx('rw', tables, async () => {
    if (await hasAccount(store)) return refuse({ code: 'exists', retry: 'never' });
    await saveWrappedKey(store, wrapped, now);
    await saveRelayLogin(store, {
      accountId: row.userId,
      deviceId: device,
      loginKey: login.key,
      registeredCertificate: certificate,
      relayOrigin,
    });
    await store.devices.update(device, { certificate, lastSeen: now });
    const identity = (await loadIdentity(store)) ?? missing('identity');
    const composer = { store, identity, clock, random };
    for (const group of await store.mlsGroups.toArray()) {
      await store.mlsGroups.update(group.groupId, { restoredAt: now });
      if (group.epoch > 0)
        await queueIntent(composer, group.conversationId, { what: 'rotate', groupId: group.groupId });
    }
    await appendAudit(store, { eventType: 'backup', action: 'restore', success: true }, now);
    await recordSecurityEvent(store, { eventType: 'restored', severity: 'medium', description: '', at: now });
    await endLoading(store);
    return identity;
  });
}

const missing = (what: string): never => refuse(backupFault('backup-damaged', what));

/** Opens a file from its start, as often as wanted, and tells how far all of it has come. */
type Reading = (file: Blob) => AsyncIterable<Uint8Array>;

function createReading(files: readonly Blob[], { report, isCancelled }: Progress): Reading {
  // Each is read once to be checked and at least once to be loaded.
  const total = 2 * files.reduce((sum, file) => sum + file.size, 0);
  let done = 0;
  return async function* pieces(file) {
    const reader = file.stream().getReader();
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        if (isCancelled()) refuse({ code: 'cancelled', retry: 'now' });
        done += part.value.length;
        report(Math.min(done, total), total);
        yield part.value;
      }
    } finally {
      await reader.cancel();
    }
  };
}

/** What a person is asked for before a restore, from the clear start of a file. Refused: the backup's faults. */
export async function inspectBackup(file: Blob): Promise<
  Result<{
    readonly id: string;
    readonly type: BackupHeader['type'];
    readonly createdAt: number;
    readonly openedBy: readonly ('phrase' | 'passphrase')[];
  }>
> {
  return settleStorage(async () => {
    const { header } = await openBackup(
      createReading([file], { report: () => undefined, isCancelled: () => false })(file),
    );
    const { id, type, createdAt, phrase, passphrase } = header;
    const openedBy = [
      ...(phrase === undefined ? [] : (['phrase'] as const)),
      ...(passphrase === undefined ? [] : (['passphrase'] as const)),
    ];
    return { id: base64urlFromBytes(id), type, createdAt, openedBy };
  });
}
