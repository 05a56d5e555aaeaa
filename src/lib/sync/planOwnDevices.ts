import { err, ok } from '../core/result.ts';
import type { ConversationId, GroupId } from '../core/ids.ts';
import { createMlsGroup, membersOf, suiteOf, type MlsGroup } from '../crypto/mls/index.ts';
import { listDevices } from '../db/devices.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import type { MlsGroupRow, OfflineOperationRow } from '../db/store.ts';
import type { GroupData } from '../domain/groupData.ts';
import { claimPackages } from './claims.ts';
import type { Wanted } from './intents.ts';
import type { Planned } from './planned.ts';
import type { Session } from './session.ts';

/** The commit that adds the devices of this account that a group has not yet, or removes one that was revoked. */
export async function planOwnDevices(
  session: Session,
  operation: OfflineOperationRow,
  wanted: Wanted<'devices'> | Wanted<'revoke'>,
  group: MlsGroup,
): Promise<Planned> {
  const { identity, store } = session;
  const present = new Set<string>(membersOf(group).map(({ device }) => device));
  if (wanted.what === 'revoke') {
    return ok(present.has(wanted.device) ? { group, removesDevice: wanted.device } : undefined);
  }
  const own = await listDevices(store, identity.account, 'active');
  if (own.every(({ id }) => present.has(id))) return ok(undefined);
  const self = { account: identity.account, ...identity.card };
  const claimed = await claimPackages(session, operation.id, [self], suiteOf(group));
  if (!claimed.ok) return claimed;
  const adds = claimed.value.claims.filter(({ device }) => !present.has(device));
  // Those that are here already had packages to spare; the one that is not has published none yet.
  return adds.length === 0 ? err({ code: 'no-key-package', retry: 'after-sync' }) : ok({ group, adds });
}

/** So long the others wait for the first device of an account to make their group. */
const PATIENCE_MS = 24 * 3600_000;

/**
 * The first commit of the group in which an account's devices stay together, with this one alone in it: the others are
 * added as to any group. It is the first device's to make, and for the others to wait for; where two made one all the
 * same, it goes on in the one with the smaller id.
 */
export async function planOwnGroup(
  { store, identity, clock }: Session,
  operation: OfflineOperationRow,
  wanted: Wanted<'own'>,
  stored: MlsGroupRow | undefined,
): Promise<Planned> {
  const carrier = await groupOfConversation(store, operation.lane as ConversationId);
  if ((carrier !== undefined && carrier !== wanted.groupId) || (stored?.epoch ?? 0) > 0) return ok(undefined);
  const own = await listDevices(store, identity.account, 'active');
  const [first] = own.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  const isLate = own.every(({ createdAt }) => clock.now() - createdAt > PATIENCE_MS);
  if (first?.id !== identity.device && !isLate) return err({ code: 'no-key-package', retry: 'after-sync' });
  const data: GroupData = {
    v: 1,
    kind: 'own',
    name: '',
    description: '',
    maxMembers: 1,
    roster: [{ account: identity.account, role: 'owner', ...identity.card }],
  };
  return ok({ group: await createMlsGroup(identity, wanted.groupId as GroupId, data, clock.now()) });
}
