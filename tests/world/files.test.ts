import { afterEach, describe, expect, it } from 'vitest';
import type { ConversationId, MessageId } from '../../src/lib/core/ids.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import type { AttachmentItem, MessageItem, OutgoingFile } from '../../src/lib/services/client.ts';
import { accountOf, must, onDemand, PASSPHRASE, until, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

async function hike(): Promise<{ id: ConversationId; ana: Person; bo: Person }> {
  w = await world();
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  await onDemand(bo);
  await w.settle();
  const id = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo)] }));
  await w.settle();
  return { id, ana, bo };
}

/** More than a chunk. */
const large = (): Uint8Array<ArrayBuffer> => new Uint8Array(1_060_000).map((_, i) => (i * 2_654_435_761) >>> 24);

const file = (bytes: Uint8Array<ArrayBuffer>, name = 'map.pdf', type = 'application/pdf'): OutgoingFile => ({
  blob: new Blob([bytes], { type }),
  name,
  type,
});

const item = async (person: Person, id: MessageId): Promise<MessageItem | undefined> =>
  (await person.messages('Hike')).find((message) => message.id === id);

const stateOf = async (person: Person, id: MessageId): Promise<AttachmentItem['state'] | undefined> =>
  (await item(person, id))?.attachments?.[0]?.state;

const uploaded = (person: Person) =>
  until(person.store, async () => {
    const rows = await person.store.fileTransfers.toArray();
    return rows.every((row) => row.direction === 'inbound' || row.status === 'completed');
  });

/** Whether it is the same to the byte; comparing arrays of this size one by one takes seconds. */
const isSame = async (blob: Blob, bytes = large()): Promise<boolean> =>
  Buffer.from(await blob.arrayBuffer()).equals(bytes);

describe('a file on a message', () => {
  it('goes from disk to disk, and no byte of it is anywhere in clear', async () => {
    const { id, ana, bo } = await hike();
    const bytes = large();
    const thumbnail = new Uint8Array(500).fill(7);
    const sent = await must(
      ana.client.sendFiles(
        id,
        [{ ...file(bytes, 'peak.jpg', 'image/jpeg'), width: 40, height: 30, thumbnail }],
        'look!',
      ),
    );
    await w.settle();
    await uploaded(ana);
    expect(await item(bo, sent)).toMatchObject({
      text: 'look!',
      attachments: [{ kind: 'image', name: 'peak.jpg', size: bytes.length, width: 40, height: 30, state: 'absent' }],
    });
    expect(await must(bo.client.fileThumbnail(sent, 0))).toEqual(thumbnail);
    const got = await must(bo.client.openFile(sent, 0));
    expect(got.type).toBe('image/jpeg');
    expect(await isSame(got)).toBe(true);
    expect(await stateOf(bo, sent)).toBe('here');
    // It stays readable without the relay, to both.
    ana.network.isUp = bo.network.isUp = false;
    expect(await isSame(await must(bo.client.openFile(sent, 0)))).toBe(true);
    expect(await isSame(await must(ana.client.openFile(sent, 0)))).toBe(true);

    const piece = Buffer.from(bytes.slice(1_000, 1_040));
    for (const person of [ana, bo]) {
      for (const { chunk } of await person.store.fileChunks.toArray())
        expect(Buffer.from(chunk).includes(piece)).toBe(false);
      for (const { body } of person.network.sent) expect(Buffer.from(body).includes(piece)).toBe(false);
    }
  });

  it('waits offline with its message, survives a restart, and is uploaded once there is a network', async () => {
    const { id, ana, bo } = await hike();
    ana.network.isUp = false;
    const sent = await must(ana.client.sendFiles(id, [file(large())], ''));
    expect(await stateOf(ana, sent)).toBe('uploading');
    unwrap(await (await ana.restart()).unlock(PASSPHRASE));
    expect(await isSame(await must(ana.client.openFile(sent, 0)))).toBe(true);
    ana.network.isUp = true;
    await w.settle();
    await uploaded(ana);
    expect(await isSame(await must(bo.client.openFile(sent, 0)))).toBe(true);
  });

  it('that is still on its way says so, and comes later', async () => {
    const { id, ana, bo } = await hike();
    let isCut = true;
    const { post } = ana.network.transport;
    Object.assign(ana.network.transport, {
      post: (...args: Parameters<typeof post>) =>
        isCut && args[0].includes('blobs/') && args[0].endsWith('/append')
          ? Promise.resolve({ ok: false, error: { code: 'network', retry: 'now' } })
          : post(...args),
    });
    const sent = await must(ana.client.sendFiles(id, [file(large())], ''));
    await w.settle();
    expect(await bo.client.openFile(sent, 0)).toMatchObject({ ok: false, error: { code: 'file-not-there-yet' } });
    isCut = false;
    ana.network.isUp = false;
    await ana.client.syncNow();
    ana.network.isUp = true;
    await ana.client.syncNow();
    await uploaded(ana);
    expect(await isSame(await must(bo.client.openFile(sent, 0)))).toBe(true);
  });

  it('that the relay alters does not open, and can be fetched again', async () => {
    const { id, ana, bo } = await hike();
    const sent = await must(ana.client.sendFiles(id, [file(large())], ''));
    await w.settle();
    await uploaded(ana);
    bo.network.alter = (path, body) => {
      if (!path.endsWith('/read')) return body;
      const other = body.slice();
      other[5_000] = (other[5_000] ?? 0) ^ 1;
      return other;
    };
    expect(await bo.client.openFile(sent, 0)).toMatchObject({ ok: false, error: { code: 'file-damaged' } });
    expect(await bo.store.fileChunks.count()).toBe(0);
    bo.network.alter = undefined;
    expect(await isSame(await must(bo.client.openFile(sent, 0)))).toBe(true);
  });

  it('that the relay refused is told as failed, and goes when the person tries again', async () => {
    const { id, ana, bo } = await hike();
    ana.network.isUp = false;
    const sent = await must(ana.client.sendFiles(id, [file(large())], 'the route'));
    const [transfer] = await ana.store.fileTransfers.toArray();
    await ana.store.fileTransfers.update(transfer?.transferId ?? '', { status: 'failed' });
    expect(await stateOf(ana, sent)).toBe('failed');
    ana.network.isUp = true;
    await w.settle();
    expect(await stateOf(ana, sent)).toBe('failed');
    expect(await ana.client.retryUpload(sent, 1)).toMatchObject({ error: { code: 'not-found' } });
    await must(ana.client.retryUpload(sent, 0));
    await uploaded(ana);
    await w.settle();
    expect(await isSame(await must(bo.client.openFile(sent, 0)))).toBe(true);
  });

  it('is gone from every disk when its message is deleted for everyone', async () => {
    const { id, ana, bo } = await hike();
    const sent = await must(ana.client.sendFiles(id, [file(large())], 'oops'));
    await w.settle();
    await uploaded(ana);
    await must(bo.client.openFile(sent, 0));
    await must(ana.client.deleteMessage(sent, 'everyone'));
    await w.settle();
    for (const person of [ana, bo]) {
      expect(await person.store.fileChunks.count()).toBe(0);
      expect(await person.store.fileTransfers.count()).toBe(0);
    }
  });

  it('is passed on without being uploaded again', async () => {
    const { id, ana, bo } = await hike();
    const sent = await must(ana.client.sendFiles(id, [file(large())], 'the map'));
    await w.settle();
    await uploaded(ana);
    const direct = await must(ana.client.openDirect(await accountOf(bo)));
    await w.settle();
    const before = ana.network.sent.length;
    await must(ana.client.forwardMessages([sent], [direct]));
    await w.settle();
    expect(ana.network.sent.slice(before).filter(({ path }) => path.includes('blobs'))).toEqual([]);
    const forwarded = (await bo.messages('Ana')).find((message) => message.text === 'the map');
    expect(forwarded).toMatchObject({ isForwarded: true, attachments: [{ name: 'map.pdf' }] });
    expect(await isSame(await must(bo.client.openFile(forwarded?.id as MessageId, 0)))).toBe(true);
  });
});

describe('a message', () => {
  it('that has not left is taken back, and leaves nothing', async () => {
    const { id, ana, bo } = await hike();
    ana.network.isUp = false;
    const sent = await must(ana.client.sendText(id, 'too soon'));
    expect(await must(ana.client.takeBack(sent))).toBe('too soon');
    ana.network.isUp = true;
    const kept = await must(ana.client.sendText(id, 'in time'));
    await w.settle();
    expect(await bo.texts('Hike')).toEqual(['in time']);
    expect(await ana.client.takeBack(kept)).toMatchObject({ ok: false, error: { code: 'already-sent' } });
  });

  it('is unread again from where somebody says, until it is read', async () => {
    const { id, ana, bo } = await hike();
    const ids: MessageId[] = [];
    for (const text of ['one', 'two', 'three']) ids.push(await must(ana.client.sendText(id, text)));
    await w.settle();
    await must(bo.client.markRead(id, ids[2] as MessageId));
    expect((await bo.conversation('Hike')).unread).toBe(0);
    await must(bo.client.markUnread(ids[1] as MessageId));
    expect((await bo.conversation('Hike')).unread).toBe(2);
    await must(bo.client.markRead(id, ids[2] as MessageId));
    expect((await bo.conversation('Hike')).unread).toBe(0);
  });

  it('is found by its day', async () => {
    const { id, ana } = await hike();
    w.clock.advance(1_000);
    const at = w.clock.now();
    const first = await must(ana.client.sendText(id, 'today'));
    w.clock.advance(3 * 24 * 3_600_000);
    const second = await must(ana.client.sendText(id, 'days later'));
    expect(await must(ana.client.messageOn(id, at))).toBe(first);
    expect(await must(ana.client.messageOn(id, at + 24 * 3_600_000))).toBe(second);
    expect(await must(ana.client.messageOn(id, at + 90 * 24 * 3_600_000))).toBe(second);
    await w.settle();
  });
});
