import { expect, test } from 'vitest';
import { unwrap } from '../../src/lib/core/result.ts';
import type { FolderItem } from '../../src/lib/services/client.ts';
import { arrived, link, newWorld, until } from '../world/linked.ts';
import { linked, now, together, untilSame } from '../world/together.ts';
import { PASSPHRASE, type Person } from '../world/world.ts';
import { createDice } from './dice.ts';

/**
 * Three devices of one person in any order of changes, lost networks, ends of the app and clocks that go on; the third
 * is without a network most of the time. What is asked at the end: all show the same, and the last word of whoever had
 * heard all counts.
 */
const STEPS = 40;
const actions = {
  pin: 6,
  mute: 4,
  archive: 3,
  draft: 8,
  notes: 6,
  folder: 5,
  choose: 5,
  read: 6,
  cut: 8,
  end: 3,
  time: 6,
} as const;

test.each(['birch', 'cedar', 'elder'])('three devices end with the same, whatever they do: seed %s', async (seed) => {
  const dice = createDice(seed);
  const w = await newWorld();
  const { ana, phone, bo, chat, bos } = await linked(w);
  const tablet = await w.emptyDevice('tablet');
  await link(w, ana, tablet);
  await arrived(w, ana, tablet);
  const all = [ana, phone, tablet];
  await together(w, ...all);
  const written: string[] = [];
  for (let step = 0; step < STEPS; step++) {
    const device = dice.pick(all);
    const { client } = device;
    const word = `word${step}`;
    switch (dice.weighed(actions)) {
      case 'pin':
        unwrap(await client.setConversation(chat, { isPinned: dice.chance(0.5) }));
        break;
      case 'mute':
        unwrap(await client.setConversation(chat, { isMuted: dice.chance(0.5) }));
        break;
      case 'archive':
        unwrap(await client.setConversation(chat, { isArchived: dice.chance(0.5), isMarkedUnread: dice.chance(0.5) }));
        break;
      case 'draft':
        unwrap(await client.saveDraft(chat, dice.chance(0.3) ? '' : word));
        break;
      case 'notes': {
        const row = await device.store.contacts.get(bos);
        written.push(word);
        unwrap(await client.saveContact(bos, { notes: `${row?.notes ?? ''} ${word}`.trim() }));
        break;
      }
      case 'folder': {
        const folders = await now<readonly FolderItem[]>((show) => client.watchChatFolders(show));
        const folder = folders[0];
        if (folder === undefined || dice.chance(0.5))
          unwrap(await client.saveChatFolder({ name: word, conversations: dice.chance(0.5) ? [chat] : [] }));
        else unwrap(await client.removeChatFolder(folder.id));
        break;
      }
      case 'choose':
        unwrap(await client.savePreferences({ theme: dice.pick(['dark', 'light', 'system'] as const) }));
        break;
      case 'read': {
        unwrap(await bo.client.sendText((await bo.conversation('Ana')).id, word));
        await bo.client.syncNow();
        const id = (await device.messages('Bo')).at(-1)?.id;
        if (id !== undefined) unwrap(await client.markRead(chat, id));
        break;
      }
      case 'cut':
        device.network.isUp = device === tablet ? dice.chance(0.2) : dice.chance(0.6);
        break;
      case 'end':
        await restart(device);
        break;
      case 'time':
        w.clock.advance(dice.below(120_000));
        for (const one of all) await one.client.syncNow();
    }
  }
  for (const device of all) device.network.isUp = true;
  // What was written on one device and never seen by another is there, too.
  await untilSame(w, all, chat, bos, ({ notes }) => written.every((word) => notes.includes(word)));
  w.clock.advance(10_000);
  unwrap(await phone.client.setConversation(chat, { isPinned: true, isMuted: false }));
  unwrap(await phone.client.saveDraft(chat, 'the last word'));
  await untilSame(
    w,
    all,
    chat,
    bos,
    ({ pin, mute, draft }) => pin === true && mute === false && draft === 'the last word',
  );
  await until(
    w,
    async () => (await Promise.all(all.map((one) => one.waiting()))).every((count) => count === 0),
    'rest',
  );
  for (const one of all) expect((await one.securityEvents()).filter(({ type }) => type !== 'own-device')).toEqual([]);
});

async function restart(device: Person): Promise<void> {
  unwrap(await (await device.restart()).unlock(PASSPHRASE));
}
