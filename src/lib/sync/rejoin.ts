import { newId, type GroupId, type StreamId } from '../core/ids.ts';
import { err, ok, type Result } from '../core/result.ts';
import { createPlea, infoKeyIn, openGroupInfo, stageReturn } from '../crypto/mls/follow.ts';
import { dataOf, infoKeyOf, SUITE, suiteOf, type MlsGroup, type SuiteId } from '../crypto/mls/index.ts';
import type { Bytes } from '../core/bytes.ts';
import { bufferedUpTo, finishEntries, loadCursors, streamsWithNews } from '../db/inbox.ts';
import { loadMlsGroup } from '../db/mlsGroups.ts';
import { outboxTables, recordFailed } from '../db/outbox.ts';
import { newestChainOf } from '../db/senderKeys.ts';
import type { MlsGroupRow, OfflineOperationRow } from '../db/store.ts';
import { entryOf } from '../domain/groupData.ts';
import type { Role } from '../domain/roles.ts';
import { tryRead } from './groupState.ts';
import { leaveBehind, leaveTables } from './departure.ts';
import { setStreamEpoch } from './epochs.ts';
import type { Progress, Wanted } from './intents.ts';
import type { Outcome } from './outcomes.ts';
import type { CallFault } from './relayClient.ts';
import type { Session } from './session.ts';
import { stage, stageComeback } from './stage.ts';

/** How long an answer is waited for before the others are asked again. A clock that was put back ends it too. */
const PLEA_MS = 10 * 60_000;

/** Who is asked, one after the other: the owner's word is good for any change. */
const NEXT_ROLE: Partial<Record<Role, Role>> = { moderator: 'admin', admin: 'owner' };

/**
 * Comes back to a group that this device can't follow. The relay keeps what the newest commit left for that,
 * sealed; whoever can open and believe it comes back without anybody's help. Which history goes on is told by
 * the same: it is that of the newest commit which the relay took. Where it can't be opened or is not believed,
 * an own history that is whole is put forward once, and after that the others are asked.
 */
export async function rejoin(
  session: Session,
  operation: OfflineOperationRow,
  wanted: Wanted<'rejoin'>,
  asStored: MlsGroupRow | undefined,
): Promise<Result<Progress, CallFault>> {
  const { store, relay } = session;
  if (asStored === undefined) return finish(session, operation);
  const groupId = wanted.groupId as GroupId;
  const kept = await relay.groupInfo(groupId as string as StreamId);
  if (!kept.ok) {
    if (kept.error.code !== 'forbidden' && kept.error.code !== 'not-found') return kept;
    // The others went on without this device, and it will never be able to read that they did.
    await store.tx('rw', leaveTables, () =>
      leaveBehind(session, asStored, [{ what: 'left', who: [session.identity.account] }]),
    );
    return ok('done');
  }
  const { epoch, head } = kept.value;
  // A commit that is not here yet may be all that is missing.
  if (await isBehind(session, groupId, head)) return ok('waiting');
  const stored = await inEpochOfStream(session, asStored, epoch);
  const known = tryRead(stored, session);
  const info = openInfo(groupId, known, wanted, kept.value.info, epoch);
  const returned =
    info === undefined ? undefined : await stageReturn(groupId, known, info, session.identity, session.clock.now());
  if (returned?.ok === true) {
    if (returned.value !== undefined) return stageComeback(session, operation, stored, returned.value);
    return known === undefined || (await hasOwnChain(session, stored))
      ? finish(session, operation, stored)
      : renew(session, operation, stored, known);
  }
  session.logger.log('info', 'return-refused', {
    code: returned?.error.code ?? 'sealed',
    rule: returned?.error.detail ?? '',
  });
  // The longer history goes on. The others come back to it, as soon as the relay has a commit of it.
  if (known !== undefined && returned?.error.code === 'wrong-epoch') return renew(session, operation, stored, known);
  const isWhole = known !== undefined && (await hasOwnChain(session, stored)) && wanted.why === 'forked';
  if (isWhole && wanted.contended !== true) {
    await remember(session, operation, { ...wanted, contended: true });
    return renew(session, operation, stored, known);
  }
  return plead(session, operation, wanted, stored, known, epoch, returned?.error.code === 'policy-rejected');
}

/** Whether the relay has entries of the group that were not fetched, or not looked at, yet. */
async function isBehind({ store }: Session, groupId: GroupId, head: number): Promise<boolean> {
  const stream = groupId as string as StreamId;
  const read = (await loadCursors(store)).get(stream) ?? 0;
  return read < head || (await streamsWithNews(store)).includes(stream);
}

/**
 * With everything read, what the relay says of the stream's epoch counts. It may have said once that it is
 * further than it is, and then nothing would be new any more; or it handed a commit out as something else.
 */
async function inEpochOfStream(session: Session, stored: MlsGroupRow, epoch: number): Promise<MlsGroupRow> {
  if ((stored.streamEpoch ?? stored.epoch) === epoch) return stored;
  const { store } = session;
  await store.tx('rw', ['mlsGroups', 'senderKeys'], () => setStreamEpoch(session, stored, epoch));
  return (await loadMlsGroup(store, stored.groupId)) ?? { ...stored, streamEpoch: epoch };
}

/** The GroupInfo that this device can open: the relay's, or what somebody answered. */
function openInfo(
  groupId: GroupId,
  known: MlsGroup | undefined,
  { answer }: Wanted<'rejoin'>,
  sealed: Uint8Array | undefined,
  epoch: number,
): Bytes | undefined {
  const keys = [
    known === undefined ? undefined : infoKeyOf(known),
    answer === undefined ? undefined : infoKeyIn(answer.info),
  ];
  for (const key of keys) {
    const opened = key === undefined || sealed === undefined ? undefined : openGroupInfo(groupId, key, sealed);
    if (opened?.ok === true) return opened.value;
  }
  return answer?.epoch === epoch ? Uint8Array.from(answer.info) : undefined;
}

/** Whether there is a chain of this device to seal with in the group's epoch. */
async function hasOwnChain({ store, identity }: Session, stored: MlsGroupRow): Promise<boolean> {
  const chain = await newestChainOf(store, stored.groupId, identity.signaturePublic);
  return chain?.epoch === stored.epoch;
}

/** A commit of one's own on the history as it is here. */
async function renew(
  session: Session,
  operation: OfflineOperationRow,
  stored: MlsGroupRow,
  group: MlsGroup,
): Promise<Result<Progress, CallFault>> {
  const staged = await stage(session, operation, stored, { group });
  if (staged.ok) return staged;
  if (staged.error.retry === 'now') return err(staged.error as CallFault);
  return fail(session, operation, staged.error.code);
}

/**
 * How often a device asks in vain before it puts its own history forward. Those of a higher role do so sooner: their
 * word is good for any change, so the others can come back to them.
 */
function patienceOf({ identity }: Session, group: MlsGroup): number {
  const role = entryOf(dataOf(group), identity.account)?.role;
  return role === 'owner' ? 1 : role === 'admin' ? 2 : role === 'moderator' ? 3 : 4;
}

/**
 * Asks the others; again after a while, and those of a higher role where what came was not believed. Where nobody
 * answers, those who went on can't let anybody in, or are none: the own history goes on.
 */
async function plead(
  session: Session,
  operation: OfflineOperationRow,
  wanted: Wanted<'rejoin'>,
  stored: MlsGroupRow,
  known: MlsGroup | undefined,
  epoch: number,
  isDoubted: boolean,
): Promise<Result<Progress, CallFault>> {
  const { identity, relay, clock, random } = session;
  const { plea, answer, ...rest } = wanted;
  const isFresh = plea !== undefined && Math.abs(clock.now() - plea.at) < PLEA_MS && answer === undefined;
  if (isFresh) return ok('waiting');
  const unanswered = plea === undefined || answer !== undefined ? 0 : (wanted.unanswered ?? 0) + 1;
  if (known !== undefined && unanswered >= patienceOf(session, known) && (await hasOwnChain(session, stored))) {
    await remember(session, operation, rest);
    return renew(session, operation, stored, known);
  }
  const role = plea === undefined ? 'moderator' : isDoubted ? NEXT_ROLE[plea.role] : plea.role;
  if (role === undefined) return fail(session, operation, 'state-doubted');
  const groupId = wanted.groupId as GroupId;
  const suite = known === undefined ? SUITE : (suiteOf(known) as SuiteId);
  const made = await createPlea(identity, groupId, role, suite);
  await remember(session, operation, { ...rest, unanswered, plea: { key: made.privateKey, role, at: clock.now() } });
  const entries = [{ id: newId<string>(random), epoch, payload: made.plea }];
  const sent = await relay.append(groupId as string as StreamId, { entries });
  if (!sent.ok) return sent.error.retry === 'never' ? fail(session, operation, sent.error.code) : sent;
  return ok('waiting');
}

const remember = (session: Session, operation: OfflineOperationRow, data: Wanted<'rejoin'>): Promise<number> =>
  Promise.resolve(session.store.offlineOperations.update(operation.id, { operationData: data }));

/**
 * There is nothing to come back to.
 * @param stored where this device is in step with the stream: what waits for more than the stream has, nobody sent.
 */
async function finish(
  { store }: Session,
  operation: OfflineOperationRow,
  stored?: MlsGroupRow,
): Promise<Result<Progress, CallFault>> {
  await store.tx('rw', ['offlineOperations', 'inbox'], async () => {
    if (stored !== undefined) {
      const stream = stored.groupId as string as StreamId;
      const bogus = await bufferedUpTo(store, stream, stored.streamEpoch ?? stored.epoch);
      await finishEntries(
        store,
        bogus.map((row) => ({ row, outcome: 'Tampered' satisfies Outcome })),
      );
    }
    await store.offlineOperations.delete(operation.id);
  });
  return ok('done');
}

async function fail(
  session: Session,
  operation: OfflineOperationRow,
  code: string,
): Promise<Result<Progress, CallFault>> {
  await session.store.tx('rw', outboxTables, () => recordFailed(session.store, operation, code));
  return ok('done');
}
