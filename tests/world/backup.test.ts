import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { base64urlFromBytes } from '../../src/lib/core/bytes.ts';
import { readHeader } from '../../src/lib/crypto/senderKey/layout.ts';
import { tableNames } from '../../src/lib/db/schema.ts';
import type { BackupMade } from '../../src/lib/services/client.ts';
import { must, PASSPHRASE, world, type Person, type World } from './world.ts';

const NEW_PASSPHRASE = 'a new stone on the old';

let w: World;
let ana: Person;
let bo: Person;

beforeEach(async () => {
  w = await world({ seed: 'backup' });
  ana = await w.person('Ana');
  bo = await w.person('Bo');
  await ana.knows(bo);
  await must(ana.client.openDirect((await accountIn(bo)).account));
  await w.settle();
});

afterEach(() => w.close());

const accountIn = async (person: Person) => (await person.client.self()) ?? Promise.reject(new Error('locked'));

async function say(person: Person, title: string, ...texts: string[]): Promise<void> {
  for (const text of texts) await must(person.client.sendText((await person.conversation(title)).id, text));
}

async function phraseOf(person: Person): Promise<string> {
  const words = await must(person.client.newRecoveryPhrase(PASSPHRASE));
  await must(person.client.keepRecoveryPhrase());
  return words.join(' ');
}

async function backUp(person: Person, type: 'full' | 'incremental' = 'full', passphrase?: string): Promise<BackupMade> {
  const made = await must(person.client.makeBackup({ type, ...(passphrase !== undefined && { passphrase }) }));
  await must(person.client.saveBackup());
  return made;
}

/** A file that is read in pieces of this many bytes, as a large one is. */
function inPieces(bytes: Uint8Array<ArrayBuffer>, size: number): Blob {
  const file = new Blob([bytes]);
  return Object.assign(file, {
    stream: () =>
      new ReadableStream({
        async start(controller) {
          for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
          controller.close();
        },
      }),
  });
}

describe('a recovery phrase', () => {
  test('opens the account when the passphrase is forgotten, with a new one from then on', async () => {
    await say(ana, 'Bo', 'kept');
    const phrase = await phraseOf(ana);
    const locked = await ana.restart();
    expect(await locked.hasPhrase()).toBe(true);
    const words = phrase.split(' ');
    expect(
      await locked.unlockWithPhrase({ phrase: words.slice(1).join(' '), passphrase: NEW_PASSPHRASE }),
    ).toMatchObject({
      ok: false,
      error: { code: 'phrase-length' },
    });
    expect(
      await locked.unlockWithPhrase({ phrase: `${'abandon '.repeat(23)}art`, passphrase: NEW_PASSPHRASE }),
    ).toMatchObject({
      ok: false,
      error: { code: 'wrong-phrase' },
    });
    expect(await locked.unlockWithPhrase({ phrase, passphrase: 'short' })).toMatchObject({
      error: { code: 'weak-passphrase' },
    });
    await must(locked.unlockWithPhrase({ phrase: ` 1. ${phrase.toUpperCase()}`, passphrase: NEW_PASSPHRASE }));
    expect(await ana.texts('Bo')).toEqual(['kept']);
    const again = await ana.restart();
    expect(await again.unlock(PASSPHRASE)).toMatchObject({ error: { code: 'wrong-passphrase' } });
    w.clock.advance(2_000);
    await must(again.unlock(NEW_PASSPHRASE));
  });

  test('counts once it is kept, and then the one before opens nothing', async () => {
    const first = await phraseOf(ana);
    await must(ana.client.newRecoveryPhrase(PASSPHRASE));
    let locked = await ana.restart();
    await must(locked.unlockWithPhrase({ phrase: first, passphrase: PASSPHRASE }));
    const second = await phraseOf(ana);
    locked = await ana.restart();
    expect(await locked.unlockWithPhrase({ phrase: first, passphrase: PASSPHRASE })).toMatchObject({
      error: { code: 'wrong-phrase' },
    });
    await must(locked.unlockWithPhrase({ phrase: second, passphrase: PASSPHRASE }));
  });

  test('is shown to nobody who does not know the passphrase', async () => {
    expect(await ana.client.newRecoveryPhrase('a guess at it')).toMatchObject({ error: { code: 'wrong-passphrase' } });
    expect(await ana.client.keepRecoveryPhrase()).toMatchObject({ ok: false });
  });
});

describe('a backup', () => {
  test('needs something to open it by, and an increment something to add to', async () => {
    expect(await ana.client.makeBackup({ type: 'full' })).toMatchObject({ error: { code: 'no-phrase' } });
    expect(await ana.client.makeBackup({ type: 'full', passphrase: 'short' })).toMatchObject({
      error: { code: 'weak-passphrase' },
    });
    await phraseOf(ana);
    expect(await ana.client.makeBackup({ type: 'incremental' })).toMatchObject({ error: { code: 'no-base' } });
    // One that nobody saved is none to add to.
    await must(ana.client.makeBackup({ type: 'full' }));
    expect(await ana.client.makeBackup({ type: 'incremental' })).toMatchObject({ error: { code: 'no-base' } });
  });

  test('is written down: status, sizes and checksums for each table, and a hash over all', async () => {
    await phraseOf(ana);
    await say(ana, 'Bo', 'one', 'two');
    const { id, file } = await backUp(ana);
    const row = await ana.store.backupMetadata.get(id);
    expect(row).toMatchObject({ status: 'completed', backupType: 'full', totalSize: file.size, fileCount: 1 });
    expect(row?.integrityHash).toMatch(/^[0-9a-f]{64}$/);
    expect(row?.retentionUntil).toBeGreaterThan(w.clock.now());
    const contents = await ana.store.backupContents.where('backupId').equals(id).toArray();
    expect(contents.find(({ tableName }) => tableName === 'conversations')).toMatchObject({ recordCount: 1 });
    expect(contents.every(({ checksum }) => /^[0-9a-f]{64}$/.test(checksum))).toBe(true);
  });
});

describe('long work', () => {
  test('tells how far a backup has come; one that was stopped leaves nothing, and the next is whole', async () => {
    await phraseOf(ana);
    const stop = await ana.client.watchBackupWork((work) => {
      if (work !== undefined && work.done > 0) void ana.client.cancelBackupWork();
    });
    expect(await ana.client.makeBackup({ type: 'full' })).toMatchObject({ error: { code: 'cancelled' } });
    expect(await ana.store.backupMetadata.count()).toBe(0);
    stop();
    const parts: number[] = [];
    await ana.client.watchBackupWork((work) => parts.push(work === undefined ? -1 : work.done / work.of));
    const { id } = await backUp(ana);
    expect(parts.slice(0, 2)).toEqual([-1, 0]);
    expect(parts.at(-1)).toBe(-1);
    const told = parts.slice(1, -1);
    expect(told.length).toBeGreaterThan(5);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(Math.max(...told)).toBeLessThanOrEqual(1);
    expect((await ana.store.backupMetadata.toArray()).map(({ backupId }) => backupId)).toEqual([id]);
  });

  test.each([
    ['while it is checked', 0.1],
    ['while it is written', 0.6],
  ])('a restore that was stopped %s leaves an empty app, which can begin again', async (_when, at) => {
    const phrase = await phraseOf(ana);
    await say(ana, 'Bo', 'kept');
    const { file } = await backUp(ana);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const fresh = await w.emptyDevice('fresh');
    const stop = await fresh.client.watchBackupWork((work) => {
      if (work !== undefined && work.done / work.of >= at) void fresh.client.cancelBackupWork();
    });
    const input = { files: [inPieces(bytes, 4_000)], opener: { phrase }, passphrase: NEW_PASSPHRASE };
    expect(await fresh.client.restoreBackup(input)).toMatchObject({ error: { code: 'cancelled' } });
    for (const name of tableNames)
      if (name !== 'schemaMigrations') expect(await fresh.store[name].count(), name).toBe(0);
    stop();
    await must(fresh.client.restoreBackup(input));
    expect(await fresh.texts('Bo')).toEqual(['kept']);
  });
});

describe('a reminder', () => {
  test('comes a month after the last backup, or as often as the person wants, or never', async () => {
    await phraseOf(ana);
    const isDue = async (): Promise<boolean> => {
      let due: boolean | undefined;
      const stop = await ana.client.watchBackups((overview) => (due = overview.isDue));
      await expect.poll(() => due).toBeDefined();
      stop();
      return due === true;
    };
    const DAY = 24 * 3600_000;
    expect(await isDue()).toBe(false);
    w.clock.advance(30 * DAY);
    expect(await isDue()).toBe(true);
    await backUp(ana);
    expect(await isDue()).toBe(false);
    w.clock.advance(7 * DAY);
    expect(await isDue()).toBe(false);
    await must(ana.client.setBackupReminder('weekly'));
    expect(await isDue()).toBe(true);
    await must(ana.client.setBackupReminder('off'));
    w.clock.advance(365 * DAY);
    expect(await isDue()).toBe(false);
    await must(ana.client.setBackupReminder('monthly'));
    expect(await isDue()).toBe(true);
  });
});

describe('a device restored from a backup', () => {
  test('has everything at once and offline, opened by a new passphrase', async () => {
    const phrase = await phraseOf(ana);
    await say(ana, 'Bo', 'before');
    await w.settle();
    const full = await backUp(ana);
    await say(ana, 'Bo', 'between');
    const more = await backUp(ana, 'incremental');
    expect(more.file.size).toBeLessThan(full.file.size);
    const fresh = await w.emptyDevice('fresh');
    fresh.network.isUp = false;
    await must(
      fresh.client.restoreBackup({ files: [more.file, full.file], opener: { phrase }, passphrase: NEW_PASSPHRASE }),
    );
    expect(await fresh.texts('Bo')).toEqual(['before', 'between']);
    expect((await accountIn(fresh)).account).toBe((await accountIn(ana)).account);
    const again = await fresh.restart();
    await must(again.unlock(NEW_PASSPHRASE));
    expect(await fresh.texts('Bo')).toEqual(['before', 'between']);
    // The phrase came along.
    const locked = await fresh.restart();
    await must(locked.unlockWithPhrase({ phrase, passphrase: PASSPHRASE }));
  });

  test('goes on writing and reading, and never seals with a key that was used before', async () => {
    const phrase = await phraseOf(ana);
    await say(ana, 'Bo', 'before');
    await w.settle();
    const { file } = await backUp(ana);
    // The old device goes on after the backup, in the very epoch that the backup knows.
    await say(ana, 'Bo', 'after the backup', 'and another');
    await say(bo, 'Ana', 'heard by nobody yet');
    await w.settle();
    ana.network.isUp = false;
    w.clock.advance(60_000);

    const fresh = await w.emptyDevice('fresh');
    await must(fresh.client.restoreBackup({ files: [file], opener: { phrase }, passphrase: NEW_PASSPHRASE }));
    const { id } = await fresh.conversation('Bo');
    await must(fresh.client.sendText(id, 'back again'));
    const own = await fresh.store.keyStore.get('mlsSignature');
    const chains = await fresh.store.senderKeys.toArray();
    expect(
      chains.filter(
        ({ senderPublicKey }) => senderPublicKey === base64urlFromBytes(own?.publicKey ?? new Uint8Array()),
      ),
    ).toEqual([]);
    await w.settle();
    await say(bo, 'Ana', 'welcome back');
    await w.settle();

    expect(await bo.texts('Ana')).toEqual([
      'before',
      'after the backup',
      'and another',
      'heard by nobody yet',
      'back again',
      'welcome back',
    ]);
    expect(await fresh.texts('Bo')).toEqual(['before', 'heard by nobody yet', 'back again', 'welcome back']);
    const log = await w.logOf(bo, (await bo.store.mlsGroups.toArray())[0]?.groupId as never);
    const places = log.flatMap(({ kind, payload }) => {
      const header = kind === 'record' ? readHeader(payload) : undefined;
      return header?.ok === true ? [`${header.value.epoch} ${header.value.leaf} ${header.value.iteration}`] : [];
    });
    expect(places.length).toBeGreaterThan(6);
    expect(new Set(places).size).toBe(places.length);
  });

  test('takes nothing of a file that is damaged, foreign, or not the whole chain', async () => {
    const phrase = await phraseOf(ana);
    await say(ana, 'Bo', 'before');
    const full = await backUp(ana, 'full', 'its own passphrase');
    const more = await backUp(ana, 'incremental');
    const other = await backUp(ana);
    const fresh = await w.emptyDevice('fresh');
    const bytes = new Uint8Array(await full.file.arrayBuffer());
    const damaged = new Blob([bytes.with(bytes.length - 20, (bytes.at(-20) ?? 0) ^ 1)]);
    const refused = async (files: Blob[], opener: { phrase: string } | { passphrase: string } = { phrase }) => {
      const result = await fresh.client.restoreBackup({ files, opener, passphrase: NEW_PASSPHRASE });
      for (const name of tableNames)
        if (name !== 'schemaMigrations') expect(await fresh.store[name].count(), name).toBe(0);
      return result.ok ? 'restored' : result.error.code;
    };
    expect(await refused([damaged])).toBe('backup-damaged');
    expect(await refused([full.file.slice(0, full.file.size - 1)])).toBe('backup-damaged');
    expect(await refused([new Blob(['no backup at all'])])).toBe('backup-foreign');
    expect(await refused([more.file])).toBe('backup-chain');
    expect(await refused([full.file, other.file])).toBe('backup-chain');
    expect(await refused([other.file, more.file])).toBe('backup-chain');
    expect(await refused([])).toBe('backup-chain');
    expect(await refused([full.file], { passphrase: 'another passphrase' })).toBe('backup-key');
    expect(await refused([full.file], { phrase: `${'abandon '.repeat(23)}art` })).toBe('backup-key');
    await must(
      fresh.client.restoreBackup({
        files: [full.file],
        opener: { passphrase: 'its own passphrase' },
        passphrase: NEW_PASSPHRASE,
      }),
    );
    expect(
      await fresh.client.restoreBackup({ files: [full.file], opener: { phrase }, passphrase: NEW_PASSPHRASE }),
    ).toMatchObject({
      error: { code: 'exists' },
    });
  });
});
