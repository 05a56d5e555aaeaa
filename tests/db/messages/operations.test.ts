import { beforeEach, describe, expect, it } from 'vitest';
import { addMessage } from '../../../src/lib/db/messages/add.ts';
import { alterMessage } from '../../../src/lib/db/messages/alter.ts';
import { messageById, messagesAt, wholeMessage } from '../../../src/lib/db/messages/find.ts';
import { messageTables } from '../../../src/lib/db/messages/whole.ts';
import { pageOf } from '../../../src/lib/db/messages/pages.ts';
import type { MessageRow, Store } from '../../../src/lib/db/store.ts';
import { unlockedStore } from '../disks.ts';
import { account, conversation, device, faultFrom, meetAna, message, messageRow, NOW, sortKey } from '../fixtures.ts';

const id = conversation('ana');

describe('a message in the store', () => {
  let store: Store;
  beforeEach(async () => {
    store = await unlockedStore();
    await meetAna(store);
  });

  const add = (row: MessageRow) => store.tx('rw', messageTables, () => addMessage(store, row));

  it('is found by its id, by its place, and whole', async () => {
    const row = messageRow('ana', 'a', 1);
    await add(row);
    expect(await messageById(store, message('a'))).toEqual(row);
    expect(await messageById(store, message('b'))).toBeUndefined();
    const places = [
      { conversationId: id, sortKey: sortKey(2) },
      { conversationId: id, sortKey: sortKey(1) },
    ];
    expect(await messagesAt(store, places)).toEqual([undefined, row]);
    expect(await wholeMessage(store, message('a'))).toEqual({
      row,
      changes: [],
      reactions: [],
      receipts: [],
      attachments: [],
    });
  });

  it('takes and loses what hangs on it', async () => {
    await add(messageRow('ana', 'a', 1));
    const reaction = (name: string) => ({
      messageId: message('a'),
      userId: account(name),
      emojiKey: 'wave',
      emoji: '👋',
      timestamp: NOW,
    });
    const change = {
      id: 'c',
      messageId: message('a'),
      changeType: 'edit' as const,
      changeData: { text: 'before' },
      deviceId: device('ana-phone'),
      userId: account('ana'),
      timestamp: sortKey(2),
      syncStatus: 'synced' as const,
    };
    const edited = await store.tx('rw', messageTables, () =>
      alterMessage(store, message('a'), (whole) => ({
        ...whole,
        row: { ...whole.row, content: 'after', editedAt: NOW + 5 },
        changes: [change],
        reactions: [reaction('ana'), reaction('bo')],
      })),
    );
    expect(await wholeMessage(store, message('a'))).toEqual(edited);
    await store.tx('rw', messageTables, () =>
      alterMessage(store, message('a'), (whole) => ({ ...whole, reactions: [reaction('bo')] })),
    );
    expect(await wholeMessage(store, message('a'))).toMatchObject({ changes: [change], reactions: [reaction('bo')] });
  });

  it('is gone for good with all that hung on it when it is altered to nothing', async () => {
    await add(messageRow('ana', 'a', 1));
    await store.messageReadReceipts.add({ messageId: message('a'), userId: account('bo'), readAt: NOW });
    await store.tx('rw', messageTables, () => alterMessage(store, message('a'), () => undefined));
    expect(await wholeMessage(store, message('a'))).toBeUndefined();
    expect(await store.messageReadReceipts.count()).toBe(0);
  });

  it('keeps its id and its place', async () => {
    await add(messageRow('ana', 'a', 1));
    const move = store.tx('rw', messageTables, () =>
      alterMessage(store, message('a'), (whole) => ({ ...whole, row: { ...whole.row, sortKey: sortKey(2) } })),
    );
    expect(await faultFrom(move)).toMatchObject({ code: 'constraint', entity: 'messages' });
  });

  it('nothing is altered where there is none', async () => {
    expect(
      await store.tx('rw', messageTables, () => alterMessage(store, message('a'), (whole) => whole)),
    ).toBeUndefined();
  });
});

describe('a page of a conversation', () => {
  let store: Store;
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const page = async (cursor: { before?: string; after?: string }, limit: number) => {
    const { rows, hasOlder, hasNewer } = await pageOf(store, { conversationId: id, ...cursor, limit });
    return { names: rows.map((row) => row.id.slice('message-'.length)).join(''), hasOlder, hasNewer };
  };

  beforeEach(async () => {
    store = await unlockedStore();
    await meetAna(store);
    await store.tx('rw', messageTables, async () => {
      for (const [i, name] of names.entries()) await addMessage(store, messageRow('ana', name, i));
    });
  });

  it('without a cursor is the newest', async () => {
    expect(await page({}, 2)).toEqual({ names: 'ef', hasOlder: true, hasNewer: false });
    expect(await page({}, 6)).toEqual({ names: 'abcdef', hasOlder: false, hasNewer: false });
  });

  it('before a cursor is what stands just before it', async () => {
    expect(await page({ before: sortKey(4) }, 2)).toEqual({ names: 'cd', hasOlder: true, hasNewer: true });
    expect(await page({ before: sortKey(2) }, 2)).toEqual({ names: 'ab', hasOlder: false, hasNewer: true });
    expect(await page({ before: sortKey(0) }, 2)).toEqual({ names: '', hasOlder: false, hasNewer: true });
  });

  it('after a cursor is what stands just after it', async () => {
    expect(await page({ after: sortKey(1) }, 2)).toEqual({ names: 'cd', hasOlder: true, hasNewer: true });
    expect(await page({ after: sortKey(3) }, 2)).toEqual({ names: 'ef', hasOlder: true, hasNewer: false });
    expect(await page({ after: sortKey(5) }, 2)).toEqual({ names: '', hasOlder: true, hasNewer: false });
  });

  it('between two cursors is the newest of those between', async () => {
    expect(await page({ after: sortKey(0), before: sortKey(5) }, 2)).toEqual({
      names: 'de',
      hasOlder: true,
      hasNewer: true,
    });
  });
});
