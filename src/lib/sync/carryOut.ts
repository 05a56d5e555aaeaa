import * as v from 'valibot';
import type { GroupId } from '../core/ids.ts';
import { err, ok, type Fault, type Result } from '../core/result.ts';
import { loadMlsGroup } from '../db/mlsGroups.ts';
import { isChore, outboxTables, recordFailed } from '../db/outbox.ts';
import type { OfflineOperationRow } from '../db/store.ts';
import { groupLock } from './groupState.ts';
import { intent, type Intent, type Progress } from './intents.ts';
import { planCommit } from './plan.ts';
import { reasonOf } from './reasonOf.ts';
import type { CallFault } from './relayClient.ts';
import type { Session } from './session.ts';
import { stage, submit } from './stage.ts';
import { stagedFromBytes } from './staged.ts';

/** Carries out one waiting change as far as the relay lets it. */
export function carryOut(session: Session, operation: OfflineOperationRow): Promise<Result<Progress, CallFault>> {
  const parsed = v.safeParse(intent, operation.operationData);
  if (!parsed.success) throw new Error('a stored intent does not parse');
  const wanted = parsed.output;
  return session.locks.run(groupLock(wanted.groupId as GroupId), () => attempt(session, operation, wanted));
}

async function attempt(
  session: Session,
  operation: OfflineOperationRow,
  wanted: Intent,
): Promise<Result<Progress, CallFault>> {
  // While we waited for the lock, a commit may have ended the wish.
  if ((await session.store.offlineOperations.get(operation.id)) === undefined) return ok('done');
  const stored = await loadMlsGroup(session.store, wanted.groupId as GroupId);
  if (stored?.staged !== undefined) {
    const staged = stagedFromBytes(stored.staged);
    const sent = await submit(session, stored, staged);
    return sent.ok && sent.value === 'done' && staged.intent !== operation.id ? ok('again') : sent;
  }
  if (wanted.what === 'rejoin') return (await import('./rejoin.ts')).rejoin(session, operation, wanted, stored);
  if (wanted.what === 'join') return (await import('./joinByLink.ts')).joinByLink(session, operation, wanted, stored);
  if (wanted.what === 'leave') return (await import('./leaving.ts')).sayLeaving(session, operation, wanted, stored);
  if (wanted.what === 'again') return (await import('./sayAgain.ts')).sayAgain(session, operation, wanted);
  const planned = await planCommit(session, operation, wanted, stored);
  const progress = !planned.ok
    ? planned
    : planned.value === undefined
      ? await finish(session, operation)
      : await stage(session, operation, stored, planned.value);
  return progress.ok ? progress : decline(session, operation, wanted, progress.error);
}

async function finish(session: Session, operation: OfflineOperationRow): Promise<Result<Progress, CallFault>> {
  await session.store.offlineOperations.delete(operation.id);
  return ok('done');
}

/** The change can't be made: for now, or as the group is. */
async function decline(
  session: Session,
  operation: OfflineOperationRow,
  wanted: Intent,
  fault: Fault,
): Promise<Result<Progress, CallFault>> {
  const isForLater = fault.code === 'no-key-package' || fault.code === 'rate-limited';
  if (fault.retry === 'now' && !isForLater) return err(fault as CallFault);
  if (isForLater) {
    // They have not been online yet, or their packages ran out: it is tried again with each sync, and holds
    // up nothing else.
    await session.store.offlineOperations.update(operation.id, { errorMessage: fault.code });
    return ok('waiting');
  }
  // A chore that came to nothing is nobody's to decide: a note that lapsed is sent again by whoever leaves.
  if (isChore(wanted.what)) {
    session.logger.log('info', 'chore-dropped', { what: wanted.what, code: fault.code, rule: fault.detail ?? '' });
    return finish(session, operation);
  }
  await session.store.tx('rw', outboxTables, () => recordFailed(session.store, operation, reasonOf(fault)));
  return ok('done');
}
