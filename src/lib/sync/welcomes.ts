import type { AccountId, ConversationId, GroupId, KeyPackageRef, StreamId } from '../core/ids.ts';
import { directConversationId, notesConversationId } from '../crypto/identity.ts';
import { inviterOf, joinFromWelcome, welcomeRefs } from '../crypto/mls/follow.ts';
import { dataOf, epochOf, groupIdOf, isAnswer, membersOf, type MlsGroup } from '../crypto/mls/index.ts';
import { expectGap, finishEntries, setBuffered } from '../db/inbox.ts';
import { loadBundle, loadKeyPackage, reserveKeyPackage, spendKeyPackage } from '../db/keyPackages.ts';
import { loadMlsGroup } from '../db/mlsGroups.ts';
import type { InboxRow, Store } from '../db/store.ts';
import type { GroupData } from '../domain/groupData.ts';
import { RESERVATION_MS } from '../protocol/limits.ts';
import { tellDeviceChanges } from './deviceChanges.ts';
import { enterEpoch, epochTables, own, storeEpoch } from './epochs.ts';
import type { Identity } from './identity.ts';
import { addNotice, noticeTables } from './notices.ts';
import { outcomeOfFault, type Outcome } from './outcomes.ts';
import { queueIntent, queueTables } from './queueIntent.ts';
import type { Session } from './session.ts';

const welcomeTables = [
  ...epochTables,
  ...noticeTables,
  ...queueTables,
  'inbox',
  'cursors',
  'keyPackages',
  'keyPackageBundles',
] as const;

/**
 * Joins the group that a welcome in the device's mailbox leads to. The KeyPackage's private half is
 * deleted in the transaction that stores the group, so the same package never opens a second welcome.
 */
export async function processWelcome(session: Session, row: InboxRow): Promise<Outcome> {
  if (isAnswer(row.payload)) return (await import('./pleas.ts')).processAnswer(session, row);
  const outcome = await join(session, row);
  if (outcome !== 'Applied') {
    await session.store.tx('rw', ['inbox'], () => finishEntries(session.store, [{ row, outcome }]));
  }
  return outcome;
}

async function join(session: Session, row: InboxRow): Promise<Outcome> {
  const { store, identity, clock } = session;
  const refs = welcomeRefs(row.payload);
  if (!refs.ok) return outcomeOfFault(refs.error.code);
  for (const ref of refs.value) {
    const bundle = await loadBundle(store, ref);
    if (bundle === undefined) continue;
    const now = clock.now();
    const joined = await joinFromWelcome(row.payload, bundle, identity, now);
    if (!joined.ok) return outcomeOfFault(joined.error.code);
    const group = joined.value;
    const groupId = groupIdOf(group);
    const data = dataOf(group);
    const conversationId = conversationOf(data, groupId, identity);
    if (conversationId === undefined) return 'PolicyRejected';
    if (data.kind === 'own' && (await hasRevoked(store, group))) return 'PolicyRejected';
    const known = await loadMlsGroup(store, groupId);
    // Whoever is in comes back by itself, and takes no welcome into another history of the group. Perhaps the
    // commit that removed us is still to be read: then the welcome is looked at again.
    if (known !== undefined) return known.epoch >= epochOf(group) ? 'Duplicate' : 'FutureEpoch';
    const entry = await enterEpoch(group, row.at);
    const isLastResort = (await loadKeyPackage(store, ref))?.isLastResort === true;
    const adder = (await inviterOf(row.payload, bundle, identity, group))?.account;
    await store.tx('rw', welcomeTables, async () => {
      const isNew = (await store.conversations.get(conversationId)) === undefined;
      const place = { conversationId, revision: 0, streamEpoch: row.epoch, renewedAt: now, ...own(session) };
      const changes = await storeEpoch(store, entry, place, now);
      const { leaving: _was, ...metadata } = (await store.conversations.get(conversationId))?.metadata ?? {};
      await store.conversations.update(conversationId, { metadata });
      const by = adder ?? identity.account;
      if (isLastResort) await retireLastResort(store, ref, by, now);
      else await spendKeyPackage(store, ref, by, groupId, now);
      if (data.kind === 'group' || (isNew && data.kind === 'direct')) {
        await addNotice(session, conversationId, { what: 'joined', ...(adder === undefined ? {} : { by: adder }) });
      }
      // Whoever came in by the package that others may use too must get keys of their own at once.
      if (isLastResort) await queueIntent(session, conversationId, { what: 'rotate', groupId });
      await expectGap(store, groupId as string as StreamId);
      await setBuffered(store, groupId as string as StreamId, false);
      const mustDecide = await tellDeviceChanges(session, conversationId, changes);
      await finishEntries(store, [{ row, outcome: mustDecide ? 'IdentityChanged' : 'Applied' }]);
    });
    return 'Applied';
  }
  return 'OrphanWelcome';
}

/** Whether a device that was ended is in it: what is said there would be said to that one. */
async function hasRevoked(store: Store, group: MlsGroup): Promise<boolean> {
  const rows = await store.devices.bulkGet(membersOf(group).map(({ device }) => device));
  return rows.some((row) => row?.status === 'revoked');
}

/**
 * The package of last resort may be in several hands at once: it is replaced, but its private half stays
 * as long as a reservation of it can be in force.
 */
async function retireLastResort(store: Store, ref: KeyPackageRef, by: AccountId, now: number): Promise<void> {
  if ((await loadKeyPackage(store, ref))?.status === 'reserved') return;
  await reserveKeyPackage(store, ref, { id: ref, by, expiresAt: now + RESERVATION_MS }, now);
}

/**
 * Where a group's messages are shown: a group is its own conversation; a direct chat is the one of its
 * pair, whichever of the two started it. `undefined` where we are not in it.
 */
export function conversationOf(data: GroupData, groupId: GroupId, identity: Identity): ConversationId | undefined {
  if (!data.roster.some((entry) => entry.account === identity.account)) return undefined;
  if (data.kind === 'group') return groupId as string as ConversationId;
  if (data.kind === 'own') return notesConversationId(identity.account);
  const peer = data.roster.find((entry) => entry.account !== identity.account);
  return peer === undefined ? undefined : directConversationId(identity.account, peer.account);
}
