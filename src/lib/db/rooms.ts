import type { AccountId, ConversationId, GroupId } from '../core/ids.ts';
import { found, refuseStorage } from './faults.ts';
import { deleteGroup, updateGroup } from './groups.ts';
import { compareNames, mentions, nameKey } from './names.ts';
import { pageAlong, pageOfList, type Page, type PageRequest } from './page.ts';
import type { ConversationRow, GroupRow, Store } from './store.ts';

/**
 * Conversations as rooms: what they are called, who can find them, whether they are in use. The people of a
 * group's room are in `members.ts`, what is said in it in `messages`.
 */

export type RoomKind = ConversationRow['kind'];

const roomTables = ['conversations', 'groups'] as const;

/** Refused: `duplicate`, `constraint` (neither or both of contact and group, one that is not there). */
export async function createRoom(
  store: Store,
  room: Pick<ConversationRow, 'id' | 'kind' | 'title'> & Partial<ConversationRow>,
  now: number,
): Promise<ConversationRow> {
  const row: ConversationRow = {
    unreadCount: 0,
    lastReadSortKey: '',
    isPinned: false,
    isMuted: false,
    isArchived: false,
    lastActivity: now,
    ...room,
    createdAt: now,
    updatedAt: now,
  };
  await store.conversations.add(row);
  return row;
}

export async function getRoom(store: Store, id: ConversationId): Promise<ConversationRow | undefined> {
  return store.conversations.get(id);
}

/** The room of that name, whatever its case; of several the one that was alive last. Refused: `locked`. */
export async function getRoomByName(store: Store, name: string): Promise<ConversationRow | undefined> {
  const rows = await named(store, name).toArray();
  return rows.sort((a, b) => b.lastActivity - a.lastActivity)[0];
}

/** Whether another room is called that, whatever the case. Refused: `locked`. */
export async function roomNameExists(store: Store, name: string, except?: ConversationId): Promise<boolean> {
  const ids = await named(store, name).primaryKeys();
  return ids.some((id) => id !== except);
}

const named = (store: Store, name: string) =>
  store.conversations.where('titleKey').equals(nameKey(store, 'conversations', 'titleKey', name));

/** A new title of a group's room is the group's new name, too. Refused: `not-found`, `validation`, `constraint`. */
export async function updateRoom(
  store: Store,
  id: ConversationId,
  changes: Partial<Omit<ConversationRow, 'id' | 'createdAt' | 'updatedAt'>>,
  now: number,
): Promise<void> {
  await store.tx('rw', [...roomTables, 'groupMembers'], async () => {
    found('conversations', await store.conversations.update(id, { ...changes, updatedAt: now }));
    const { groupId } = await roomOf(store, id);
    if (groupId !== undefined && changes.title !== undefined) {
      await updateGroup(store, groupId, { name: changes.title }, now);
    }
  });
}

/** Changes the settings that are named and keeps the others: the group's, or the conversation's own. Refused: `not-found`. */
export async function updateRoomSettings(
  store: Store,
  id: ConversationId,
  changes: Readonly<Record<string, unknown>>,
  now: number,
): Promise<void> {
  await store.tx('rw', [...roomTables, 'groupMembers'], async () => {
    const { groupId, metadata } = await roomOf(store, id);
    if (groupId === undefined) {
      const settings = { ...(metadata?.['settings'] as object | undefined), ...changes };
      await store.conversations.update(id, { metadata: { ...metadata, settings }, updatedAt: now });
    } else {
      const settings = { ...(await store.groups.get(groupId))?.settings, ...changes };
      await updateGroup(store, groupId, { settings }, now);
    }
  });
}

/** The settings of a room, empty where none were made. Refused: `not-found`. */
export async function roomSettings(store: Store, id: ConversationId): Promise<Readonly<Record<string, unknown>>> {
  const { groupId, metadata } = await roomOf(store, id);
  if (groupId !== undefined) return (await store.groups.get(groupId))?.settings ?? {};
  return (metadata?.['settings'] as Record<string, unknown> | undefined) ?? {};
}

/** Takes a room out of use, and its group with it: hidden, its history kept. Refused: `not-found`. */
export const deactivateRoom = (store: Store, id: ConversationId, now: number): Promise<void> =>
  setInUse(store, id, false, now);

export const reactivateRoom = (store: Store, id: ConversationId, now: number): Promise<void> =>
  setInUse(store, id, true, now);

async function setInUse(store: Store, id: ConversationId, isActive: boolean, now: number): Promise<void> {
  await store.tx('rw', [...roomTables, 'groupMembers'], async () => {
    const { groupId } = await roomOf(store, id);
    if (groupId !== undefined) await updateGroup(store, groupId, { isActive }, now);
    await store.conversations
      .where('id')
      .equals(id)
      .modify((row) => {
        if (isActive) delete row.deactivatedAt;
        else row.deactivatedAt ??= now;
        row.updatedAt = now;
      });
  });
}

/** Deletes a room for good with all that was said in it; a group's room takes its group along. Refused: `not-found`. */
export async function deleteRoom(store: Store, id: ConversationId): Promise<void> {
  await store.tx('rw', roomTables, async () => {
    const { groupId } = await roomOf(store, id);
    await store.conversations.delete(id);
    if (groupId !== undefined) await deleteGroup(store, groupId);
  });
}

async function roomOf(store: Store, id: ConversationId): Promise<ConversationRow> {
  return (await store.conversations.get(id)) ?? refuseStorage('not-found', { entity: 'conversations' });
}

export interface RoomFilter {
  readonly kind?: RoomKind;
  readonly includeInactive?: boolean;
}

const inUse = (row: ConversationRow): boolean => row.deactivatedAt === undefined;

/** A page of rooms by their last activity, or by when they were made, or by name. */
export async function pageOfRooms(
  store: Store,
  order: 'lastActivity' | 'createdAt' | 'title',
  request: PageRequest,
  filter: RoomFilter = {},
): Promise<Page<ConversationRow>> {
  const { kind, includeInactive = false } = filter;
  const keep = (row: ConversationRow): boolean =>
    (includeInactive || inUse(row)) && (kind === undefined || row.kind === kind);
  if (order === 'title') {
    const rows = (await store.conversations.toArray()).filter(keep);
    return pageOfList(
      rows.sort((a, b) => compareNames(a.title, b.title) || (a.id < b.id ? -1 : 1)),
      (row, { at, key }) => compareNames(row.title, String(at)) || compareIds(row.id, String(key)),
      (row) => ({ at: row.title, key: row.id }),
      request,
    );
  }
  const held = kind === undefined || order === 'createdAt' ? undefined : [kind];
  return pageAlong(
    store.conversations,
    {
      index: held === undefined ? order : '[kind+lastActivity]',
      ...(held !== undefined && { held }),
      at: (row) => row[order],
      key: (row) => row.id,
    },
    request,
    keep,
  );
}

const compareIds = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** How a room of a group is found and entered. */
export type RoomPrivacy = 'public' | 'protected' | 'private' | 'secret';

/** Protected is what anybody may find but only who knows the password may enter. */
export const privacyOf = ({ groupType, joinRule }: Pick<GroupRow, 'groupType' | 'joinRule'>): RoomPrivacy =>
  joinRule === 'password' && groupType !== 'secret' ? 'protected' : groupType;

/** Rooms of public groups in use, by name. */
export const listPublicRooms = (store: Store): Promise<ConversationRow[]> =>
  store.tx('r', roomTables, async () =>
    roomsOfGroups(
      store,
      await store.groups
        .where('groupType')
        .equals('public')
        .filter((row) => row.isActive)
        .primaryKeys(),
    ),
  );

/** Rooms of the groups that a person has started, by name. */
export const listRoomsCreatedBy = (store: Store, account: AccountId): Promise<ConversationRow[]> =>
  store.tx('r', roomTables, async () =>
    roomsOfGroups(store, await store.groups.where('createdBy').equals(account).primaryKeys()),
  );

async function roomsOfGroups(store: Store, ids: readonly GroupId[]): Promise<ConversationRow[]> {
  return byTitle(await store.conversations.where('groupId').anyOf(ids).toArray());
}

/** Rooms in use whose title, or whose group's description, contains `words`, whatever their case and accents. */
export const searchRooms = (store: Store, words: string): Promise<ConversationRow[]> =>
  store.tx('r', roomTables, async () => {
    const groups = new Map((await store.groups.toArray()).map((row) => [row.groupId, row]));
    const rows = (await store.conversations.toArray()).filter(inUse);
    return byTitle(
      rows.filter((row) =>
        mentions(words, row.title, row.groupId === undefined ? undefined : groups.get(row.groupId)?.description),
      ),
    );
  });

const byTitle = (rows: readonly ConversationRow[]): ConversationRow[] =>
  [...rows].sort((a, b) => compareNames(a.title, b.title));
