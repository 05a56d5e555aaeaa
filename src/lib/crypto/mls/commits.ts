import {
  createCommit,
  emptyPskIndex,
  encodeRequiredCapabilities,
  processPrivateMessage,
  type Extension,
  type PrivateMessage,
  type Proposal,
} from 'ts-mls';
import { equal, type Bytes } from '../../core/bytes.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { GroupData } from '../../domain/groupData.ts';
import { configAt, GROUP_DATA_EXTENSION, requiredCapabilities } from './config.ts';
import { askLibrary, mlsFault, type MlsFault } from './fault.ts';
import {
  callState,
  dataOf,
  epochOf,
  groupOf,
  isActive,
  stateOf,
  suiteOf,
  type MlsGroup,
  type MlsMember,
} from './group.ts';
import { bytesFromData, type DataExtension } from './groupDataCodec.ts';
import { readKeyPackage } from './keyPackages.ts';
import { bytesFromMessage, bytesFromWelcome, keyPackageFromBytes, privateMessageFromBytes } from './messages.ts';
import { algorithmsOf } from './suite.ts';
import { judgeTransition } from './transition.ts';

/** What a commit is to change. Nothing at all is a change too: it renews this device's keys. */
export interface Change {
  /** KeyPackages of devices to add, as the relay handed them out. */
  readonly adds?: readonly Bytes[];
  /** Leaves to remove. */
  readonly removes?: readonly number[];
  /** The group data afterwards; needed whenever an account comes or goes. */
  readonly data?: GroupData;
  /** Leave notes of accounts whose leaves are all in `removes`. */
  readonly leaveNotes?: readonly Bytes[];
}

export interface StagedCommit {
  /** For the group's stream on the relay: an MLS PrivateMessage. */
  readonly commit: Bytes;
  /** For the mailboxes of the added devices, once the relay has accepted the commit. */
  readonly welcome: Bytes | undefined;
  readonly next: MlsGroup;
}

/**
 * Prepares a commit (RFC 9420 §12.4.1). The caller adopts `next` only after the relay accepted the
 * commit, and drops it otherwise; `group` stays as it is.
 * @param now milliseconds, for the lifetimes of the added packages.
 * @returns what {@link readKeyPackage} refuses, `policy-rejected`, `self-removed`.
 */
export async function stageCommit(
  group: MlsGroup,
  change: Change,
  now: number,
): Promise<Result<StagedCommit, MlsFault>> {
  if (!isActive(group)) return err(mlsFault('self-removed'));
  const proposals = await proposalsOf(group, change, now);
  if (!proposals.ok) return proposals;
  const state = stateOf(group);
  const { config, refusedCertificate } = configAt(now);
  const cipherSuite = await algorithmsOf(state.groupContext.cipherSuite);
  const made = await askLibrary(() =>
    createCommit(
      { state: callState(group, config), cipherSuite, pskIndex: emptyPskIndex },
      { extraProposals: proposals.value, ratchetTreeExtension: true },
    ),
  );
  if (!made.ok) return refusedCertificate() ? err(mlsFault('bad-certificate', made.error.detail)) : made;
  const { newState, commit, welcome } = made.value;
  const judged = judgeTransition(
    state,
    newState.ratchetTree,
    newState.groupContext.extensions,
    state.privatePath.leafIndex,
    proposals.value,
  );
  if (!judged.ok) return judged;
  return ok({
    commit: bytesFromMessage(commit),
    welcome: welcome === undefined ? undefined : bytesFromWelcome(welcome),
    next: groupOf(newState),
  });
}

async function proposalsOf(group: MlsGroup, change: Change, now: number): Promise<Result<Proposal[], MlsFault>> {
  const proposals: Proposal[] = [];
  for (const removed of change.removes ?? []) {
    if (!isLeafOf(group, removed)) return err(mlsFault('invalid', 'no such leaf'));
    proposals.push({ proposalType: 'remove', remove: { removed } });
  }
  for (const bytes of change.adds ?? []) {
    const checked = await readKeyPackage(bytes, now);
    if (!checked.ok) return checked;
    if (checked.value.suite !== suiteOf(group)) return err(mlsFault('unsupported-version', 'suite of another group'));
    const keyPackage = keyPackageFromBytes(bytes);
    if (!keyPackage.ok) return keyPackage;
    proposals.push({ proposalType: 'add', add: { keyPackage: keyPackage.value } });
  }
  const left = change.leaveNotes ?? [];
  if (change.data === undefined && left.length === 0) return ok(proposals);
  const extensions = extensionsOf({ data: change.data ?? dataOf(group), left });
  if (!extensions.ok) return extensions;
  proposals.push({
    proposalType: 'group_context_extensions',
    groupContextExtensions: { extensions: extensions.value },
  });
  return ok(proposals);
}

const isLeafOf = (group: MlsGroup, leaf: number): boolean => stateOf(group).ratchetTree[2 * leaf]?.nodeType === 'leaf';

/** The extensions of our groups' GroupContext: what members must understand, and the group data. */
export function extensionsOf(data: DataExtension): Result<Extension[], MlsFault> {
  const encoded = bytesFromData(data);
  if (!encoded.ok) return err(mlsFault('malformed', `group data: ${encoded.error.detail ?? ''}`));
  return ok([
    { extensionType: 'required_capabilities', extensionData: encodeRequiredCapabilities(requiredCapabilities) },
    { extensionType: GROUP_DATA_EXTENSION, extensionData: encoded.value },
  ]);
}

export interface ProcessedCommit {
  readonly next: MlsGroup;
  readonly committer: MlsMember;
  readonly added: MlsMember[];
  readonly removed: MlsMember[];
  /** This device is out; `next` is inactive and stays in the old epoch. */
  readonly selfRemoved: boolean;
  readonly before: GroupData;
  readonly after: GroupData;
}

/**
 * Applies another member's commit (RFC 9420 §12.4.2). `group` stays as it is, whatever comes out.
 * @returns `malformed`, `unsupported-version`, `wrong-epoch`, `tampered`, `policy-rejected`,
 *   `bad-certificate`, `forked`, `self-removed`, `invalid`.
 */
export async function processCommit(
  group: MlsGroup,
  bytes: Uint8Array,
  now: number,
): Promise<Result<ProcessedCommit, MlsFault>> {
  if (!isActive(group)) return err(mlsFault('self-removed'));
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
  if (!done.ok) return refusedCertificate() ? err(mlsFault('bad-certificate', done.error.detail)) : done;
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
  return ok({ ...judged.value, selfRemoved, next: groupOf(newState) });
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
