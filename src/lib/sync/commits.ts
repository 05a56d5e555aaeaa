import { equal } from '../core/bytes.ts';
import type { AccountId, ConversationId, GroupId, StreamId } from '../core/ids.ts';
import { dataOf, epochOf, groupFromBytes, processCommit, type MlsGroup } from '../crypto/mls/index.ts';
import { finishEntries, setBuffered } from '../db/inbox.ts';
import { loadMlsGroup } from '../db/mlsGroups.ts';
import { recordFailed } from '../db/outbox.ts';
import { recordSecurityEvent } from '../db/security.ts';
import type { InboxRow, MlsGroupRow } from '../db/store.ts';
import type { GroupData } from '../domain/groupData.ts';
import { enterEpoch, epochTables, storeEpoch } from './epochs.ts';
import { addNotice, noticeTables, type NoticeFacts } from './notices.ts';
import { outcomeOfFault, type Outcome } from './outcomes.ts';
import type { Session } from './session.ts';
import { stagedFromBytes, type Staged } from './staged.ts';

const commitTables = [...epochTables, ...noticeTables, 'inbox', 'offlineOperations', 'securityEvents'] as const;

/** The group's lock: whoever changes its MLS state holds it, in whichever tab. */
export const groupLock = (groupId: GroupId): string => `group:${groupId}`;

/**
 * Applies a commit from the log: our own that was in flight, or another member's after the policy.
 * @returns the outcome; `FutureEpoch` leaves the entry waiting for the commit before it.
 */
export function processCommitEntry(session: Session, row: InboxRow): Promise<Outcome> {
  const groupId = row.streamId as string as GroupId;
  return session.locks.run(groupLock(groupId), async () => {
    const stored = await loadMlsGroup(session.store, groupId);
    const outcome = stored === undefined ? 'SentBeforeJoin' : await apply(session, stored, row);
    if (outcome !== 'Applied') {
      await session.store.tx('rw', ['inbox', 'securityEvents'], async () => {
        await finishEntries(session.store, [{ row, outcome }]);
        if (ALARMING.has(outcome)) await alarm(session, outcome, groupId);
      });
    }
    return outcome;
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
  const group = read(stored, session);
  const now = clock.now();
  const processed = await processCommit(group, row.payload, now);
  if (!processed.ok) {
    if (processed.error.code !== 'wrong-epoch') return outcomeOfFault(processed.error.code);
    if (row.sender === identity.device) return 'OwnEcho';
    return row.epoch < epochOf(group) ? 'Duplicate' : 'FutureEpoch';
  }

  const { next, committer, selfRemoved, before, after } = processed.value;
  const change: RosterChange = {
    kind: after.kind,
    by: committer.account,
    isNew: false,
    added: accountsOf(after).filter((account) => !accountsOf(before).includes(account)),
    removed: accountsOf(before).filter((account) => !accountsOf(after).includes(account)),
  };
  if (selfRemoved) {
    await leaveBehind(session, stored, row, change);
    return 'Applied';
  }
  const entry = await enterEpoch(next, now);
  await store.tx('rw', commitTables, async () => {
    await storeEpoch(store, entry, { ...stored, self: identity.account }, now);
    await announce(session, stored.conversationId, change);
    await setBuffered(store, row.streamId, false);
    await finishEntries(store, [{ row, outcome: 'Applied' }]);
  });
  return 'Applied';
}

/** Makes our own commit, which the relay has taken, the state of the group; its operation is over. */
export async function adopt(session: Session, stored: MlsGroupRow, staged: Staged, echo?: InboxRow): Promise<void> {
  const { store, identity, clock } = session;
  const next = groupFromBytes(staged.next, identity);
  if (!next.ok) throw new Error('a staged state does not decode');
  const now = clock.now();
  const entry = await enterEpoch(next.value, now);
  const isNew = stored.epoch === 0;
  const was = isNew ? [] : accountsOf(dataOf(read(stored, session)));
  const is = accountsOf(entry.data);
  const change: RosterChange = {
    kind: entry.data.kind,
    by: identity.account,
    isNew,
    added: is.filter((account) => !was.includes(account)),
    removed: was.filter((account) => !is.includes(account)),
  };
  await store.tx('rw', commitTables, async () => {
    await storeEpoch(store, entry, { ...stored, self: identity.account }, now);
    await announce(session, stored.conversationId, change);
    await store.offlineOperations.delete(staged.intent);
    await setBuffered(store, stored.groupId as string as StreamId, false);
    if (echo !== undefined) await finishEntries(store, [{ row: echo, outcome: 'Applied' }]);
  });
}

/** We were removed: history stays, keys and the group's state go, and what still waited says so. */
async function leaveBehind(session: Session, stored: MlsGroupRow, row: InboxRow, change: RosterChange): Promise<void> {
  const { store, identity } = session;
  await store.tx('rw', [...commitTables, 'messages'], async () => {
    await announce(session, stored.conversationId, change);
    await store.mlsGroups.delete(stored.groupId);
    await store.groupMembers.delete([stored.groupId, identity.account]);
    const waiting = await store.offlineOperations.where('lane').equals(stored.conversationId).toArray();
    for (const operation of waiting) {
      if (operation.operationType === 'append' && operation.messageId === undefined) {
        await store.offlineOperations.delete(operation.id);
      } else if (operation.operationType === 'leave') {
        await store.offlineOperations.delete(operation.id);
      } else {
        await recordFailed(store, operation, 'not-a-member');
      }
    }
    await finishEntries(store, [{ row, outcome: 'Applied' }]);
  });
}

export function read(stored: MlsGroupRow, session: Session): MlsGroup {
  const group = groupFromBytes(stored.state, session.identity);
  if (!group.ok) throw new Error('a stored group state does not decode');
  return group.value;
}

interface RosterChange {
  readonly kind: GroupData['kind'];
  readonly by: AccountId;
  readonly isNew: boolean;
  readonly added: readonly AccountId[];
  readonly removed: readonly AccountId[];
}

/** Says in the conversation who came and went, and drops the removals of people who are gone already. */
async function announce(session: Session, conversationId: ConversationId, change: RosterChange): Promise<void> {
  const { kind, by, isNew, added, removed } = change;
  // Who makes a group has said so already.
  if (kind === 'direct' || isNew) return;
  const left = await takeReleases(session, conversationId, removed);
  const expelled = removed.filter((account) => !left.includes(account));
  const notices: NoticeFacts[] = [
    ...(added.length > 0 ? [{ what: 'added', by, who: added } as const] : []),
    ...(expelled.length > 0 ? [{ what: 'removed', by, who: expelled } as const] : []),
    ...(left.length > 0 ? [{ what: 'left', who: left } as const] : []),
  ];
  for (const notice of notices) await addNotice(session, conversationId, notice);
}

/** Who of the removed had left by themselves; what was queued to remove them is over. */
async function takeReleases(
  session: Session,
  conversationId: ConversationId,
  removed: readonly AccountId[],
): Promise<AccountId[]> {
  const { store, identity } = session;
  const left: AccountId[] = [];
  for (const operation of await store.offlineOperations.where('lane').equals(conversationId).toArray()) {
    const data = operation.operationData as { readonly what?: string; readonly account?: AccountId } | undefined;
    if (data?.what !== 'release' || data.account === undefined || !removed.includes(data.account)) continue;
    left.push(data.account);
    await store.offlineOperations.delete(operation.id);
  }
  const conversation = await store.conversations.get(conversationId);
  if (conversation?.metadata?.['leaving'] === true && removed.includes(identity.account)) left.push(identity.account);
  return left;
}

const accountsOf = (data: GroupData): AccountId[] => data.roster.map((entry) => entry.account);

const ALARMING = new Set<Outcome>(['Forked', 'PolicyRejected', 'IdentityChanged', 'Tampered']);

const alarm = (session: Session, outcome: Outcome, groupId: GroupId): Promise<void> =>
  recordSecurityEvent(session.store, {
    eventType: 'commit-refused',
    severity: 'high',
    description: outcome,
    rawData: { groupId },
    at: session.clock.now(),
  });
