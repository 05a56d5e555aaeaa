import type { AccountId, ConversationId, DeviceId } from '../../src/lib/core/ids.ts';
import type { FolderItem } from '../../src/lib/services/client.ts';
import { arrived, link, talked, until } from './linked.ts';
import type { Person, World } from './world.ts';

/** Devices of one person that stay together, and what they show of what the person keeps for themselves. */

/** Ana with a phone that is linked, and Bo, whom she has talked with. */
export async function linked(w: World) {
  const [ana, bo] = await talked(w);
  const phone = await w.emptyDevice('phone');
  await link(w, ana, phone);
  await arrived(w, ana, phone);
  await together(w, ana, phone);
  return {
    ana,
    bo,
    phone,
    chat: (await ana.conversation('Bo')).id,
    bos: (await bo.client.self())?.account as AccountId,
  };
}

/** Until the group of these devices is there, and each has told the others all that it knows. */
export const together = (w: World, ...people: readonly Person[]) =>
  until(
    w,
    async () => {
      const told = await Promise.all(people.map(({ store }) => store.settings.get('ownTold')));
      return told.every((row) => (row?.value as unknown[] | undefined)?.length === people.length - 1);
    },
    'devices that are together',
  );

/** What of the person's own things a device shows. */
async function shown({ store, client }: Person, chat: ConversationId, bos: AccountId) {
  const row = await store.conversations.get(chat);
  const contact = await store.contacts.get(bos);
  const self = (await client.self())?.account as AccountId;
  const user = await store.users.get(self);
  const devices = await store.devices.where('userId').equals(self).toArray();
  return {
    ...{ pin: row?.isPinned, mute: row?.isMuted, archive: row?.isArchived, unread: row?.isMarkedUnread === true },
    ...{ draft: row?.draft ?? '', read: row?.lastReadSortKey, count: row?.unreadCount },
    ...{ verified: contact?.isVerified, blocked: contact?.isBlocked, notes: contact?.notes ?? '' },
    preferences: user?.preferences ?? {},
    folders: (await now<readonly FolderItem[]>((show) => client.watchChatFolders(show))).map(({ name }) => name),
    devices: Object.fromEntries(devices.map(({ id, deviceName }) => [id, deviceName])),
  };
}

export async function now<T>(watch: (show: (value: T) => void) => Promise<() => void>): Promise<T> {
  const seen = Promise.withResolvers<T>();
  const stop = await watch(seen.resolve);
  const value = await seen.promise;
  stop();
  return value;
}

/** Until all show the same, and that fits. */
export async function untilSame(
  w: World,
  people: readonly Person[],
  chat: ConversationId,
  bos: AccountId,
  fits: (one: Awaited<ReturnType<typeof shown>>) => boolean,
): Promise<void> {
  let last: unknown[] = [];
  await until(
    w,
    async () => {
      const all = await Promise.all(people.map((person) => shown(person, chat, bos)));
      last = all;
      return all.every((one) => fits(one) && JSON.stringify(sorted(one)) === JSON.stringify(sorted(all[0])));
    },
    'the same everywhere',
  ).catch((thrown: unknown) => {
    throw new Error(`${String(thrown)}: ${JSON.stringify(last, undefined, 1)}`);
  });
}

const sorted = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, one]) => [name, sorted(one)])
    : value;

export const deviceOf = async ({ store }: Person) => (await store.relayLogin.get('self'))?.deviceId as DeviceId;
