import type { ConversationId, GroupId } from '../core/ids.ts';
import { ok } from '../core/result.ts';
import { createMlsGroup } from '../crypto/mls/index.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import type { MlsGroupRow, OfflineOperationRow } from '../db/store.ts';
import type { GroupData, RosterEntry } from '../domain/groupData.ts';
import { claimPackages } from './claims.ts';
import type { Wanted } from './intents.ts';
import type { Committing, Planned } from './planned.ts';
import type { Session } from './session.ts';

/**
 * Works out the commit for an intent. `undefined` where nothing is left to do.
 * @returns why the change can't be made: for now, or as the group is.
 */
export async function planCommit(
  session: Session,
  operation: OfflineOperationRow,
  wanted: Committing,
  stored: MlsGroupRow | undefined,
): Promise<Planned> {
  if (wanted.what === 'create') return planCreation(session, operation, wanted, stored);
  return (await import('./planChange.ts')).planChange(session, operation, wanted, stored);
}

/** How many people a group has room for, where nobody says otherwise. */
const FIRST_SIZE = 100;

async function planCreation(
  session: Session,
  operation: OfflineOperationRow,
  wanted: Wanted<'create'>,
  stored: MlsGroupRow | undefined,
): Promise<Planned> {
  // The other one of a pair may have started the chat meanwhile: then it is there already.
  const carrier = await groupOfConversation(session.store, operation.lane as ConversationId);
  if (carrier !== undefined && carrier !== wanted.groupId) return ok(undefined);
  if (stored !== undefined && stored.epoch > 0) return ok(undefined);
  const { identity, clock } = session;
  const claimed = await claimPackages(session, operation.id, wanted.people);
  if (!claimed.ok) return claimed;
  const { claims, reached, unreached } = claimed.value;
  const own: RosterEntry = { account: identity.account, role: 'owner', ...identity.card };
  const { kind, name, isChannel, expiresAt, visibility, link, maxMembers = FIRST_SIZE } = wanted;
  const alone: GroupData = {
    v: 1,
    kind,
    name,
    description: '',
    maxMembers: kind === 'direct' ? 2 : maxMembers,
    roster: [own],
    ...(isChannel === undefined ? {} : { isChannel }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(visibility === undefined ? {} : { visibility }),
    ...(link === undefined ? {} : { link }),
  };
  const group = await createMlsGroup(identity, wanted.groupId as GroupId, alone, clock.now());
  const role = kind === 'direct' ? ('owner' as const) : ('member' as const);
  const roster = [own, ...reached.map((p) => ({ ...p, role }))];
  return ok({ group, adds: claims, data: { ...alone, roster }, leftOver: [{ people: unreached, reason: 'later' }] });
}
