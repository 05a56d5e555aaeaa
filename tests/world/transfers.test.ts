import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ConversationId, MessageId } from '../../src/lib/core/ids.ts';
import { err, unwrap } from '../../src/lib/core/result.ts';
import type { OutgoingFile, TransferItem } from '../../src/lib/services/client.ts';
import { BLOB_HOLD_MS, limits } from '../../src/lib/protocol/limits.ts';
import { hasBlob, releaseBlob } from '../../src/lib/sync/blobs.ts';
import { networkFault } from '../../src/lib/sync/transport.ts';
import { accountOf, must, onDemand, PASSPHRASE, until, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

const CHUNK = limits.blobChunk;

async function hike(): Promise<{ id: ConversationId; ana: Person; bo: Person }> {
  w = await world();
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  await w.settle();
  const id = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo)] }));
  await w.settle();
  return { id, ana, bo };
}

const bytesOf = (size: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(size).map((_, i) => ((i + size) * 2_654_435_761) >>> 24);

const file = (size: number, name: string): OutgoingFile => ({
  blob: new Blob([bytesOf(size)]),
  name,
  type: 'application/octet-stream',
});

const isSame = async (blob: Blob, size: number): Promise<boolean> =>
  Buffer.from(await blob.arrayBuffer()).equals(bytesOf(size));

async function transfers(person: Person): Promise<readonly TransferItem[]> {
  const seen = Promise.withResolvers<readonly TransferItem[]>();
  const stop = await person.client.watchTransfers(50, seen.resolve);
  const items = await seen.promise;
  stop();
  return items;
}

/** Waits until the list is as it should be. */
async function shows(person: Person, ...wanted: readonly Partial<TransferItem>[]): Promise<void> {
  await new Promise<void>((resolve) => {
    let stop: (() => void) | undefined;
    void person.client
      .watchTransfers(50, (items) => {
        const isSo =
          items.length === wanted.length &&
          wanted.every((one, i) => JSON.stringify({ ...items[i], ...one }) === JSON.stringify(items[i]));
        if (!isSo) return;
        queueMicrotask(() => stop?.());
        resolve();
      })
      .then((unwatch) => (stop = unwatch));
  });
}

/** Lets at most so many chunks go up or come down; then the line is cut. */
function throttle(person: Person, way: 'append' | 'read', chunks: number): { release(): void } {
  const { transport } = person.network;
  const { post } = transport;
  let left = chunks;
  Object.assign(transport, {
    post: (...args: Parameters<typeof post>) =>
      args[0].endsWith(`/${way}`) && left-- <= 0 ? Promise.resolve(err(networkFault('cut'))) : post(...args),
  });
  return { release: () => Object.assign(transport, { post }) };
}

/** The way to the relay is back, and the app notices. */
async function reconnect(person: Person): Promise<void> {
  person.network.isUp = false;
  await person.client.syncNow();
  person.network.isUp = true;
  await person.client.syncNow();
}

const SIZE = 3 * CHUNK + 9;

describe('an upload', () => {
  it('that was paused stays so after a restart, and goes on from where it was', async () => {
    const { id, ana, bo } = await hike();
    const line = throttle(ana, 'append', 2);
    const sent = await must(ana.client.sendFiles(id, [file(SIZE, 'film')], ''));
    await shows(ana, { name: 'film', isUp: true, state: 'running', done: 2 * CHUNK, size: SIZE });
    const [item] = await transfers(ana);
    await must(ana.client.changeTransfer(item?.id ?? '', 'pause'));
    line.release();
    unwrap(await (await ana.restart()).unlock(PASSPHRASE));
    await reconnect(ana);
    await w.settle();
    expect(await transfers(ana)).toMatchObject([{ name: 'film', state: 'paused', done: 2 * CHUNK }]);
    expect((await ana.messages('Hike')).at(-1)?.attachments?.[0]).toMatchObject({ state: 'held' });

    const before = ana.network.sent.length;
    await must(ana.client.changeTransfer(item?.id ?? '', 'resume'));
    await shows(ana, { name: 'film', state: 'done' });
    const appends = ana.network.sent.slice(before).filter(({ path }) => path.endsWith('/append'));
    expect(appends).toHaveLength(2);
    expect(await isSame(await must(bo.client.openFile(sent, 0)), SIZE)).toBe(true);
  });

  it('that was cancelled stays here and goes up when the person thinks otherwise', async () => {
    const { id, ana, bo } = await hike();
    ana.network.isUp = false;
    const sent = await must(ana.client.sendFiles(id, [file(SIZE, 'film')], ''));
    const [item] = await transfers(ana);
    await must(ana.client.changeTransfer(item?.id ?? '', 'cancel'));
    await reconnect(ana);
    await w.settle();
    expect(await transfers(ana)).toMatchObject([{ state: 'cancelled' }]);
    expect(await ana.client.changeTransfer(item?.id ?? '', 'pause')).toMatchObject({ error: { code: 'not-found' } });
    expect(await bo.client.openFile(sent, 0)).toMatchObject({ error: { code: 'file-not-there-yet' } });
    expect(await isSame(await must(ana.client.openFile(sent, 0)), SIZE)).toBe(true);
    await must(ana.client.retryUpload(sent, 0));
    await shows(ana, { state: 'done' });
    expect(await isSame(await must(bo.client.openFile(sent, 0)), SIZE)).toBe(true);
  });

  it('goes on while the app is locked: what goes is ciphertext already', async () => {
    const { id, ana, bo } = await hike();
    const line = throttle(ana, 'append', 1);
    const sent = await must(ana.client.sendFiles(id, [file(SIZE, 'film')], ''));
    await shows(ana, { state: 'running', done: CHUNK });
    await w.settle();
    const locked = await ana.restart();
    line.release();
    locked.poke();
    await until(ana.store, async () => (await ana.store.fileTransfers.where('lastUsedAt').above(0).count()) === 1);
    expect(ana.store.isUnlocked).toBe(false);
    await w.settle();
    expect(await isSame(await must(bo.client.openFile(sent, 0)), SIZE)).toBe(true);
    unwrap(await ana.client.unlock(PASSPHRASE));
    await shows(ana, { state: 'done' });
  });
});

describe('a download', () => {
  const twoFiles = async () => {
    const { id, ana, bo } = await hike();
    await must(bo.client.saveFileSettings({ automatic: CHUNK }));
    const sent = await must(ana.client.sendFiles(id, [file(SIZE, 'film'), file(500, 'note')], ''));
    await w.settle();
    await shows(ana, { state: 'done' }, { state: 'done' });
    return { id, ana, bo, sent };
  };

  it('comes by itself where it is small, and on demand where it is not', async () => {
    const { ana, bo, sent } = await twoFiles();
    await reconnect(bo);
    await shows(bo, { name: 'note', isUp: false, state: 'done' });
    ana.network.isUp = bo.network.isUp = false;
    expect(await isSame(await must(bo.client.openFile(sent, 1)), 500)).toBe(true);
    expect((await bo.messages('Hike')).at(-1)?.attachments).toMatchObject([{ state: 'absent' }, { state: 'here' }]);
    expect(await bo.client.openFile(sent, 0)).toMatchObject({ error: { code: 'network' } });
    await shows(bo, { name: 'film', state: 'waiting' }, { name: 'note', state: 'done' });
    // Asked for without a network, it comes with the network.
    await reconnect(bo);
    await shows(bo, { state: 'done' }, { state: 'done' });
    expect(await isSame(await must(bo.client.openFile(sent, 0)), SIZE)).toBe(true);
  });

  it('that was paused stays so after a restart, and goes on from where it was', async () => {
    const { bo, sent } = await twoFiles();
    await reconnect(bo);
    await shows(bo, { state: 'done' });
    await must(bo.client.forgetTransfers());
    const line = throttle(bo, 'read', 2);
    expect(await bo.client.openFile(sent, 0)).toMatchObject({ error: { code: 'network' } });
    await shows(bo, { name: 'film', state: 'running', done: 2 * CHUNK });
    const [item] = await transfers(bo);
    await must(bo.client.changeTransfer(item?.id ?? '', 'pause'));
    line.release();
    unwrap(await (await bo.restart()).unlock(PASSPHRASE));
    await reconnect(bo);
    await w.settle();
    expect(await transfers(bo)).toMatchObject([{ name: 'film', state: 'paused', done: 2 * CHUNK }]);
    const before = bo.network.sent.length;
    await must(bo.client.changeTransfer(item?.id ?? '', 'resume'));
    await shows(bo, { state: 'done' });
    expect(bo.network.sent.slice(before).filter(({ path }) => path.endsWith('/read'))).toHaveLength(2);
    expect(await isSame(await must(bo.client.openFile(sent, 0)), SIZE)).toBe(true);
  });

  it('that a crash broke off goes on by itself', async () => {
    const { bo, sent } = await twoFiles();
    const line = throttle(bo, 'read', 2);
    await bo.client.openFile(sent, 0);
    await shows(bo, { name: 'film', state: 'running' }, { name: 'note' });
    // As it lies there when the process dies in the middle of it.
    const row = (await bo.store.fileTransfers.toArray()).find(({ fileName }) => fileName === 'film');
    await bo.store.fileTransfers.update(row?.transferId ?? '', { status: 'active' });
    line.release();
    unwrap(await (await bo.restart()).unlock(PASSPHRASE));
    await reconnect(bo);
    await shows(bo, { state: 'done' }, { state: 'done' });
    bo.network.isUp = false;
    expect(await isSame(await must(bo.client.openFile(sent, 0)), SIZE)).toBe(true);
  });

  it('that was cancelled leaves nothing and can be had again', async () => {
    const { bo, sent } = await twoFiles();
    await reconnect(bo);
    await shows(bo, { state: 'done' });
    const line = throttle(bo, 'read', 2);
    await bo.client.openFile(sent, 0);
    await shows(bo, { name: 'film' }, { name: 'note' });
    const [item] = await transfers(bo);
    await must(bo.client.changeTransfer(item?.id ?? '', 'cancel'));
    line.release();
    await shows(bo, { name: 'note', state: 'done' }, { name: 'film', state: 'cancelled', done: 0 });
    expect(
      await bo.store.fileChunks
        .where('transferId')
        .equals(item?.id ?? '')
        .count(),
    ).toBe(0);
    expect(await isSame(await must(bo.client.openFile(sent, 0)), SIZE)).toBe(true);
  });

  it('waits for a sender who is not done yet, and then comes by itself', async () => {
    const { id, ana, bo } = await hike();
    const line = throttle(ana, 'append', 0);
    const sent = await must(ana.client.sendFiles(id, [file(500, 'note')], ''));
    await w.settle();
    await shows(bo, { name: 'note', state: 'waiting', reason: 'file-not-there-yet' });
    line.release();
    await reconnect(ana);
    await shows(ana, { state: 'done' });
    w.clock.advance(60_000);
    await shows(bo, { name: 'note', state: 'done' });
    bo.network.isUp = false;
    expect(await isSame(await must(bo.client.openFile(sent, 0)), 500)).toBe(true);
  });
});

describe('the room that files take', () => {
  const kept = async (person: Person, ...sent: MessageId[]): Promise<string[]> => {
    const messages = await person.messages('Hike');
    return sent.map((id) => messages.find((message) => message.id === id)?.attachments?.[0]?.state ?? '');
  };

  it('is kept by letting go of those looked at longest ago, which come back when they are wanted', async () => {
    const { id, ana, bo } = await hike();
    await onDemand(bo);
    const sent: MessageId[] = [];
    for (const name of ['one', 'two', 'three']) sent.push(await must(ana.client.sendFiles(id, [file(900, name)], '')));
    await w.settle();
    await shows(ana, { state: 'done' }, { state: 'done' }, { state: 'done' });
    for (const one of [...sent, sent[0] as MessageId]) {
      w.clock.advance(1_000);
      await must(bo.client.openFile(one, 0));
    }
    expect(await must(bo.client.keptFiles())).toBe(2_700);
    await must(bo.client.saveFileSettings({ budget: 2_000 }));
    await until(bo.store, async () => (await bo.store.fileChunks.count()) === 2);
    expect(await kept(bo, ...sent)).toEqual(['here', 'absent', 'here']);
    expect(await must(bo.client.keptFiles())).toBe(1_800);
    // What went is held for this account, whatever becomes of its sender.
    const ends = (await bo.store.fileTransfers.toArray()).flatMap(({ heldUntil }) => heldUntil ?? []);
    expect(ends).toEqual([expect.closeTo(w.clock.now() + BLOB_HOLD_MS, -4)]);
    expect(await isSame(await must(bo.client.openFile(sent[1] as MessageId, 0)), 900)).toBe(true);
    await until(bo.store, async () => (await bo.store.fileChunks.count()) === 2);
    expect(await kept(bo, ...sent)).toEqual(['here', 'here', 'absent']);
  });

  it('is never made by what only this device has', async () => {
    const { id, ana, bo } = await hike();
    await onDemand(bo);
    const gone = await must(ana.client.sendFiles(id, [file(900, 'gone')], ''));
    const there = await must(ana.client.sendFiles(id, [file(900, 'there')], ''));
    await w.settle();
    await shows(ana, { state: 'done' }, { state: 'done' });
    for (const one of [gone, there]) {
      w.clock.advance(1_000);
      await must(bo.client.openFile(one, 0));
    }
    // The relay lets go of one of them, and a third never gets there.
    const row = (await ana.store.fileTransfers.toArray()).find(({ fileName }) => fileName === 'gone');
    const relay = await ana.relay();
    unwrap(await releaseBlob(relay, row?.blobId ?? ''));
    w.clock.advance(3600_000);
    while (unwrap(await hasBlob(relay, row?.blobId ?? '')));
    const line = throttle(ana, 'append', 0);
    const own = await must(ana.client.sendFiles(id, [file(900, 'own')], ''));
    await w.settle();
    await must(bo.client.saveFileSettings({ budget: 1 }));
    await must(ana.client.saveFileSettings({ budget: 1 }));
    await reconnect(bo);
    await reconnect(ana);
    await until(ana.store, async () => (await ana.store.fileChunks.count()) === 2);
    expect(await kept(ana, own)).toEqual(['uploading']);
    // However often room is looked for, the file that was looked at last stays.
    const asked = () => bo.network.sent.filter(({ path }) => path === `blobs/${row?.blobId}/read`).length;
    for (let round = 0; round < 2; round++) {
      const before = asked();
      await reconnect(bo);
      await vi.waitFor(() => expect(asked()).toBeGreaterThan(before), { timeout: 10_000 });
    }
    expect(await kept(bo, gone, there)).toEqual(['here', 'here']);
    line.release();
    expect(await isSame(await must(bo.client.openFile(gone, 0)), 900)).toBe(true);
    expect(await isSame(await must(ana.client.openFile(gone, 0)), 900)).toBe(true);
  });
});
