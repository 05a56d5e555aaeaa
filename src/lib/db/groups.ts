import type { AccountId, GroupId } from '../core/ids.ts';
import { found, refuseStorage } from './faults.ts';
import { countMembers } from './members.ts';
import { compareNames } from './names.ts';
import type { GroupRow, Store } from './store.ts';

/** Groups, as far as this device keeps them. */

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
    .sort((a, b) => compareNames(a.name, b.name));
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
