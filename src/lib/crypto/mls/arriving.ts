import { equal } from '../../core/bytes.ts';
import { bytesFromId, type AccountId, type GroupId } from '../../core/ids.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { judgeArrival } from '../../domain/commitPolicy.ts';
import { withArrivals, type GroupData } from '../../domain/groupData.ts';
import type { NameCard } from '../../protocol/certificate.ts';
import { membersOfInfo, stageExternal } from './external.ts';
import { mlsFault, type MlsFault } from './fault.ts';
import { extensionOfContext, isNumberedAsOurs, withMembers, type MlsIdentity } from './group.ts';
import { readGroupInfo } from './groupInfo.ts';
import { idOfSuite, isSuite } from './suite.ts';
import type { StagedCommit } from './transition.ts';

/** Who comes, with the name that they will have in the group. */
export type Comer = MlsIdentity & { readonly account: AccountId; readonly card: NameCard };

/**
 * Prepares the commit with which somebody comes into a group by its link (RFC 9420 §12.4.3.2). `info` is
 * believed like a welcome.
 * @param info an unsealed GroupInfo.
 * @returns `malformed`, `tampered`, `policy-rejected` with the rule, `bad-certificate`, `unsupported-version`,
 *   `invalid`.
 */
export async function stageArrival(
  groupId: GroupId,
  info: Uint8Array,
  identity: Comer,
  now: number,
): Promise<Result<StagedCommit, MlsFault>> {
  const read = readGroupInfo(info);
  if (!read.ok) return read;
  const { groupContext } = read.value;
  if (!equal(groupContext.groupId, bytesFromId(groupId))) return err(mlsFault('invalid', 'another group'));
  if (!isNumberedAsOurs(groupContext)) return err(mlsFault('policy-rejected', 'epoch'));
  if (!isSuite(idOfSuite(groupContext.cipherSuite))) return err(mlsFault('unsupported-version', 'suite'));
  const members = membersOfInfo(read.value);
  if (!members.ok) return members;
  const is = dataOfInfo(info);
  if (!is.ok) return is;
  const { account, card } = identity;
  const accounts = [...members.value.map((member) => member.account), account];
  const after = withArrivals(is.value, [{ account, ...card }]);
  const verdict = judgeArrival(['external_init'], is.value, after, account, accounts);
  if (!verdict.ok) return err(mlsFault('policy-rejected', verdict.error.detail));
  return stageExternal(read.value, identity, { resync: false, card }, now);
}

/** What a GroupInfo says about its group, as far as it can be read; it vouches for nothing. */
export function dataOfInfo(info: Uint8Array): Result<GroupData, MlsFault> {
  const read = readGroupInfo(info);
  if (!read.ok) return read;
  const extension = extensionOfContext(read.value.groupContext);
  if (!extension.ok) return extension;
  const members = membersOfInfo(read.value);
  return members.ok ? ok(withMembers(extension.value, members.value).data) : members;
}
