import { equal } from '../core/bytes.ts';
import type { GroupId } from '../core/ids.ts';
import { processCommit } from '../crypto/mls/follow.ts';
import { epochOf, type MlsFault, type MlsGroup } from '../crypto/mls/index.ts';
import { finishEntries, setBuffered } from '../db/inbox.ts';
import { loadMlsGroup } from '../db/mlsGroups.ts';
import { recordSecurityEvent } from '../db/security.ts';
import type { InboxRow, MlsGroupRow } from '../db/store.ts';
import { groupChanges } from '../domain/groupChanges.ts';
import { adopt } from './adopt.ts';
import { announce, announceTables } from './announce.ts';
import { leaveBehind, leaveTables } from './departure.ts';
import { tellDeviceChanges } from './deviceChanges.ts';
import { enterEpoch, epochTables, own, setStreamEpoch, storeEpoch } from './epochs.ts';
import { groupLock, tryRead } from './groupState.ts';
import { queueRejoin } from './healing.ts';
import { outcomeOfFault, type Outcome } from './outcomes.ts';
import { queueIntent, queueTables } from './queueIntent.ts';
import type { Session } from './session.ts';
import { stagedFromBytes } from './staged.ts';

const commitTables = [...epochTables, ...announceTables, 'inbox'] as const;
const refusalTables = [...queueTables, 'inbox', 'mlsGroups', 'securityEvents', 'senderKeys'] as const;

/**
 * Applies a commit from the log: our own that was in flight, or another member's after the policy.
 * @returns the outcome; `FutureEpoch` leaves the entry waiting for the commit before it.
 */
export function processCommitEntry(session: Session, row: InboxRow): Promise<Outcome> {
  const groupId = row.streamId as string as GroupId;
  return session.locks.run(groupLock(groupId), async () => {
    const stored = await loadMlsGroup(session.store, groupId);
    if (stored !== undefined) return apply(session, stored, row);
    await session.store.tx('rw', ['inbox'], () => finishEntries(session.store, [{ row, outcome: 'SentBeforeJoin' }]));
    return 'SentBeforeJoin';
  });
}

async function apply(session: Session, stored: MlsGroupRow, row: InboxRow): Promise<Outcome> {
  const { store, identity, clock } = session;
  if (stored.staged !== undefined) {
    const staged = stagedFromBytes(stored.staged);
    if (staged.id === row.id && equal(staged.commit, row.payload)) {
      await adopt(session, stored, staged, row);
      return 'Applied';
    }
  }
  const group = tryRead(stored, session);
  if (group === undefined) return refuse(session, stored, row, 'StateTorn');
  if (row.epoch < (stored.streamEpoch ?? stored.epoch)) {
    return refuse(session, stored, row, row.sender === identity.device ? 'OwnEcho' : 'Duplicate');
  }
  const now = clock.now();
  const processed = await processCommit(group, row.payload, now);
  if (!processed.ok) return refuse(session, stored, row, outcomeOfCommit(session, group, row, processed.error));

  const { next, committer, selfRemoved, before, after, leaving, isReturn } = processed.value;
  const changes = isReturn
    ? [{ what: 'returned', who: [committer.account] } as const]
    : groupChanges(before, after, committer.account, leaving);
  if (selfRemoved) {
    await store.tx('rw', leaveTables, () => leaveBehind(session, stored, changes, row));
    return 'Applied';
  }
  const entry = await enterEpoch(next, row.at);
  await store.tx('rw', commitTables, async () => {
    const { restoredAt: restored } = stored;
    const place = {
      ...stored,
      ...own(session),
      streamEpoch: row.epoch + 1,
      ...(restored === undefined ? {} : { restored }),
    };
    const devices = await storeEpoch(store, entry, place, now);
    await announce(session, stored.conversationId, after.kind, changes);
    const mustDecide = await tellDeviceChanges(session, stored.conversationId, devices);
    await setBuffered(store, row.streamId, false);
    await finishEntries(store, [{ row, outcome: mustDecide ? 'IdentityChanged' : 'Applied' }]);
  });
  return 'Applied';
}

function outcomeOfCommit(session: Session, group: MlsGroup, row: InboxRow, fault: MlsFault): Outcome {
  if (fault.code === 'wrong-epoch') {
    const theirs = Number(fault.detail?.split(' ')[0] ?? 0);
    if (theirs > epochOf(group)) return 'FutureEpoch';
    return row.sender === session.identity.device ? 'OwnEcho' : 'Duplicate';
  }
  // Our own commit, but not from this disk: the state on it is a copy from before.
  if (row.sender === session.identity.device) return 'StateTorn';
  return outcomeOfFault(fault.code);
}

/**
 * A commit that is not applied. Where the rules refuse it, every member does: the group stays in its epoch,
 * the relay is one ahead, and a commit of ours puts the group in front of it again. Where only this device
 * can't follow, it comes back.
 */
async function refuse(session: Session, stored: MlsGroupRow, row: InboxRow, outcome: Outcome): Promise<Outcome> {
  const { store } = session;
  const { groupId, conversationId } = stored;
  await store.tx('rw', refusalTables, async () => {
    await finishEntries(store, [{ row, outcome }]);
    const passed = Math.max(stored.streamEpoch ?? stored.epoch, row.epoch + 1);
    if (passed !== stored.streamEpoch && outcome !== 'Duplicate' && outcome !== 'OwnEcho') {
      await setStreamEpoch(session, stored, passed);
    }
    if (ALARMING.has(outcome)) await alarm(session, outcome, groupId);
    // The relay took it behind all that this device knows: it goes on from a history that is not ours.
    const isAside = outcome === 'Duplicate' && row.epoch >= (stored.streamEpoch ?? stored.epoch);
    if (isAside) await queueRejoin(session, conversationId, groupId, 'lost');
    else if (outcome === 'Forked') await queueRejoin(session, conversationId, groupId, 'forked');
    else if (outcome === 'StateTorn') {
      await queueRejoin(session, conversationId, groupId, row.sender === session.identity.device ? 'copied' : 'torn');
    } else if (ALARMING.has(outcome)) await putInFront(session, stored);
  });
  return outcome;
}

/**
 * A commit of our own puts the group in front of the one that was refused. Where nobody followed the last such and
 * somebody else's is refused again, it may be us who are beside the group: the others are asked.
 */
async function putInFront(
  session: Session,
  { groupId, conversationId, epoch, refusedEpoch }: MlsGroupRow,
): Promise<void> {
  if (refusedEpoch === epoch - 1) return queueRejoin(session, conversationId, groupId, 'lost');
  await session.store.mlsGroups.update(groupId, { refusedEpoch: epoch });
  await queueIntent(session, conversationId, { what: 'rotate', groupId, ifEpoch: epoch });
}

/** Refusals that a person should know of; an honest member never causes them. */
const ALARMING = new Set<Outcome>([
  'Forked',
  'PolicyRejected',
  'IdentityChanged',
  'Tampered',
  'Malformed',
  'UnsupportedVersion',
]);

const alarm = (session: Session, outcome: Outcome, groupId: GroupId): Promise<void> =>
  recordSecurityEvent(session.store, {
    eventType: 'commit-refused',
    severity: 'high',
    description: outcome,
    rawData: { groupId },
    at: session.clock.now(),
  });
