import * as v from 'valibot';
import type { Bytes } from '../core/bytes.ts';
import { newId, type AccountId, type ConversationId, type DeviceId, type GroupId, type StreamId } from '../core/ids.ts';
import { err, ok, type Fault, type Result } from '../core/result.ts';
import {
  createMlsGroup,
  dataOf,
  epochOf,
  groupIdOf,
  groupToBytes,
  membersOf,
  readKeyPackage,
  stageCommit,
  type MlsGroup,
} from '../crypto/mls/index.ts';
import { groupOfConversation, loadMlsGroup, saveMlsGroup } from '../db/mlsGroups.ts';
import { recordFailed } from '../db/outbox.ts';
import type { MlsGroupRow, OfflineOperationRow } from '../db/store.ts';
import { entryOf, type GroupData, type RosterEntry } from '../domain/groupData.ts';
import { accountId, bytes, bytesUpTo, textUpTo } from '../protocol/fields.ts';
import { limits } from '../protocol/limits.ts';
import { adopt, groupLock, read } from './commits.ts';
import type { CallFault } from './relayClient.ts';
import type { Session } from './session.ts';
import { bytesFromStaged, stagedFromBytes, type Staged } from './staged.ts';

/**
 * A change of a group that a person wants, kept until the relay has ordered it. It holds what is wanted,
 * not how: each try works out the commit anew from the group as it is by then.
 */
export type Intent = v.InferOutput<typeof intent>;

const person = v.strictObject({ account: accountId, name: textUpTo(limits.name), salt: bytes(16) });
export type Person = v.InferOutput<typeof person>;

export const intent = v.variant('what', [
  v.strictObject({
    what: v.literal('create'),
    kind: v.picklist(['direct', 'group']),
    groupId: v.string(),
    name: textUpTo(limits.name),
    people: v.array(person),
  }),
  v.strictObject({ what: v.literal('add'), groupId: v.string(), people: v.array(person) }),
  v.strictObject({ what: v.literal('remove'), groupId: v.string(), accounts: v.array(accountId) }),
  /** Removes somebody who left with a signed note. */
  v.strictObject({ what: v.literal('release'), groupId: v.string(), account: accountId, note: bytesUpTo(1024) }),
  /** New keys for this device's leaf. */
  v.strictObject({ what: v.literal('rotate'), groupId: v.string() }),
]);

/** What became of a try. `again`: somebody else's commit came first; catch up and try anew. */
export type Progress = 'done' | 'again' | 'waiting';

/** Carries out one waiting change as far as the relay lets it. */
export function carryOut(session: Session, operation: OfflineOperationRow): Promise<Result<Progress, CallFault>> {
  const parsed = v.safeParse(intent, operation.operationData);
  if (!parsed.success) throw new Error('a stored intent does not parse');
  const wanted = parsed.output;
  const groupId = wanted.groupId as GroupId;
  return session.locks.run(groupLock(groupId), async () => {
    const stored = await loadMlsGroup(session.store, groupId);
    if (stored?.staged !== undefined) return submit(session, stored, stagedFromBytes(stored.staged));
    const change = await plan(session, operation, wanted, stored);
    if (!change.ok) return decline(session, operation, change.error);
    if (change.value === undefined) return finish(session, operation);
    return stage(session, operation, stored, change.value);
  });
}

interface Plan {
  readonly group: MlsGroup;
  readonly adds: readonly Claim[];
  readonly removes: readonly AccountId[];
  readonly data?: GroupData;
  readonly leaveNotes?: readonly Bytes[];
}

interface Claim {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly reservation: string;
  readonly keyPackage: Bytes;
}

/** The change that the intent asks of the group as it is now; `undefined` where nothing is left to do. */
async function plan(
  session: Session,
  operation: OfflineOperationRow,
  wanted: Intent,
  stored: MlsGroupRow | undefined,
): Promise<Result<Plan | undefined, CallFault | Fault>> {
  if (wanted.what === 'create') {
    // The other one of a pair may have started the chat meanwhile: then it is there already.
    const carrier = await groupOfConversation(session.store, operation.lane as ConversationId);
    if (carrier !== undefined && carrier !== wanted.groupId) return ok(undefined);
    return planCreation(session, wanted, stored);
  }
  if (stored === undefined) return err({ code: 'not-a-member', retry: 'person' });
  const group = read(stored, session);
  const data = dataOf(group);
  switch (wanted.what) {
    case 'add': {
      const missing = wanted.people.filter(({ account }) => entryOf(data, account) === undefined);
      if (missing.length === 0) return ok(undefined);
      const claims = await claim(session, missing);
      if (!claims.ok) return claims;
      const reached = missing.filter(({ account }) => claims.value.some((c) => c.account === account));
      if (reached.length === 0) return err({ code: 'no-key-package', retry: 'after-sync' });
      const roster = [...data.roster, ...reached.map((p) => ({ ...p, role: 'member' as const }))];
      return ok({ group, adds: claims.value, removes: [], data: { ...data, roster } });
    }
    case 'remove':
      return ok(without(group, data, wanted.accounts));
    case 'release': {
      const change = without(group, data, [wanted.account]);
      return ok(change === undefined ? undefined : { ...change, leaveNotes: [wanted.note] });
    }
    case 'rotate':
      return ok({ group, adds: [], removes: [] });
  }
}

function without(group: MlsGroup, data: GroupData, accounts: readonly AccountId[]): Plan | undefined {
  const present = accounts.filter((account) => entryOf(data, account) !== undefined);
  if (present.length === 0) return undefined;
  const roster = data.roster.filter((entry) => !present.includes(entry.account));
  return { group, adds: [], removes: present, data: { ...data, roster } };
}

async function planCreation(
  session: Session,
  wanted: Extract<Intent, { what: 'create' }>,
  stored: MlsGroupRow | undefined,
): Promise<Result<Plan | undefined, CallFault | Fault>> {
  if (stored !== undefined && stored.epoch > 0) return ok(undefined);
  const { identity, clock } = session;
  const own: RosterEntry = { account: identity.account, role: 'owner', ...identity.card };
  const claims = await claim(session, wanted.people);
  if (!claims.ok) return claims;
  const reached = wanted.people.filter(({ account }) => claims.value.some((c) => c.account === account));
  if (reached.length === 0) return err({ code: 'no-key-package', retry: 'after-sync' });
  const alone: GroupData = {
    v: 1,
    kind: wanted.kind,
    name: wanted.name,
    description: '',
    maxMembers: wanted.kind === 'direct' ? 2 : 100,
    roster: [own],
  };
  const group = await createMlsGroup(identity, wanted.groupId as GroupId, alone, clock.now());
  const role = wanted.kind === 'direct' ? ('owner' as const) : ('member' as const);
  const roster = [own, ...reached.map((p) => ({ ...p, role }))];
  return ok({ group, adds: claims.value, removes: [], data: { ...alone, roster } });
}

/** Reserves a KeyPackage of each device of each person, and checks that it is theirs. */
async function claim(session: Session, people: readonly Person[]): Promise<Result<Claim[], CallFault>> {
  const accounts = people.map(({ account }) => account);
  const answer = await session.relay.claimKeyPackages({ accounts });
  if (!answer.ok) return answer;
  const claims: Claim[] = [];
  for (const claimed of answer.value.claims) {
    const keyPackage = await readKeyPackage(claimed.bytes, session.clock.now());
    // Whatever the relay hands out that is not the person's own is no package of theirs.
    if (!keyPackage.ok || keyPackage.value.account !== claimed.account || !accounts.includes(claimed.account)) {
      session.logger.log('warn', 'key-package-refused', {
        code: keyPackage.ok ? 'other-account' : keyPackage.error.code,
      });
      continue;
    }
    claims.push({
      account: keyPackage.value.account,
      device: keyPackage.value.device,
      reservation: claimed.reservation,
      keyPackage: claimed.bytes,
    });
  }
  return ok(claims);
}

/** Works out the commit, puts it on disk with the state it leads to, and hands it to the relay. */
async function stage(
  session: Session,
  operation: OfflineOperationRow,
  stored: MlsGroupRow | undefined,
  change: Plan,
): Promise<Result<Progress, CallFault>> {
  const { store, clock, random } = session;
  const { group } = change;
  const leaves = membersOf(group)
    .filter((member) => change.removes.includes(member.account))
    .map((member) => member.leaf);
  const result = await stageCommit(
    group,
    {
      adds: change.adds.map(({ keyPackage }) => keyPackage),
      removes: leaves,
      ...(change.data === undefined ? {} : { data: change.data }),
      ...(change.leaveNotes === undefined ? {} : { leaveNotes: change.leaveNotes }),
    },
    clock.now(),
  );
  if (!result.ok) return decline(session, operation, result.error);
  const { commit, welcome, next } = result.value;
  const staged: Staged = {
    id: newId(random),
    epoch: epochOf(group),
    commit,
    next: groupToBytes(next),
    ...(welcome === undefined ? {} : { welcome }),
    welcomes: change.adds.map(({ device }) => ({ id: newId(random), device })),
    members: membersOf(next).map((member) => member.device),
    spends: change.adds.map(({ reservation }) => reservation),
    fence: change.adds.length + leaves.length > 0,
    intent: operation.id,
  };
  const row: MlsGroupRow = {
    groupId: groupIdOf(group),
    conversationId: operation.lane as ConversationId,
    epoch: epochOf(group),
    revision: stored?.revision ?? 0,
    state: stored?.state ?? groupToBytes(group),
    staged: bytesFromStaged(staged),
  };
  await store.tx('rw', ['mlsGroups'], () => saveMlsGroup(store, row));
  return submit(session, { ...row, revision: row.revision + 1 }, staged);
}

/** Sends a staged commit, for the first time or again: the relay gives the same answer. */
async function submit(session: Session, stored: MlsGroupRow, staged: Staged): Promise<Result<Progress, CallFault>> {
  const answer = await session.relay.commit(stored.groupId as string as StreamId, {
    id: staged.id,
    epoch: staged.epoch,
    payload: staged.commit,
    members: staged.members,
    fence: staged.fence,
    welcomes: staged.welcomes.map(({ id, device }) => ({ id, device, payload: staged.welcome ?? new Uint8Array() })),
    spends: staged.spends,
  });
  if (answer.ok) {
    await adopt(session, stored, staged);
    return ok('done');
  }
  const { error } = answer;
  if (error.retry === 'now' || error.retry === 'person') return err(error);
  await drop(session, stored);
  // Somebody's commit came first, or a reservation ran out: the change is worked out anew.
  if (error.retry === 'after-sync') return ok(error.code === 'epoch-taken' ? 'again' : 'waiting');
  const operation = await session.store.offlineOperations.get(staged.intent);
  if (operation !== undefined)
    await session.store.tx('rw', ['offlineOperations', 'messages'], () =>
      recordFailed(session.store, operation, error.code),
    );
  return ok('done');
}

/** The commit is off; a group that nobody was let into yet is made anew. */
async function drop(session: Session, stored: MlsGroupRow): Promise<void> {
  const { store } = session;
  await store.tx('rw', ['mlsGroups', 'senderKeys'], async () => {
    if (stored.epoch === 0) await store.mlsGroups.delete(stored.groupId);
    else {
      const { staged: _off, ...rest } = stored;
      await saveMlsGroup(store, rest);
    }
  });
}

async function finish(session: Session, operation: OfflineOperationRow): Promise<Result<Progress, CallFault>> {
  await session.store.offlineOperations.delete(operation.id);
  return ok('done');
}

/** The change can't be made: for now, or as the group is. */
async function decline(
  session: Session,
  operation: OfflineOperationRow,
  fault: Fault,
): Promise<Result<Progress, CallFault>> {
  if (fault.code === 'network' || fault.retry === 'now') return err(fault as CallFault);
  if (fault.code === 'no-key-package') {
    // They have not been online yet, or their packages ran out: it is tried again with each sync.
    await session.store.offlineOperations.update(operation.id, { errorMessage: fault.code });
    return ok('waiting');
  }
  await session.store.tx('rw', ['offlineOperations', 'messages'], () =>
    recordFailed(session.store, operation, fault.code),
  );
  return ok('done');
}
