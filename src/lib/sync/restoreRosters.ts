import { dataOf, groupFromBytes, groupIdOf, membersOf } from '../crypto/mls/index.ts';
import { settleStorage } from '../db/faults.ts';
import { replaceRoster, rosterTables } from '../db/roster.ts';
import { rosterOf } from './epochs.ts';
import type { Session } from './session.ts';

/**
 * Writes people, devices, conversations and members anew from the states of the groups, which authenticate
 * them. A group whose rows are too damaged for that is left as it is.
 */
export async function restoreRosters({ store, identity, clock }: Session): Promise<void> {
  for (const groupId of await store.mlsGroups.toCollection().primaryKeys()) {
    await settleStorage(async () => {
      const row = await store.mlsGroups.get(groupId);
      const group = row === undefined ? undefined : groupFromBytes(row.state, identity);
      if (row === undefined || group?.ok !== true) return;
      const entry = { groupId: groupIdOf(group.value), data: dataOf(group.value), members: membersOf(group.value) };
      // A group that we are out of is history, and says nothing any more.
      if (!entry.data.roster.some(({ account }) => account === identity.account)) return;
      const roster = rosterOf(entry, { conversationId: row.conversationId, self: identity.account });
      await store.tx('rw', rosterTables, () => replaceRoster(store, roster, clock.now()));
    });
  }
}
