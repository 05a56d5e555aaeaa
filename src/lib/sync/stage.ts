import type { Bytes } from '../core/bytes.ts';
import { newId, type ConversationId, type StreamId } from '../core/ids.ts';
import { err, ok, type Result } from '../core/result.ts';
import {
  doorOf,
  epochOf,
  groupFromBytes,
  groupIdOf,
  groupToBytes,
  membersOf,
  sealGroupInfo,
  stageCommit,
  type MlsFault,
  type MlsGroup,
  type StagedCommit,
} from '../crypto/mls/index.ts';
import { saveMlsGroup } from '../db/mlsGroups.ts';
import { outboxTables, recordFailed } from '../db/outbox.ts';
import type { MlsGroupRow, OfflineOperationRow } from '../db/store.ts';
import { limits } from '../protocol/limits.ts';
import { adopt } from './adopt.ts';
import { nextSortKey } from './compose.ts';
import type { Intent, Person, Progress } from './intents.ts';
import type { Plan } from './planned.ts';
import type { CallFault } from './relayClient.ts';
import type { Session } from './session.ts';
import { bytesFromStaged, type Staged } from './staged.ts';

/** Works out the commit, puts it on disk with the state it leads to, and hands it to the relay. */
export async function stage(
  session: Session,
  operation: OfflineOperationRow,
  stored: MlsGroupRow | undefined,
  plan: Plan,
): Promise<Result<Progress, CallFault | MlsFault>> {
  const { group, adds = [], removes = [], data, leaveNotes, answer } = plan;
  const leaves = membersOf(group)
    .filter(({ account, device }) => removes.includes(account) || device === plan.removesDevice)
    .map((member) => member.leaf);
  const result = await stageCommit(
    group,
    {
      adds: adds.map(({ keyPackage }) => keyPackage),
      removes: leaves,
      ...(data === undefined ? {} : { data }),
      ...(leaveNotes === undefined ? {} : { leaveNotes }),
    },
    session.clock.now(),
  );
  if (!result.ok) return result;
  const { random } = session;
  const { next, welcome } = result.value;
  const mail = answer === undefined ? welcome : await answer.seal(next);
  const devices = answer === undefined ? adds.map(({ device }) => device) : [answer.device];
  return put(
    session,
    operation,
    stored,
    group,
    result.value,
    {
      ...(mail === undefined ? {} : { welcome: mail }),
      welcomes: devices.map((device) => ({ id: newId(random), device })),
      spends: adds.map(({ reservation }) => reservation),
      fence: adds.length + leaves.length > 0,
      leaving: [...(plan.leaving ?? [])],
    },
    plan,
  );
}

/** As {@link stage}, for the commit of this device coming back. Nobody comes or goes with it. */
export function stageComeback(
  session: Session,
  operation: OfflineOperationRow,
  stored: MlsGroupRow,
  made: StagedCommit,
): Promise<Result<Progress, CallFault>> {
  const rest: Rest = { welcomes: [], spends: [], fence: false, leaving: [], isReturn: true };
  return put(session, operation, stored, undefined, made, rest);
}

/** As {@link stage}, for the commit with which this device comes in by a link. */
export function stageComing(
  session: Session,
  operation: OfflineOperationRow,
  made: StagedCommit,
  place: { readonly through: Bytes; readonly streamEpoch: number },
): Promise<Result<Progress, CallFault>> {
  const { through, streamEpoch } = place;
  const rest: Rest = { welcomes: [], spends: [], fence: true, leaving: [], through };
  return put(session, operation, undefined, undefined, made, rest, undefined, streamEpoch);
}

type Rest = Pick<Staged, 'welcome' | 'welcomes' | 'spends' | 'fence' | 'leaving' | 'isReturn' | 'through'>;

async function put(
  session: Session,
  operation: OfflineOperationRow,
  stored: MlsGroupRow | undefined,
  group: MlsGroup | undefined,
  { commit, next }: StagedCommit,
  rest: Rest,
  plan?: Plan,
  streamEpoch?: number,
): Promise<Result<Progress, CallFault>> {
  const { store, random } = session;
  const staged: Staged = {
    id: newId(random),
    epoch: epochOf(next) - 1,
    commit,
    next: groupToBytes(next),
    members: membersOf(next).map((member) => member.device),
    intent: operation.id,
    ...rest,
  };
  const row: MlsGroupRow = {
    ...(stored ?? { epoch: epochOf(next) - 1, revision: 0, state: groupToBytes(group ?? next) }),
    ...(streamEpoch === undefined ? {} : { streamEpoch }),
    groupId: groupIdOf(next),
    conversationId: operation.lane as ConversationId,
    staged: bytesFromStaged(staged),
  };
  await store.tx('rw', ['mlsGroups', 'offlineOperations', 'settings'], async () => {
    await saveMlsGroup(store, row);
    await putAside(session, operation, plan);
  });
  return submit(session, { ...row, revision: row.revision + 1 }, staged);
}

/**
 * Who can't be added with this commit becomes a wish of its own, inside the caller's transaction: it waits
 * for their key packages, or tells why it came to nothing.
 */
async function putAside(session: Session, operation: OfflineOperationRow, plan: Plan | undefined): Promise<void> {
  const wanted = operation.operationData as Intent;
  if (wanted.what !== 'add' && wanted.what !== 'create') return;
  const others = (plan?.leftOver ?? []).filter(({ people }) => people.length > 0);
  if (others.length === 0) return;
  const gone = new Set(others.flatMap(({ people }) => people.map(({ account }) => account)));
  const people = wanted.people.filter(({ account }) => !gone.has(account));
  await session.store.offlineOperations.update(operation.id, { operationData: { ...wanted, people } });
  const asOf = wanted.what === 'add' ? wanted.asOf : undefined;
  for (const { people: left, reason } of others) await addLater(session, operation, left, reason, asOf);
}

async function addLater(
  session: Session,
  operation: OfflineOperationRow,
  people: readonly Person[],
  reason: 'later' | 'removed-meanwhile',
  asOf: number | undefined,
): Promise<void> {
  const { groupId } = operation.operationData as Intent;
  const data: Intent = { what: 'add', groupId, people: [...people], ...(asOf === undefined ? {} : { asOf }) };
  const { sortKey } = await nextSortKey(session);
  const { errorMessage: _before, ...rest } = operation;
  await session.store.offlineOperations.add({
    ...rest,
    id: newId(session.random),
    operationType: data.what,
    operationData: data,
    sortKey,
    ...(reason === 'later'
      ? { status: 'pending', errorMessage: 'no-key-package' }
      : { status: 'failed', errorMessage: reason }),
  });
}

/** Somebody's commit came first; or the relay is not as far as it said, having lost what it took. */
const OVERTAKEN = new Set(['epoch-taken', 'future-epoch']);

/** Sends a staged commit, for the first time or again: the relay gives the same answer. */
export async function submit(
  session: Session,
  stored: MlsGroupRow,
  staged: Staged,
): Promise<Result<Progress, CallFault>> {
  const { store, clock } = session;
  const next = groupFromBytes(staged.next, session.identity);
  if (!next.ok) throw new Error('a staged state does not decode');
  const info = await sealGroupInfo(next.value, clock.now());
  const { through } = staged;
  const door = through === undefined ? doorOf(next.value, session.random) : undefined;
  const answer = await session.relay.commit(stored.groupId as string as StreamId, {
    id: staged.id,
    epoch: stored.streamEpoch ?? staged.epoch,
    payload: staged.commit,
    members: staged.members,
    fence: staged.fence,
    welcomes: staged.welcomes.map(({ id, device }) => ({ id, device, payload: staged.welcome ?? new Uint8Array() })),
    spends: staged.spends,
    // Of a group so large that it does not fit, members come back with another's help.
    ...(info === undefined || info.length > limits.entry ? {} : { info }),
    ...(door === undefined ? {} : { door }),
    ...(through === undefined ? {} : { through }),
  });
  if (answer.ok) {
    await adopt(session, stored, staged);
    return ok('done');
  }
  const { error } = answer;
  if (error.retry === 'now' || error.retry === 'person') return err(error);
  await drop(session, stored, staged);
  // The change is worked out anew: at once, or once a reservation that ran out is made again.
  if (error.retry === 'after-sync') return ok(OVERTAKEN.has(error.code) ? 'again' : 'waiting');
  const operation = await store.offlineOperations.get(staged.intent);
  if (operation !== undefined) {
    await store.tx('rw', outboxTables, () => recordFailed(store, operation, error.code));
  }
  return ok('done');
}

/** The commit is off; a group that nobody was let into yet, or that would have let us in, is gone. */
async function drop(session: Session, stored: MlsGroupRow, staged: Staged): Promise<void> {
  const { store } = session;
  await store.tx('rw', ['mlsGroups', 'senderKeys'], async () => {
    if (stored.epoch === 0 || staged.through !== undefined) await store.mlsGroups.delete(stored.groupId);
    else {
      const { staged: _off, ...rest } = stored;
      await saveMlsGroup(store, rest);
    }
  });
}
