import { afterEach, describe, expect, it } from 'vitest';
import { readPreferences } from '../../src/lib/db/preferences.ts';
import type { ConversationItem, FolderItem, NewFolder, PreferencesItem } from '../../src/lib/services/client.ts';
import { asJson, asPage, exportFile } from '../../src/lib/ui/conversation/exportFile.ts';
import { accountOf, must, PASSPHRASE, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

describe('notes to oneself', () => {
  it('need no network, keep edits, reactions and answers, and never reach the relay', async () => {
    w = await world();
    const ana = await w.person('Ana');
    ana.network.isUp = false;
    const id = await must(ana.client.openNotes('Notes to yourself'));
    expect(await must(ana.client.openNotes('Again'))).toBe(id);
    const first = await must(ana.client.sendText(id, 'milk'));
    await must(ana.client.editMessage(first, 'oat milk'));
    await must(ana.client.react(first, '👍'));
    await must(ana.client.pin(first));
    await must(ana.client.sendText(id, 'and bread', { replyTo: first }));
    const gone = await must(ana.client.sendText(id, 'not this'));
    await must(ana.client.deleteMessage(gone, 'everyone'));

    const view = await ana.view(id);
    expect(view).toMatchObject({ kind: 'notes', canSend: true, canPin: true, isPending: false });
    expect(view.messages.map(({ text }) => text)).toEqual(['oat milk', 'and bread', '']);
    expect(view.messages[0]).toMatchObject({ isPinned: true, reactions: [{ emoji: '👍' }] });
    expect(view.messages.every(({ state }) => state === undefined)).toBe(true);
    expect(view.members.map(({ isSelf }) => isSelf)).toEqual([true]);
    expect(await ana.waiting()).toBe(0);
    ana.network.isUp = true;
    await w.settle();
    expect(await ana.waiting()).toBe(0);
    await must((await ana.restart()).unlock(PASSPHRASE));
    expect((await ana.texts('Notes to yourself')).slice(0, 2)).toEqual(['oat milk', 'and bread']);
  });
});

describe('a conversation in the list', () => {
  it('can be pinned, muted, archived and marked unread, which nobody else learns', async () => {
    const { ana, bo, hike, walk } = await two();
    const sent = bo.network.sent.length + ana.network.sent.length;
    expect((await list(ana)).map(({ title }) => title)).toEqual(['Walk', 'Hike']);
    await must(ana.client.setConversation(hike, { isPinned: true, isMarkedUnread: true }));
    await must(ana.client.setConversation(walk, { isMuted: true, isArchived: true }));
    expect(await list(ana)).toMatchObject([
      { title: 'Hike', isPinned: true, isMuted: false, isMarkedUnread: true },
      { title: 'Walk', isPinned: false, isMuted: true, isArchived: true },
    ]);
    expect((await list(bo)).every(({ isPinned, isMuted }) => !isPinned && !isMuted)).toBe(true);
    expect(bo.network.sent.length + ana.network.sent.length).toBe(sent);
    expect(await ana.client.setConversation('nowhere' as typeof hike, { isPinned: true })).toMatchObject({
      error: { code: 'not-found' },
    });
  });

  it('that is marked unread is read once what is new in it was', async () => {
    const { ana, bo, hike } = await two();
    await must(ana.client.setConversation(hike, { isMarkedUnread: true }));
    const news = await must(bo.client.sendText(hike, 'news'));
    await w.settle();
    await must(ana.client.markRead(hike, news));
    expect(await ana.conversation('Hike')).toMatchObject({ isMarkedUnread: false, unread: 0 });
  });
});

describe('folders of the list', () => {
  it('hold what a person puts into them, on this device alone, until it goes', async () => {
    const { ana, bo, hike, walk } = await two();
    ana.network.isUp = false;
    const sent = ana.network.sent.length;
    const outside = await must(ana.client.saveChatFolder({ name: ' Outside ', conversations: [hike, walk, hike] }));
    await must(ana.client.saveChatFolder({ name: 'Empty', conversations: [] }));
    expect(await folders(ana)).toMatchObject([
      { name: 'Empty', conversations: [] },
      { id: outside, name: 'Outside', conversations: [hike, walk] },
    ]);
    await must(ana.client.saveChatFolder({ id: outside, name: 'Out', conversations: [walk] }));
    await must((await ana.restart()).unlock(PASSPHRASE));
    expect(await folders(ana)).toMatchObject([{ name: 'Empty' }, { id: outside, name: 'Out', conversations: [walk] }]);
    await ana.store.conversations.delete(walk);
    expect((await folders(ana))[1]).toMatchObject({ id: outside, conversations: [] });
    await must(ana.client.removeChatFolder(outside));
    expect((await folders(ana)).map(({ name }) => name)).toEqual(['Empty']);
    expect(await folders(bo)).toEqual([]);
    expect(ana.network.sent.length).toBe(sent);
  });

  it('are refused without a name, twice by one name, and where there are too many', async () => {
    w = await world();
    const ana = await w.person('Ana');
    const code = async (folder: NewFolder) => {
      const saved = await ana.client.saveChatFolder(folder);
      return saved.ok ? 'saved' : saved.error.code;
    };
    expect(await code({ name: ' ', conversations: [] })).toBe('bad-name');
    expect(await code({ name: 'n'.repeat(201), conversations: [] })).toBe('bad-name');
    for (let i = 0; i < 29; i++) expect(await code({ name: `${i}`, conversations: [] })).toBe('saved');
    expect(await code({ name: '7', conversations: [] })).toBe('duplicate');
    expect(await code({ id: 'gone', name: 'x', conversations: [] })).toBe('not-found');
    expect(await code({ name: '29', conversations: [] })).toBe('saved');
    expect(await code({ name: '30', conversations: [] })).toBe('too-many-folders');
  });
});

describe('somebody who is blocked', () => {
  it('writes into the void until that is taken back, and learns nothing of it', async () => {
    w = await world();
    const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
    await ana.knows(bo);
    const chat = await must(ana.client.openDirect(await accountOf(bo)));
    await must(ana.client.sendText(chat, 'hello'));
    await w.settle();
    await must(ana.client.saveContact(await accountOf(bo), { isBlocked: true, notes: 'from the market' }));
    await must(bo.client.sendText(chat, 'buy this'));
    await w.settle();
    expect(await ana.texts('Bo')).toEqual(['hello']);
    expect(await ana.view(chat)).toMatchObject({ isBlocked: true, canSend: false });
    expect((await bo.messages('Ana')).at(-1)).toMatchObject({ text: 'buy this', state: 'sent' });
    await must(ana.client.saveContact(await accountOf(bo), { isBlocked: false }));
    await must(bo.client.sendText(chat, 'sorry'));
    await w.settle();
    expect(await ana.texts('Bo')).toEqual(['hello', 'sorry']);
  });
});

describe('a conversation', () => {
  it('is told in numbers, and can be taken along whole', async () => {
    const { ana, bo, hike } = await two();
    const first = await must(ana.client.sendText(hike, 'one <b>&'));
    await w.settle();
    w.clock.advance(1000);
    await must(bo.client.sendText(hike, 'two'));
    await must(bo.client.sendText(hike, 'three', { replyTo: first }));
    await must(bo.client.sendText(hike, 'four'));
    await must(bo.client.react(first, '👍'));
    await w.settle();
    expect(await must(ana.client.conversationFigures(hike))).toMatchObject({
      days: [{ count: 5 }],
      people: [
        { name: 'Bo', count: 3 },
        { name: '', count: 2 },
      ],
      members: expect.arrayContaining([expect.objectContaining({ count: 2 })]) as unknown,
    });
    const { file } = await must(exportFile(ana.client, hike, asJson));
    expect(JSON.parse(await file.text())).toMatchObject({
      format: 'cairn-conversation',
      version: 1,
      title: 'Hike',
      kind: 'group',
      members: [{ name: 'Ana' }, { name: 'Bo' }],
      messages: [
        { notice: { what: 'created' } },
        { from: { name: 'Ana' }, text: 'one <b>&', reactions: [{ emoji: '👍', by: [{ name: 'Bo' }] }] },
        { from: { name: 'Bo' }, text: 'two' },
        { from: { name: 'Bo' }, text: 'three', replyTo: first },
        { from: { name: 'Bo' }, text: 'four' },
      ],
    });
    const shown = await must(
      exportFile(
        ana.client,
        hike,
        asPage(() => ({ ...exportWords, time: String })),
      ),
    );
    const page = await shown.file.text();
    expect(page).toContain('one &lt;b&gt;&amp;');
    expect(page).not.toContain('<script');
  });
});

const exportWords = {
  language: 'en',
  direction: 'ltr',
  made: 'Saved',
  self: 'You',
  edited: 'edited',
  deleted: 'Deleted',
} as const;

describe('preferences', () => {
  it('are kept sealed, each for itself, and have defaults', async () => {
    w = await world();
    const ana = await w.person('Ana');
    const self = await accountOf(ana);
    const shown: PreferencesItem[] = [];
    const stop = await ana.client.watchPreferences((value) => shown.push(value));
    await must(ana.client.savePreferences({ readReceipts: false }));
    await must(ana.client.savePreferences({ notifications: 'mentions' }));
    await expect
      .poll(() => shown.at(-1))
      .toEqual({
        notifications: 'mentions',
        showsContent: false,
        readReceipts: false,
        typing: true,
        undoSend: 0,
      });
    stop();
    await must((await ana.restart()).unlock(PASSPHRASE));
    expect(await readPreferences(ana.store, self)).toMatchObject({ readReceipts: false });
  });

  it('keep what one read from others, and what others read from oneself', async () => {
    const { ana, bo, hike } = await two();
    const people = { ana: [ana, bo], bo: [bo, ana] } as const;
    const stateAfterReading = async (reader: Person, writer: Person, text: string) => {
      const id = await must(writer.client.sendText(hike, text));
      await w.settle();
      await must(reader.client.markRead(hike, id));
      await w.settle();
      return (await writer.messages('Hike')).find((message) => message.text === text)?.state;
    };
    expect(await stateAfterReading(...people.ana, 'both tell')).toBe('read');
    await must(ana.client.savePreferences({ readReceipts: false }));
    expect(await stateAfterReading(...people.ana, 'Ana does not tell')).toBe('delivered');
    expect(await stateAfterReading(...people.bo, 'nor does she hear')).toBe('delivered');
    await must(ana.client.savePreferences({ readReceipts: true }));
    expect(await stateAfterReading(...people.bo, 'both tell again')).toBe('read');
  });
});

async function two() {
  w = await world();
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  const people = [await accountOf(bo)];
  const hike = await must(ana.client.createGroup({ name: 'Hike', people }));
  await w.settle();
  w.clock.advance(1000);
  const walk = await must(ana.client.createGroup({ name: 'Walk', people }));
  await w.settle();
  return { ana, bo, hike, walk };
}

async function folders(person: Person): Promise<readonly FolderItem[]> {
  const seen = Promise.withResolvers<readonly FolderItem[]>();
  const stop = await person.client.watchChatFolders(seen.resolve);
  const items = await seen.promise;
  stop();
  return items;
}

async function list(person: Person): Promise<readonly ConversationItem[]> {
  const seen = Promise.withResolvers<readonly ConversationItem[]>();
  const stop = await person.client.watchConversations(seen.resolve);
  const items = await seen.promise;
  stop();
  return items;
}
