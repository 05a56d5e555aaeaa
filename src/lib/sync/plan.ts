import type { ConversationId, GroupId } from '../core/ids.ts';
import { ok, type Fault, type Result } from '../core/result.ts';
import { CLASSICAL_SUITE, createMlsGroup, SUITE, type SuiteId } from '../crypto/mls/index.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import type { MlsGroupRow, OfflineOperationRow } from '../db/store.ts';
import type { GroupData, RosterEntry } from '../domain/groupData.ts';
import { claimPackages, type Claimed } from './claims.ts';
import type { Wanted } from './intents.ts';
import type { Committing, Planned } from './planned.ts';
import type { CallFault } from './relayClient.ts';
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
  if (wanted.what === 'own')
    return (await import('./planOwnDevices.ts')).planOwnGroup(session, operation, wanted, stored);
  return (await import('./planChange.ts')).planChange(session, operation, wanted, stored);
}

/**
 * Packages for a new group, in the suite that fits its size: with post-quantum keys each commit is a kilobyte for
 * each device on its way, so beyond {@link MOST_HYBRID_DEVICES} a group is made in the classical suite.
 */
async function claimForNew(
  session: Session,
  { id }: OfflineOperationRow,
  { people, maxMembers = FIRST_SIZE }: Wanted<'create'>,
): Promise<Result<Claimed & { readonly suite: SuiteId }, CallFault | Fault>> {
  const isLarge = Math.max(people.length + 1, maxMembers) > MOST_HYBRID_DEVICES;
  const claimed = isLarge ? undefined : await claimPackages(session, id, people, SUITE);
  if (claimed?.ok === false) return claimed;
  if (claimed !== undefined && claimed.value.claims.length < MOST_HYBRID_DEVICES)
    return ok({ ...claimed.value, suite: SUITE });
  const classical = await claimPackages(session, id, people, CLASSICAL_SUITE);
  return classical.ok ? ok({ ...classical.value, suite: CLASSICAL_SUITE }) : classical;
}

/** The devices that a conversation in the hybrid suite is made for at most. */
const MOST_HYBRID_DEVICES = 256;

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
  const claimed = await claimForNew(session, operation, wanted);
  if (!claimed.ok) return claimed;
  const { suite, claims, reached, unreached } = claimed.value;
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
  const group = await createMlsGroup(identity, wanted.groupId as GroupId, alone, clock.now(), suite);
  const role = kind === 'direct' ? ('owner' as const) : ('member' as const);
  const roster = [own, ...reached.map((p) => ({ ...p, role }))];
  return ok({ group, adds: claims, data: { ...alone, roster }, leftOver: [{ people: unreached, reason: 'later' }] });
}
