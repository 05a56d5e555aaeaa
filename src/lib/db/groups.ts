import { bytesFromBase64url, hexFromBytes } from '../core/bytes.ts';
import type { AccountId, GroupId } from '../core/ids.ts';
import type { Role } from '../domain/roles.ts';
import { refuseStorage } from './faults.ts';
import type { GroupMemberRow, GroupRow, Store } from './store.ts';

/** Groups and their members, as far as this device keeps them. Who is in a group is decided by MLS, not here. */

const DEFAULT_MAX_MEMBERS = 100;

/** Refused: `duplicate`, `constraint` for more than 1,000 members. */
export async function createGroup(
  store: Store,
  group: Pick<GroupRow, 'groupId' | 'name'> & Partial<GroupRow>,
  now: number,
): Promise<GroupRow> {
  const row: GroupRow = {
    groupType: 'private',
    joinRule: 'invite',
    maxMembers: DEFAULT_MAX_MEMBERS,
    isAnonymous: false,
    isActive: true,
    ...group,
    createdAt: now,
    updatedAt: now,
  };
  await store.groups.add(row);
  return row;
}

export async function getGroup(store: Store, groupId: GroupId): Promise<GroupRow | undefined> {
  return store.groups.get(groupId);
}

/** Groups by name; those that were deactivated only when asked for. */
export async function listGroups(
  store: Store,
  only: {
    readonly includeInactive?: boolean;
    readonly groupType?: GroupRow['groupType'];
    readonly createdBy?: AccountId;
  } = {},
): Promise<GroupRow[]> {
  const { includeInactive = false, groupType, createdBy } = only;
  const rows = await (includeInactive ? store.groups.toArray() : store.groups.where('isActive').equals(1).toArray());
  return rows
    .filter(
      (row) =>
        (groupType === undefined || row.groupType === groupType) &&
        (createdBy === undefined || row.createdBy === createdBy),
    )
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** Refused: `not-found`; `constraint` for fewer places than there are members. */
export async function updateGroup(
  store: Store,
  groupId: GroupId,
  changes: Partial<Omit<GroupRow, 'groupId' | 'createdAt' | 'updatedAt'>>,
  now: number,
): Promise<void> {
  await store.tx('rw', ['groups', 'groupMembers'], async () => {
    if (changes.maxMembers !== undefined && (await countMembers(store, groupId)) > changes.maxMembers) {
      refuseStorage('constraint', { entity: 'groups', field: 'maxMembers' });
    }
    found('groups', await store.groups.update(groupId, { ...changes, updatedAt: now }));
  });
}

/** Soft delete: the group is hidden, its history stays. */
export const deactivateGroup = (store: Store, groupId: GroupId, now: number): Promise<void> =>
  updateGroup(store, groupId, { isActive: false }, now);

export const reactivateGroup = (store: Store, groupId: GroupId, now: number): Promise<void> =>
  updateGroup(store, groupId, { isActive: true }, now);

/** Deletes the group for good, with members, conversation and messages; file transfers let go of it. */
export async function deleteGroup(store: Store, groupId: GroupId): Promise<void> {
  await store.groups.delete(groupId);
}

/**
 * @param member with the member's Ed25519 identity key in base64url.
 * Refused: `constraint` (no such group, group full), `duplicate` (member or key already there).
 */
export async function addMember(
  store: Store,
  member: Pick<GroupMemberRow, 'groupId' | 'memberId' | 'publicKey' | 'displayName'> & Partial<GroupMemberRow>,
  now: number,
): Promise<GroupMemberRow> {
  const row: GroupMemberRow = {
    role: 'member',
    isOnline: false,
    joinedAt: now,
    lastActive: now,
    ...member,
    createdAt: now,
    updatedAt: now,
  };
  await store.groupMembers.add(row);
  return row;
}

export async function getMember(
  store: Store,
  groupId: GroupId,
  memberId: AccountId,
): Promise<GroupMemberRow | undefined> {
  return store.groupMembers.get([groupId, memberId]);
}

export const isMember = async (store: Store, groupId: GroupId, memberId: AccountId): Promise<boolean> =>
  (await store.groupMembers.where('[groupId+memberId]').equals([groupId, memberId]).count()) > 0;

/** Members of a group, or those with one role. */
export async function listMembers(store: Store, groupId: GroupId, role?: Role): Promise<GroupMemberRow[]> {
  return role === undefined
    ? store.groupMembers.where('groupId').equals(groupId).toArray()
    : store.groupMembers.where('[groupId+role]').equals([groupId, role]).toArray();
}

/** Members that were active since `since`, the latest first. */
export async function listActiveMembers(store: Store, groupId: GroupId, since: number): Promise<GroupMemberRow[]> {
  return store.groupMembers
    .where('[groupId+lastActive]')
    .between([groupId, since], [groupId, Infinity])
    .reverse()
    .toArray();
}

/** All memberships of one person. */
export async function listMemberships(store: Store, memberId: AccountId): Promise<GroupMemberRow[]> {
  return store.groupMembers.where('memberId').equals(memberId).toArray();
}

export const countMembers = (store: Store, groupId: GroupId): Promise<number> =>
  Promise.resolve(store.groupMembers.where('groupId').equals(groupId).count());

/** Role, settings, name and the like. Refused: `not-found`, `validation`. */
export async function updateMember(
  store: Store,
  groupId: GroupId,
  memberId: AccountId,
  changes: Partial<Omit<GroupMemberRow, 'groupId' | 'memberId' | 'createdAt' | 'updatedAt'>>,
  now: number,
): Promise<void> {
  found('groupMembers', await store.groupMembers.update([groupId, memberId], { ...changes, updatedAt: now }));
}

/** Refused: `not-found`. */
export async function removeMember(store: Store, groupId: GroupId, memberId: AccountId): Promise<void> {
  await store.tx('rw', ['groupMembers'], async () => {
    found('groupMembers', Number(await isMember(store, groupId, memberId)));
    await store.groupMembers.delete([groupId, memberId]);
  });
}

export type Dict = Record<string, unknown>;

/** A group as plain JSON, for an export. */
export const dictFromGroup = (group: GroupRow): Dict => ({ ...group });

/** A member as plain JSON, for an export: the key in hex. */
export const dictFromMember = (member: GroupMemberRow): Dict => ({
  ...member,
  publicKey: hexFromBytes(bytesFromBase64url(member.publicKey) ?? new Uint8Array()),
});

function found(entity: string, touched: number): void {
  if (touched === 0) refuseStorage('not-found', { entity });
}
