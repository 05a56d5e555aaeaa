import { expect, test } from 'vitest';
import type { AccountId } from '../../src/lib/core/ids.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import { notesConversationId } from '../../src/lib/crypto/identity.ts';
import type { FolderItem } from '../../src/lib/services/client.ts';
import { limits } from '../../src/lib/protocol/limits.ts';
import { catchUp } from '../../src/lib/protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import { arrived, link, newWorld, until } from './linked.ts';
import { deviceOf, linked, now, together, untilSame } from './together.ts';
import { PASSPHRASE, type Person } from './world.ts';

test('what a person sets on one device is so on the other', async () => {
  const w = await newWorld();
  const { ana, phone, chat, bos } = await linked(w);
  unwrap(await ana.client.setConversation(chat, { isPinned: true, isMuted: true }));
  unwrap(await ana.client.saveDraft(chat, 'as I was saying'));
  unwrap(await ana.client.savePreferences({ readReceipts: false, notifications: 'mentions' }));
  unwrap(await ana.client.setVerified(bos, true));
  unwrap(await ana.client.saveContact(bos, { notes: 'likes tea', isBlocked: true }));
  unwrap(await ana.client.renameDevice(await deviceOf(phone), 'Phone'));
  await untilSame(
    w,
    [ana, phone],
    chat,
    bos,
    ({ pin, mute, draft, verified, blocked, notes, preferences, devices }) => {
      const names = Object.values(devices);
      const isSet = pin === true && mute === true && verified === true && blocked === true && notes === 'likes tea';
      return (
        isSet && draft === 'as I was saying' && preferences.notifications === 'mentions' && names.includes('Phone')
      );
    },
  );
  unwrap(await phone.client.setConversation(chat, { isPinned: false, isArchived: true, isMarkedUnread: true }));
  unwrap(await phone.client.saveDraft(chat, ''));
  await untilSame(
    w,
    [ana, phone],
    chat,
    bos,
    ({ pin, archive, draft, unread }) => pin === false && archive === true && unread && draft === '',
  );
});

test('what two devices changed apart, both without a network, is the same on both, and nothing that was written is lost', async () => {
  const w = await newWorld();
  const { ana, phone, bo, chat, bos } = await linked(w);
  for (const text of ['third', 'fourth']) unwrap(await bo.client.sendText((await bo.conversation('Ana')).id, text));
  await w.settle();
  const read = async (person: Person, text: string) => {
    const id = (await person.messages('Bo')).find((message) => message.text === text)?.id;
    unwrap(await person.client.markRead(chat, id as never));
  };
  for (const device of [ana, phone]) device.network.isUp = false;
  unwrap(await ana.client.saveDraft(chat, 'from the laptop'));
  unwrap(await phone.client.saveDraft(chat, 'from the phone'));
  unwrap(await ana.client.saveContact(bos, { notes: 'likes tea' }));
  unwrap(await phone.client.saveContact(bos, { notes: 'has a cat' }));
  unwrap(await ana.client.setConversation(chat, { isPinned: true, isArchived: true }));
  w.clock.advance(60_000);
  unwrap(await phone.client.setConversation(chat, { isPinned: true, isMuted: true }));
  unwrap(await phone.client.savePreferences({ readReceipts: false, theme: 'light' }));
  w.clock.advance(60_000);
  unwrap(await ana.client.savePreferences({ theme: 'dark' }));
  await read(ana, 'third');
  await read(phone, 'fourth');
  // Neither is there when the other comes back.
  w.clock.advance(60_000);
  unwrap(await (await ana.restart()).unlock(PASSPHRASE));
  ana.network.isUp = true;
  await until(w, async () => (await ana.waiting()) === 0, 'a laptop with nothing left to say');
  ana.network.isUp = false;
  phone.network.isUp = true;
  await until(w, async () => (await phone.waiting()) === 0, 'a phone with nothing left to say');
  ana.network.isUp = true;
  await untilSame(w, [ana, phone], chat, bos, ({ draft, notes, ...one }) => {
    const isKept = ['from the laptop', 'from the phone'].every((text) => draft.includes(text));
    const isNoted = ['likes tea', 'has a cat'].every((text) => notes.includes(text));
    const isSet = one.pin === true && one.archive === true && one.mute === true && one.count === 0;
    return isKept && isNoted && isSet && one.preferences.theme === 'dark' && one.preferences.readReceipts === false;
  });
});

test('what was changed here a moment ago, and is not told yet, survives what comes from another device', async () => {
  const w = await newWorld();
  const { ana, phone, chat, bos } = await linked(w);
  phone.network.isUp = false;
  unwrap(await ana.client.saveDraft(chat, 'from the laptop'));
  const isTold = async () =>
    (await ana.waiting()) === 0 && (await ana.store.settings.get(`own/c/${chat}`)) !== undefined;
  const noted = async () => JSON.stringify((await ana.store.settings.get(`own/c/${chat}`))?.value).includes('laptop');
  await until(w, async () => (await isTold()) && (await noted()), 'a draft that was told');
  // No time goes by in which the phone could tell its own.
  unwrap(await phone.client.saveDraft(chat, 'from the phone'));
  phone.network.isUp = true;
  await phone.client.syncNow();
  const draft = async () => (await phone.store.conversations.get(chat))?.draft ?? '';
  for (let turn = 0; turn < 20_000 && !(await draft()).includes('from the laptop'); turn++)
    await new Promise((resume) => void setImmediate(resume));
  expect((await draft()).split('\n\n').sort()).toEqual(['from the laptop', 'from the phone']);
  await untilSame(w, [ana, phone], chat, bos, ({ draft: all }) => all.includes('laptop') && all.includes('phone'));
});

test('three devices, one of them always behind, end with the same; one that comes later has what was set before', async () => {
  const w = await newWorld();
  const { ana, phone, bo, chat, bos } = await linked(w);
  const cara = await w.person('Cara');
  unwrap(await ana.client.setConversation(chat, { isPinned: true }));
  unwrap(await ana.client.saveChatFolder({ name: 'Friends', conversations: [chat] }));
  await untilSame(w, [ana, phone], chat, bos, ({ pin, folders }) => pin === true && folders.includes('Friends'));
  phone.network.isUp = false;
  const tablet = await w.emptyDevice('tablet');
  await link(w, ana, tablet);
  await arrived(w, ana, tablet);
  phone.network.isUp = true;
  await together(w, ana, phone, tablet);
  const all = [ana, phone, tablet];
  await untilSame(w, all, chat, bos, ({ pin, folders }) => pin === true && folders.includes('Friends'));

  phone.network.isUp = false;
  unwrap(await tablet.client.addPerson(await cara.code()));
  unwrap(await tablet.client.setConversation(chat, { isMuted: true }));
  const [folder] = await now<readonly FolderItem[]>((show) => ana.client.watchChatFolders(show));
  unwrap(await ana.client.removeChatFolder(folder?.id ?? ''));
  unwrap(await ana.client.saveChatFolder({ name: 'Work', conversations: [] }));
  await untilSame(w, [ana, tablet], chat, bos, ({ mute, folders }) => mute === true && folders.join() === 'Work');
  unwrap(await phone.client.setConversation(chat, { isPinned: false }));
  w.clock.advance(60_000);
  unwrap(await bo.client.sendText((await bo.conversation('Ana')).id, 'meanwhile'));
  phone.network.isUp = true;
  await untilSame(
    w,
    all,
    chat,
    bos,
    ({ pin, mute, folders }) => pin === false && mute === true && folders.join() === 'Work',
  );
  const caras = (await cara.client.self())?.account as AccountId;
  await until(w, async () => (await phone.store.contacts.get(caras))?.displayName === 'Cara', 'Cara on the phone');
});

test('notes to oneself are on every device, and the group that carries all this is seen nowhere', async () => {
  const w = await newWorld();
  const { ana, phone } = await linked(w);
  const titles = async ({ client }: Person) =>
    (await now<readonly { title: string }[]>((show) => client.watchConversations(show))).map(({ title }) => title);
  for (const device of [ana, phone]) {
    expect(await titles(device)).toEqual(['Bo']);
  }
  const self = (await ana.client.self())?.account as AccountId;
  const notes = unwrap(await ana.client.openNotes('Notes'));
  expect(notes).toBe(notesConversationId(self));
  unwrap(await ana.client.sendText(notes, 'buy milk'));
  await until(w, async () => (await titles(phone)).includes('Notes'), 'notes on the phone');
  await until(w, async () => (await phone.texts('Notes')).includes('buy milk'), 'what was noted');
  phone.network.isUp = false;
  unwrap(await phone.client.sendText(notes, 'and bread'));
  unwrap(await (await phone.restart()).unlock(PASSPHRASE));
  phone.network.isUp = true;
  await until(w, async () => (await ana.texts('Notes')).join() === 'buy milk,and bread', 'what the phone noted');
  expect(await phone.texts('Notes')).toEqual(['buy milk', 'and bread']);
  expect((await phone.conversation('Notes')).unread).toBe(0);
});

test('a revoked device is told nothing more', async () => {
  const w = await newWorld();
  const { ana, phone, chat } = await linked(w);
  const tablet = await w.emptyDevice('tablet');
  await link(w, ana, tablet);
  await arrived(w, ana, tablet);
  await together(w, ana, phone, tablet);
  const id = await deviceOf(phone);
  phone.network.isUp = false;
  unwrap(await ana.client.revokeDevice(id));
  const lane = notesConversationId((await ana.client.self())?.account as AccountId);
  const members = async ({ store }: Person) => {
    const group = (await store.mlsGroups.where('conversationId').equals(lane).toArray())[0];
    const chains = await store.senderKeys
      .where('[groupId+epoch]')
      .equals([group?.groupId ?? '', group?.epoch ?? 0])
      .toArray();
    return chains.map(({ deviceId }) => deviceId);
  };
  await until(w, async () => !(await members(tablet)).includes(id), 'a group without the phone');
  expect(await members(ana)).toHaveLength(2);
  unwrap(await ana.client.saveDraft(chat, 'not for the phone'));
  const draftOf = async ({ store }: Person) => (await store.conversations.get(chat))?.draft;
  await until(w, async () => (await draftOf(tablet)) === 'not for the phone', 'the draft on the tablet');
});

test('what was read on one device is read on the other, where the word of it comes before or with the messages', async () => {
  const w = await newWorld();
  const { ana, bo, phone, chat } = await linked(w);
  const stream = (await ana.store.mlsGroups.where('conversationId').equals(chat).first())?.groupId;
  const rowOf = async ({ store }: Person) => store.conversations.get(chat);
  phone.network.isUp = false;
  for (const text of ['one', 'two', 'three']) unwrap(await bo.client.sendText((await bo.conversation('Ana')).id, text));
  await until(w, async () => (await ana.texts('Bo')).at(-1) === 'three', 'three messages');
  const last = (await ana.messages('Bo')).at(-1);
  if (last === undefined) throw new Error('no message');
  unwrap(await ana.client.markRead(chat, last.id));
  await until(w, async () => (await ana.waiting()) === 0, 'rest');

  phone.network.alter = (path, body) => {
    if (path !== catchUp.path) return body;
    const answer = unwrap(valueFromCbor(catchUp.answer, body, 2 * limits.body));
    return cborFromValue({ ...answer, entries: answer.entries.filter((entry) => (entry.stream as string) !== stream) });
  };
  phone.network.isUp = true;
  await until(w, async () => (await rowOf(phone))?.lastReadSortKey === last.sortKey, 'the mark');
  phone.network.alter = undefined;
  await phone.client.syncNow();
  await until(w, async () => (await phone.texts('Bo')).at(-1) === 'three', 'three messages');
  expect((await rowOf(phone))?.unreadCount).toBe(0);
});
