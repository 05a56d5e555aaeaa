import type { Extension, PrivateMessage, Proposal } from 'ts-mls';
import { processPrivateMessage } from 'ts-mls/processMessages.js';
import { emptyPskIndex } from 'ts-mls/pskIndex.js';
import { equal } from '../../core/bytes.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { configAt } from './config.ts';
import { isReturn } from './entryKinds.ts';
import { processExternal } from './external.ts';
import { askLibrary, mlsFault, type MlsFault } from './fault.ts';
import { callState, epochOf, groupOf, isActive, stateOf, type MlsGroup } from './group.ts';
import { privateMessageFromBytes } from './messages.ts';
import { algorithmsOf } from './suite.ts';
import { judgeTransition, type ProcessedCommit } from './transition.ts';

/**
 * Applies another member's commit (RFC 9420 §12.4.2), or one from outside: of a device that comes back, or of somebody who comes by the link. `group` stays as it is, whatever comes out.
 * @returns `malformed`, `unsupported-version`, `wrong-epoch`, `tampered`, `policy-rejected`,
 *   `bad-certificate`, `forked`, `self-removed`, `invalid`.
 */
export async function processCommit(
  group: MlsGroup,
  bytes: Uint8Array,
  now: number,
): Promise<Result<ProcessedCommit, MlsFault>> {
  if (!isActive(group)) return err(mlsFault('self-removed'));
  if (isReturn(bytes)) return processExternal(group, bytes, now);
  const message = privateMessageFromBytes(bytes);
  if (!message.ok) return message;
  const addressed = isForEpoch(group, message.value);
  if (!addressed.ok) return addressed;

  const state = stateOf(group);
  const { config, refusedCertificate } = configAt(now);
  const cipherSuite = await algorithmsOf(state.groupContext.cipherSuite);
  const seen: { committer?: number; proposals: Proposal[] } = { proposals: [] };
  const done = await askLibrary(() =>
    processPrivateMessage(callState(group, config), message.value, emptyPskIndex, cipherSuite, (incoming) => {
      if (incoming.kind !== 'commit') return 'reject';
      if (incoming.senderLeafIndex !== undefined) seen.committer = incoming.senderLeafIndex;
      seen.proposals = incoming.proposals.map(({ proposal }) => proposal);
      return 'accept';
    }),
  );
  if (!done.ok) {
    if (refusedCertificate()) return err(mlsFault('bad-certificate', done.error.detail));
    // The committer wrote it, and what it proposes holds; only the new keys don't fit our state.
    const isOurs = seen.committer !== undefined && done.error.code === 'tampered';
    return isOurs ? err(mlsFault('forked', done.error.detail)) : done;
  }
  const { newState } = done.value;
  const selfRemoved = newState.groupActiveState.kind === 'removedFromGroup';
  const judged = judgeTransition(
    state,
    newState.ratchetTree,
    rewrittenExtensions(seen.proposals) ?? newState.groupContext.extensions,
    seen.committer ?? -1,
    seen.proposals,
    selfRemoved,
  );
  if (!judged.ok) return judged;
  return ok({ ...judged.value, selfRemoved, isReturn: false, next: groupOf(newState) });
}

function isForEpoch(group: MlsGroup, message: PrivateMessage): Result<void, MlsFault> {
  if (message.contentType !== 'commit') return err(mlsFault('policy-rejected', `content ${message.contentType}`));
  if (message.authenticatedData.length > 0) return err(mlsFault('policy-rejected', 'authenticated-data'));
  if (!equal(message.groupId, stateOf(group).groupContext.groupId)) return err(mlsFault('invalid', 'another group'));
  if (message.epoch === stateOf(group).groupContext.epoch) return ok(undefined);
  return err(mlsFault('wrong-epoch', `${message.epoch} ${epochOf(group)}`));
}

/** A removed device doesn't enter the new epoch, so for it they stand in the proposal only. */
function rewrittenExtensions(proposals: readonly Proposal[]): Extension[] | undefined {
  const rewrite = proposals.find((p) => p.proposalType === 'group_context_extensions');
  return rewrite !== undefined && 'groupContextExtensions' in rewrite
    ? rewrite.groupContextExtensions.extensions
    : undefined;
}
