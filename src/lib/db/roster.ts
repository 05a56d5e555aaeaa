import type { Bytes } from '../core/bytes.ts';
import type { Stamp } from '../core/clock.ts';
import type { AccountId, ConversationId, DeviceId, GroupId } from '../core/ids.ts';
import type { GroupData } from '../domain/groupData.ts';
import { getSetting } from './settings.ts';
import type { Store } from './store.ts';

/** The roster of one epoch, as the group's tree authenticates it. */
export interface Roster {
  readonly conversationId: ConversationId;
  readonly groupId: GroupId;
  readonly data: GroupData;
  readonly self: AccountId;
  readonly members: readonly RosterMember[];
}

export interface RosterMember {
  readonly account: AccountId;
  readonly device: DeviceId;
  /** Ed25519 identity key of the account. */
  readonly accountKey: Bytes;
  /** Identity key in base64url. */
  readonly accountKeyText: string;
  readonly certificate: Bytes;
}

/** Tables that {@link replaceRoster} writes. */
export const rosterTables = [
  'users',
  'devices',
  'contacts',
  'conversations',
  'groups',
  'groupMembers',
  'settings',
] as const;

/**
 * Writes the projection of an epoch's roster inside the caller's transaction: people and their devices,
 * the conversation with its title, and for a group the members with their roles. Who is not in the
 * roster any more is no member any more; people stay known.
 */
export async function replaceRoster(store: Store, roster: Roster, now: number): Promise<void> {
  await rememberPeople(store, roster, now);
  if (roster.data.kind === 'direct') await ensureDirect(store, roster, now);
  else if (roster.data.kind === 'own') await ensureNotes(store, roster.conversationId, now);
  else await ensureGroup(store, roster, now);
}

/** A person's row with the name they chose, and one row for each of their devices. */
async function rememberPeople(store: Store, roster: Roster, now: number): Promise<void> {
  for (const { account, name, salt } of roster.data.roster) {
    const known = await store.users.get(account);
    if (known === undefined) {
      await store.users.add({
        id: account,
        displayName: name,
        nameSalt: salt,
        role: 'user',
        status: 'active',
        createdAt: now,
        updatedAt: now,
      });
    } else if (known.displayName !== name && account !== roster.self) {
      await store.users.update(account, { displayName: name, nameSalt: salt, updatedAt: now });
      if ((await store.contacts.get(account)) !== undefined) {
        await store.contacts.update(account, { displayName: name, updatedAt: now });
      }
    }
  }
  for (const member of roster.members) {
    if ((await store.devices.get(member.device)) !== undefined) continue;
    await store.devices.add({
      id: member.device,
      userId: member.account,
      deviceName: '',
      deviceType: 'unknown',
      certificate: member.certificate,
      lastSeen: now,
      createdAt: now,
      status: 'active',
    });
  }
}

/** The conversation with oneself, out of use until somebody opens it: the group of the own devices belongs to it. */
export async function ensureNotes(store: Store, id: ConversationId, now: number): Promise<void> {
  if ((await store.conversations.get(id)) === undefined)
    await ensureConversation(store, { id, kind: 'system', title: '', deactivatedAt: now }, now);
}

/** Whoever is in a direct chat with us is a contact, also when they were the one to start it. */
async function ensureDirect(store: Store, roster: Roster, now: number): Promise<void> {
  const peer = roster.data.roster.find((entry) => entry.account !== roster.self);
  const member = roster.members.find((m) => m.account === peer?.account);
  if (peer === undefined || member === undefined) return;
  if ((await store.contacts.get(peer.account)) === undefined) {
    await store.contacts.add({
      contactId: peer.account,
      displayName: peer.name,
      publicKey: member.accountKey,
      isVerified: false,
      isBlocked: false,
      isOnline: false,
      addedAt: now,
      createdAt: now,
      updatedAt: now,
    });
  }
  await ensureConversation(
    store,
    { id: roster.conversationId, kind: 'direct', contactId: peer.account, title: peer.name },
    now,
    roster.data.disappearAfter,
  );
}

async function ensureGroup(store: Store, roster: Roster, now: number): Promise<void> {
  const { groupId, data } = roster;
  if ((await store.groups.get(groupId)) === undefined) {
    await store.groups.add({
      groupId,
      name: data.name,
      description: data.description,
      ...kindOf(data),
      maxMembers: data.maxMembers,
      settings: { isChannel: data.isChannel === true },
      isAnonymous: false,
      isActive: true,
      createdAt: now,
      updatedAt: now,
    });
  } else {
    await store.groups.update(groupId, {
      name: data.name,
      description: data.description,
      ...kindOf(data),
      maxMembers: data.maxMembers,
      settings: { isChannel: data.isChannel === true },
      isActive: true,
      updatedAt: now,
    });
  }
  const place = { id: roster.conversationId, groupId, title: data.name, ...lifetimeOf(data) } as const;
  await ensureConversation(store, place, now, data.disappearAfter);

  const present = new Set<string>(data.roster.map((entry) => entry.account));
  const rows = await store.groupMembers.where('groupId').equals(groupId).toArray();
  const gone = rows.filter((row) => !present.has(row.memberId));
  await store.groupMembers.bulkDelete(gone.map((row) => [row.groupId, row.memberId]));
  const known = new Map(rows.map((row) => [row.memberId, row]));
  // Never before what was written here without them, whatever the wall clock says.
  const came = Math.max(now, (await getSetting<Stamp>(store, 'clock'))?.ms ?? 0);
  await store.groupMembers.bulkPut(
    data.roster.map((entry) => {
      const before = known.get(entry.account);
      const key = roster.members.find((member) => member.account === entry.account)?.accountKeyText ?? '';
      return {
        groupId,
        memberId: entry.account,
        publicKey: key,
        displayName: entry.name,
        role: entry.role,
        isOnline: false,
        joinedAt: before?.joinedAt ?? came,
        lastActive: before?.lastActive ?? now,
        createdAt: before?.createdAt ?? now,
        updatedAt: now,
      };
    }),
  );
}

/** Who may find a group, and how one comes in, as the store calls it. */
export const kindOf = ({ visibility, link }: Pick<GroupData, 'visibility' | 'link'>) =>
  ({
    groupType: visibility ?? 'private',
    joinRule: link === undefined ? 'invite' : link.password === undefined ? 'open' : 'password',
  }) as const;

/** What a group with an end is to the store, which wipes it then. */
export const lifetimeOf = ({ expiresAt }: Pick<GroupData, 'expiresAt'>) =>
  expiresAt === undefined ? ({ kind: 'group' } as const) : ({ kind: 'temporary', expiresAt } as const);

/** The conversation's row, made or given its present title. */
export async function ensureConversation(
  store: Store,
  place: {
    readonly id: ConversationId;
    readonly kind: 'direct' | 'group' | 'temporary' | 'system';
    readonly deactivatedAt?: number;
    /** Of a temporary one: when it is wiped. */
    readonly expiresAt?: number;
    readonly contactId?: AccountId;
    readonly groupId?: GroupId;
    readonly title: string;
  },
  now: number,
  /** How long messages stay there. */
  disappearAfter?: number,
): Promise<void> {
  const known = await store.conversations.get(place.id);
  if (known !== undefined) {
    const { disappearAfter: stayed, ...rest } = known.metadata ?? {};
    const metadata = disappearAfter === undefined ? rest : { ...rest, disappearAfter };
    if (known.title !== place.title || stayed !== disappearAfter) {
      await store.conversations.update(place.id, { title: place.title, metadata, updatedAt: now });
    }
    return;
  }
  await store.conversations.add({
    ...place,
    ...(disappearAfter === undefined ? {} : { metadata: { disappearAfter } }),
    unreadCount: 0,
    lastReadSortKey: '',
    isPinned: false,
    isMuted: false,
    isArchived: false,
    lastActivity: now,
    createdAt: now,
    updatedAt: now,
  });
}
