import type { GroupInfo, Proposal, PublicMessage } from 'ts-mls';
import { joinGroupExternal } from 'ts-mls/createCommit.js';
import { ratchetTreeFromExtension } from 'ts-mls/groupInfo.js';
import { decodeMlsMessage, encodeMlsMessage } from 'ts-mls/message.js';
import { processPublicMessage } from 'ts-mls/processMessages.js';
import { emptyPskIndex } from 'ts-mls/pskIndex.js';
import { equal, type Bytes } from '../../core/bytes.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { NameCard } from '../../protocol/certificate.ts';
import { KEY_PACKAGE_LIFETIME_MS } from '../../protocol/limits.ts';
import { configAt } from './config.ts';
import { askLibrary, mlsFault, type MlsFault } from './fault.ts';
import {
  callState,
  dataOf,
  epochOf,
  groupOf,
  membersOf,
  membersOfTree,
  stateOf,
  type MlsGroup,
  type MlsIdentity,
  type MlsMember,
} from './group.ts';
import { openReturn, sealReturn } from './groupInfo.ts';
import { generatePair, KEY_PACKAGE_SKEW_MS } from './keyPackages.ts';
import { strictly } from './messages.ts';
import { algorithmsOf, idOfSuite, isSuite } from './suite.ts';
import { checkMembers, judgeComing, judgeReturn, type ProcessedCommit, type StagedCommit } from './transition.ts';

/**
 * Makes a commit from outside (RFC 9420 §12.4.3.2), sealed under the info key of the group. The caller has
 * judged what the GroupInfo says.
 * @param as.resync whether the old leaf of this device goes with it.
 * @param as.card the name that the new leaf brings, where the roster does not have it.
 */
export async function stageExternal(
  groupInfo: GroupInfo,
  identity: MlsIdentity,
  as: { readonly resync: boolean; readonly card: NameCard | undefined },
  now: number,
): Promise<Result<StagedCommit, MlsFault>> {
  const suite = idOfSuite(groupInfo.groupContext.cipherSuite);
  if (!isSuite(suite)) return err(mlsFault('policy-rejected', 'suite'));
  const notBefore = Math.floor((now - KEY_PACKAGE_SKEW_MS) / 1000);
  const lifetime = { notBefore, notAfter: notBefore + KEY_PACKAGE_LIFETIME_MS / 1000 };
  const pair = await generatePair(identity, suite, lifetime, false, as.card);
  const { config, refusedCertificate } = configAt(now);
  const algorithms = await algorithmsOf(suite);
  const made = await askLibrary(() =>
    joinGroupExternal(groupInfo, pair.publicPackage, pair.privatePackage, as.resync, algorithms, undefined, config),
  );
  if (!made.ok) return refusedCertificate() ? err(mlsFault('bad-certificate', made.error.detail)) : made;
  const next = groupOf(made.value.newState);
  const structure = checkMembers(dataOf(next), membersOf(next));
  if (!structure.ok) return structure;
  const message = encodeMlsMessage({
    version: 'mls10',
    wireformat: 'mls_public_message',
    publicMessage: made.value.publicMessage,
  });
  return ok({ commit: await sealReturn(next, message), welcome: undefined, next });
}

/**
 * Applies a commit from outside: of a device that comes back, or of somebody who comes by the link. `group`
 * stays as it is, whatever comes out.
 * @param payload as {@link stageExternal} sealed it. @returns as `processCommit`.
 */
export async function processExternal(
  group: MlsGroup,
  payload: Uint8Array,
  now: number,
): Promise<Result<ProcessedCommit, MlsFault>> {
  const opened = openReturn(group, payload);
  if (!opened.ok) return opened;
  const message = publicMessageFromBytes(opened.value);
  if (!message.ok) return message;
  const { content } = message.value;
  const state = stateOf(group);
  if (message.value.senderType !== 'new_member_commit' || content.contentType !== 'commit') {
    return err(mlsFault('policy-rejected', 'sender'));
  }
  if (content.authenticatedData.length > 0) return err(mlsFault('policy-rejected', 'authenticated-data'));
  if (!equal(content.groupId, state.groupContext.groupId)) return err(mlsFault('invalid', 'another group'));
  if (content.epoch !== state.groupContext.epoch) {
    return err(mlsFault('wrong-epoch', `${content.epoch} ${epochOf(group)}`));
  }
  const { config, refusedCertificate } = configAt(now);
  const algorithms = await algorithmsOf(state.groupContext.cipherSuite);
  const seen: { proposals: Proposal[] } = { proposals: [] };
  const done = await askLibrary(() =>
    processPublicMessage(callState(group, config), message.value, emptyPskIndex, algorithms, (incoming) => {
      if (incoming.kind !== 'commit') return 'reject';
      seen.proposals = incoming.proposals.map(({ proposal }) => proposal);
      return 'accept';
    }),
  );
  if (!done.ok) return refusedCertificate() ? err(mlsFault('bad-certificate', done.error.detail)) : done;
  const { newState } = done.value;
  const isReturn = seen.proposals.some((proposal) => proposal.proposalType === 'remove');
  const judge = isReturn ? judgeReturn : judgeComing;
  const judged = judge(state, newState.ratchetTree, newState.groupContext.extensions, seen.proposals);
  if (!judged.ok) return judged;
  return ok({ ...judged.value, selfRemoved: false, isReturn, next: groupOf(newState) });
}

/** The leaves in a GroupInfo that nobody has looked at yet. */
export function membersOfInfo(info: GroupInfo): Result<MlsMember[], MlsFault> {
  const tree = ratchetTreeFromExtension(info);
  if (tree === undefined) return err(mlsFault('malformed', 'tree'));
  try {
    return ok(membersOfTree(tree));
  } catch {
    // The tree is not validated yet: a leaf may hold anything.
    return err(mlsFault('bad-certificate', 'leaf'));
  }
}

function publicMessageFromBytes(bytes: Bytes): Result<PublicMessage, MlsFault> {
  const message = strictly(() => decodeMlsMessage(bytes, 0)?.[0], encodeMlsMessage, bytes);
  if (!message.ok) return message;
  return message.value.wireformat === 'mls_public_message'
    ? ok(message.value.publicMessage)
    : err(mlsFault('malformed', message.value.wireformat));
}
