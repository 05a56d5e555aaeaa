import type { GroupInfo } from 'ts-mls';
import { equal } from '../../core/bytes.ts';
import { bytesFromId, type GroupId } from '../../core/ids.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { judgeLeap, judgeState } from '../../domain/commitPolicy.ts';
import { entryOf } from '../../domain/groupData.ts';
import type { NameCard } from '../../protocol/certificate.ts';
import { membersOfInfo, stageExternal } from './external.ts';
import { mlsFault, type MlsFault } from './fault.ts';
import {
  dataOf,
  epochOf,
  extensionOfContext,
  isNumberedAsOurs,
  stateOf,
  suiteOf,
  withMembers,
  type MlsGroup,
  type MlsIdentity,
} from './group.ts';
import { readGroupInfo } from './groupInfo.ts';
import { idOfSuite, isSuite } from './suite.ts';
import type { StagedCommit } from './transition.ts';

/**
 * Prepares the commit with which this device comes back to a group that it is in but can't follow any more
 * (RFC 9420 §12.4.3.2): its old leaf goes, a new one with new keys comes. `info` is believed only as far
 * as {@link judgeLeap} goes.
 * @param known the last state that this device had; without one `info` is believed like a welcome. @param info an unsealed GroupInfo.
 * @returns the staged commit, or `undefined` where `known` is the very state that `info` describes, so that
 *   nothing is lost. Faults: `malformed`, `tampered`, `policy-rejected`, `bad-certificate`, `wrong-epoch`
 *   (older than `known`), `unsupported-version`, `self-removed`, `invalid`.
 */
export async function stageReturn(
  groupId: GroupId,
  known: MlsGroup | undefined,
  info: Uint8Array,
  identity: MlsIdentity & { readonly card: NameCard },
  now: number,
): Promise<Result<StagedCommit | undefined, MlsFault>> {
  const read = readGroupInfo(info);
  if (!read.ok) return read;
  const groupInfo = read.value;
  const { groupContext } = groupInfo;
  if (!equal(groupContext.groupId, bytesFromId(groupId))) return err(mlsFault('invalid', 'another group'));
  if (!isNumberedAsOurs(groupContext)) return err(mlsFault('policy-rejected', 'epoch'));
  const suite = idOfSuite(groupContext.cipherSuite);
  if (!isSuite(suite) || (known !== undefined && suite !== suiteOf(known))) {
    return err(mlsFault('policy-rejected', 'suite'));
  }
  if (known !== undefined && Number(groupContext.epoch) < epochOf(known)) {
    return err(mlsFault('wrong-epoch', `${groupContext.epoch} ${epochOf(known)}`));
  }
  if (known !== undefined && isSameEpoch(groupInfo, known)) return ok(undefined);
  const judged = judgeVouched(known, groupInfo, identity);
  if (!judged.ok) return judged;
  // The library looks for the old leaf by this key, and before our patch never came back without one.
  return stageExternal(groupInfo, identity, { resync: true, card: judged.value ? undefined : identity.card }, now);
}

/** Whether both are the same epoch of the same history. */
function isSameEpoch(info: GroupInfo, known: MlsGroup): boolean {
  const { groupContext, confirmationTag } = stateOf(known);
  return (
    info.groupContext.epoch === groupContext.epoch &&
    equal(info.groupContext.confirmedTranscriptHash, groupContext.confirmedTranscriptHash) &&
    equal(info.groupContext.treeHash, groupContext.treeHash) &&
    equal(info.confirmationTag, confirmationTag)
  );
}

/**
 * The library checks signature, tree and certificates; here is checked what the signer may say at all.
 * @returns whether the roster as it is written has this account.
 */
function judgeVouched(known: MlsGroup | undefined, info: GroupInfo, identity: MlsIdentity): Result<boolean, MlsFault> {
  const is = extensionOfContext(info.groupContext);
  if (!is.ok) return is;
  if (is.value.data.infoKey === undefined) return err(mlsFault('policy-rejected', 'info-key-kept'));
  const members = membersOfInfo(info);
  if (!members.ok) return members;
  const signer = members.value.find((member) => member.leaf === info.signer);
  if (signer === undefined) return err(mlsFault('tampered', 'signer'));
  const own = members.value.find((member) => equal(member.signaturePublic, identity.signaturePublic));
  if (own === undefined) return err(mlsFault('self-removed'));
  const { data } = withMembers(is.value, members.value);
  const accounts = members.value.map((member) => member.account);
  const verdict =
    known === undefined ? judgeState(data, accounts) : judgeLeap(dataOf(known), data, signer.account, accounts);
  if (!verdict.ok) return err(mlsFault('policy-rejected', verdict.error.detail));
  return ok(entryOf(is.value.data, own.account) !== undefined);
}
