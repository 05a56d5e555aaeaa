import type { Bytes } from '../core/bytes.ts';
import type { GroupId, StreamId } from '../core/ids.ts';
import { err, ok, type Fault, type Result } from '../core/result.ts';
import { dataOfInfo, openDoor, openGroupInfo, stageArrival } from '../crypto/mls/follow.ts';
import { outboxTables, recordFailed } from '../db/outbox.ts';
import type { MlsGroupRow, OfflineOperationRow } from '../db/store.ts';
import type { GroupData } from '../domain/groupData.ts';
import type { Progress, Wanted } from './intents.ts';
import { reasonOf } from './reasonOf.ts';
import type { CallFault } from './relayClient.ts';
import type { Session } from './session.ts';
import { stageComing } from './stage.ts';

/** What is behind a link's door: the group as its newest commit left it. */
export interface Behind {
  readonly info: Bytes;
  readonly data: GroupData;
  /** Of the stream. */
  readonly epoch: number;
}

/**
 * Fetches and opens what a link leads to.
 * @returns `link-over` (reset, withdrawn, or of a group that is not there), `wrong-password`, `group-closed`
 *   (the group is too large to be joined without help), or why the relay can't be asked now.
 */
export async function lookBehind(
  { relay }: Pick<Session, 'relay'>,
  { groupId, token, key }: Pick<Wanted<'join'>, 'groupId' | 'token' | 'key'>,
): Promise<Result<Behind, CallFault | Fault>> {
  const answer = await relay.groupInfo(groupId as StreamId, Uint8Array.from(token));
  if (!answer.ok) {
    const isOver = answer.error.code === 'forbidden' || answer.error.code === 'not-found';
    return isOver ? err({ code: 'link-over', retry: 'person' }) : answer;
  }
  const { epoch, info: sealed, box } = answer.value;
  if (box === undefined || sealed === undefined) return err({ code: 'group-closed', retry: 'person' });
  const infoKey = openDoor(groupId as GroupId, key, box);
  if (!infoKey.ok) return err({ code: 'wrong-password', retry: 'person' });
  const info = openGroupInfo(groupId as GroupId, infoKey.value, sealed);
  if (!info.ok) return err({ code: 'group-closed', retry: 'person' });
  const data = dataOfInfo(info.value);
  return data.ok ? ok({ info: info.value, data: data.value, epoch }) : err({ code: 'group-closed', retry: 'person' });
}

/**
 * Comes into a group by its link: the commit is made from the GroupInfo that the relay keeps, and every member
 * holds it against the group's rules. Whoever is in already has nothing to do.
 */
export async function joinByLink(
  session: Session,
  operation: OfflineOperationRow,
  wanted: Wanted<'join'>,
  stored: MlsGroupRow | undefined,
): Promise<Result<Progress, CallFault>> {
  if (stored !== undefined) {
    await session.store.offlineOperations.delete(operation.id);
    return ok('done');
  }
  const behind = await lookBehind(session, wanted);
  if (!behind.ok) {
    const { error } = behind;
    return error.retry === 'now' ? err(error as CallFault) : fail(session, operation, error.code);
  }
  const { info, epoch } = behind.value;
  const staged = await stageArrival(wanted.groupId as GroupId, info, session.identity, session.clock.now());
  if (!staged.ok) {
    const isOut = staged.error.detail === 'removed-since';
    return fail(session, operation, isOut ? 'removed-before' : reasonOf(staged.error));
  }
  return stageComing(session, operation, staged.value, { through: Uint8Array.from(wanted.token), streamEpoch: epoch });
}

async function fail(
  { store }: Session,
  operation: OfflineOperationRow,
  code: string,
): Promise<Result<Progress, CallFault>> {
  await store.tx('rw', outboxTables, () => recordFailed(store, operation, code));
  return ok('done');
}
