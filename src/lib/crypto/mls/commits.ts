import type { Extension, Proposal } from 'ts-mls';
import { createCommit } from 'ts-mls/createCommit.js';
import { emptyPskIndex } from 'ts-mls/pskIndex.js';
import { encodeRequiredCapabilities } from 'ts-mls/requiredCapabilities.js';
import type { Bytes } from '../../core/bytes.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { AccountId } from '../../core/ids.ts';
import { isSameLink, removalsAfter, type GroupData } from '../../domain/groupData.ts';
import { configAt, GROUP_DATA_EXTENSION, requiredCapabilities } from './config.ts';
import { askLibrary, mlsFault, type MlsFault } from './fault.ts';
import { callState, dataOf, epochOf, groupOf, isActive, stateOf, suiteOf, type MlsGroup } from './group.ts';
import { bytesFromData, type DataExtension } from './groupDataCodec.ts';
import { readKeyPackage } from './keyPackages.ts';
import { verifiedLeavers } from './leaveNote.ts';
import { bytesFromMessage, bytesFromWelcome, keyPackageFromBytes } from './messages.ts';
import { algorithmsOf } from './suite.ts';
import { judgeTransition, type StagedCommit } from './transition.ts';

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

const INFO_KEY_BYTES = 32;

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
  const isRenewal = proposals.length === 0 && dataOf(group).infoKey !== undefined;
  const isOnlyAdding = proposals.length > 0 && proposals.every((p) => p.proposalType === 'add');
  if (change.data === undefined && left.length === 0 && (isRenewal || isOnlyAdding)) return ok(proposals);
  const leaving = verifiedLeavers(left, stateOf(group));
  if (!leaving.ok) return leaving;
  const data = await recorded(group, change.data ?? dataOf(group), (change.removes ?? []).length > 0, leaving.value);
  const extensions = extensionsOf({ data, left });
  if (!extensions.ok) return extensions;
  proposals.push({
    proposalType: 'group_context_extensions',
    groupContextExtensions: { extensions: extensions.value },
  });
  return ok(proposals);
}

/**
 * The group data with what every commit has to write down: who went, and another info key where somebody
 * did or the link is another one, so that they can't read what the group publishes for those who stay.
 */
async function recorded(
  group: MlsGroup,
  data: GroupData,
  isRemoval: boolean,
  leaving: readonly AccountId[],
): Promise<GroupData> {
  const before = dataOf(group);
  const { rng } = await algorithmsOf(stateOf(group).groupContext.cipherSuite);
  const { infoKey: _old, removed: _before, ...rest } = data;
  const removed = removalsAfter(before, data.roster, epochOf(group), leaving);
  const isOther = isRemoval || !isSameLink(before, data);
  const infoKey =
    isOther || before.infoKey === undefined ? Uint8Array.from(rng.randomBytes(INFO_KEY_BYTES)) : before.infoKey;
  return { ...rest, infoKey, ...(removed.length === 0 ? {} : { removed }) };
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
