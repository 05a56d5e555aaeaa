import { base64urlFromBytes, equal, type Bytes } from '../core/bytes.ts';
import type { AccountId, ConversationId } from '../core/ids.ts';
import { ok, type Result } from '../core/result.ts';
import { createLeaveNote, dataOf } from '../crypto/mls/index.ts';
import { sha256 } from '../crypto/primitives.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import type { MlsGroupRow, OfflineOperationRow } from '../db/store.ts';
import { tryRead } from './groupState.ts';
import { couldNotReturn } from './healing.ts';
import { compose, composeTables, newMessageId, nextSortKey, type Composer } from './compose.ts';
import { leaveBehind, leaveTables } from './departure.ts';
import type { Progress, Wanted } from './intents.ts';
import { queueIntent } from './queueIntent.ts';
import type { CallFault } from './relayClient.ts';
import type { Session } from './session.ts';

/** When it is said again that somebody leaves, twice as late each time. */
const AGAIN_MS = 10 * 60_000;
/** Said so often to a group in which nobody answers, it goes without being let go. */
const MOST_TIMES = 3;

/**
 * Says to the others that this person leaves, and waits until one of them has removed them. The note holds
 * for the leaf as it is: when that got new keys, it is said again. So it is after a while, later each time:
 * those who read it may have gone themselves, and whoever came since has not heard it. Who is alone just goes,
 * and so does who could not come back to the group: the others would not read the note. Nobody is kept for good:
 * after the third time it goes by itself, and whoever reads a note later takes its leaf away.
 */
export async function sayLeaving(
  session: Session,
  operation: OfflineOperationRow,
  wanted: Wanted<'leave'>,
  stored: MlsGroupRow | undefined,
): Promise<Result<Progress, CallFault>> {
  const { store, identity, random, clock } = session;
  if (stored === undefined) {
    await store.offlineOperations.delete(operation.id);
    return ok('done');
  }
  const group = tryRead(stored, session);
  const conversationId = operation.lane as ConversationId;
  const go = async (): Promise<Result<Progress, CallFault>> => {
    const change = { what: 'left', who: [identity.account] } as const;
    await store.tx('rw', leaveTables, () => leaveBehind(session, stored, [change]));
    return ok('done');
  };
  if (group === undefined || dataOf(group).roster.length === 1 || (await couldNotReturn(session, stored.groupId)))
    return go();
  const note = createLeaveNote(group, identity);
  const isSaid = wanted.sent !== undefined && equal(wanted.sent, note);
  const now = clock.now();
  const again = isSaid ? (wanted.again ?? 0) + 1 : 0;
  // Not by how much later it is: the clock may have been put back.
  const sinceSaid = Math.abs(now - (wanted.at ?? 0));
  if (isSaid && sinceSaid < AGAIN_MS * 2 ** (again - 1)) return ok('waiting');
  if (again >= MOST_TIMES) return go();
  await store.tx('rw', composeTables, async () => {
    const { sortKey } = await nextSortKey(session);
    const place = { id: newMessageId(random), sortKey, isMessage: false };
    await compose(session, conversationId, { k: 'leave', n: note }, place);
    await store.offlineOperations.update(operation.id, { operationData: { ...wanted, sent: note, at: now, again } });
  });
  return ok('waiting');
}

/**
 * Somebody wants to leave: MLS lets nobody remove themselves, so whoever reads their signed note takes
 * on to commit the removal. The first commit wins; for the others nothing is left to do.
 */
export async function queueRelease(
  composer: Composer,
  conversationId: ConversationId,
  account: AccountId,
  note: Bytes,
): Promise<void> {
  const groupId = await groupOfConversation(composer.store, conversationId);
  if (groupId === undefined || account === composer.identity.account) return;
  const id = base64urlFromBytes(sha256(note).slice(0, 16));
  await queueIntent(composer, conversationId, { what: 'release', groupId, account, note }, id);
}
