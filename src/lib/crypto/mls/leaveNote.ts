import * as v from 'valibot';
import type { GroupState, LeafNode } from 'ts-mls';
import { encodeLeafNode } from 'ts-mls/leafNode.js';
import { concat, utf8, type Bytes } from '../../core/bytes.ts';
import type { AccountId } from '../../core/ids.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { bytes, natural } from '../../protocol/fields.ts';
import { cborFromValue, valueFromCbor } from '../../protocol/wire.ts';
import { ed25519, sha256 } from '../primitives.ts';
import { mlsFault, type MlsFault } from './fault.ts';
import { membersOfTree, ownLeafOf, stateOf, type MlsGroup, type MlsIdentity } from './group.ts';

/**
 * Leaving a group. MLS lets nobody remove themselves, so a device signs a note that its account leaves,
 * sends it as a record, and any member commits the removal of all the account's leaves with the note in
 * the group data, where every member checks it. The note is bound to the group and to the device's leaf
 * as it stands: it lapses when that leaf changes, so nobody can use it again after a return.
 */
export function createLeaveNote(group: MlsGroup, identity: MlsIdentity): Bytes {
  const leaf = ownLeafOf(group);
  const signed = toSign(stateOf(group), leaf);
  if (signed === undefined) throw new TypeError('this device is not in the group');
  return cborFromValue({ v: 1, leaf, signature: ed25519.sign(signed, identity.signaturePrivate) });
}

const schema = v.strictObject({ v: v.literal(1), leaf: natural, signature: bytes(64) });

/**
 * The accounts that leave by these notes, one for each note.
 * @param state before the commit. @returns `policy-rejected` with `leave-note` where one isn't valid.
 */
export function verifiedLeavers(notes: readonly Uint8Array[], state: GroupState): Result<AccountId[], MlsFault> {
  const members = membersOfTree(state.ratchetTree);
  const leavers: AccountId[] = [];
  for (const note of notes) {
    const decoded = valueFromCbor(schema, note, 128);
    const member = decoded.ok ? members.find(({ leaf }) => leaf === decoded.value.leaf) : undefined;
    const signed = member === undefined ? undefined : toSign(state, member.leaf);
    if (!decoded.ok || member === undefined || signed === undefined)
      return err(mlsFault('policy-rejected', 'leave-note'));
    if (!ed25519.verify(decoded.value.signature, signed, member.signaturePublic)) {
      return err(mlsFault('policy-rejected', 'leave-note'));
    }
    leavers.push(member.account);
  }
  return ok(leavers);
}

/** `"cairn/1 leave" ‖ 0 ‖ group id (16) ‖ SHA-256(LeafNode)`. */
function toSign(state: GroupState, leaf: number): Bytes | undefined {
  const leafNode = leafNodeAt(state, leaf);
  if (leafNode === undefined) return undefined;
  return concat(utf8('cairn/1 leave\0'), state.groupContext.groupId, sha256(encodeLeafNode(leafNode)));
}

function leafNodeAt(state: GroupState, leaf: number): LeafNode | undefined {
  const node = state.ratchetTree[2 * leaf];
  return node?.nodeType === 'leaf' ? node.leaf : undefined;
}
