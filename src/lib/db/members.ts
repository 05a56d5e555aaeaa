import type { AccountId, GroupId } from '../core/ids.ts';
import type { Role } from '../domain/roles.ts';
import { found } from './faults.ts';
import { pageAlong, type Page, type PageRequest } from './page.ts';
import type { GroupMemberRow, Store } from './store.ts';
import type { MemberSettings } from './values.ts';

/** Members of groups, as far as this device keeps them. Who is in a group is decided by MLS, not here. */

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

/** A page of a group's members, in the order they joined. */
export const pageOfMembers = (store: Store, groupId: GroupId, request: PageRequest): Promise<Page<GroupMemberRow>> =>
  pageAlong(
    store.groupMembers,
    {
      index: '[groupId+joinedAt]',
      held: [groupId],
      at: (row) => row.joinedAt,
      key: (row) => [row.groupId, row.memberId],
    },
    request,
  );

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

/** Changes the settings that are named and keeps the others. Refused: `not-found`, `validation`. */
export async function updateMemberSettings(
  store: Store,
  groupId: GroupId,
  memberId: AccountId,
  changes: MemberSettings,
  now: number,
): Promise<void> {
  const touched = await store.groupMembers
    .where('[groupId+memberId]')
    .equals([groupId, memberId])
    .modify((row) => {
      row.memberSettings = { ...row.memberSettings, ...changes };
      row.updatedAt = now;
    });
  found('groupMembers', touched);
}

/** Refused: `not-found`. */
export async function removeMember(store: Store, groupId: GroupId, memberId: AccountId): Promise<void> {
  await store.tx('rw', ['groupMembers'], async () => {
    found('groupMembers', Number(await isMember(store, groupId, memberId)));
    await store.groupMembers.delete([groupId, memberId]);
  });
}
