import * as v from 'valibot';
import { decodeGroupState, encodeGroupState } from 'ts-mls/clientState.js';
import type { RatchetTree } from 'ts-mls';
import { equal, type Bytes } from '../../core/bytes.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { bytesUpTo } from '../../protocol/fields.ts';
import { cborFromValue, valueFromCbor } from '../../protocol/wire.ts';
import { mlsFault, type MlsFault } from './fault.ts';
import {
  extensionOfContext,
  groupOf,
  membersOfTree,
  stateOf,
  type MlsGroup,
  type MlsIdentity,
  type MlsMember,
} from './group.ts';
import { strictly } from './messages.ts';

const LIMIT = 64 * 1024 * 1024;
const schema = v.strictObject({ v: v.literal(1), state: bytesUpTo(LIMIT) });

/** The state for the store, which seals it: full of secrets, but without the device's signature key. */
export function groupToBytes(group: MlsGroup): Bytes {
  const state = encodeGroupState({ ...stateOf(group), signaturePrivateKey: new Uint8Array() });
  return cborFromValue({ v: 1, state });
}

/** Refused as `malformed`: anything {@link groupToBytes} would not have written for a device of this identity. */
export function groupFromBytes(bytes: Uint8Array, identity: MlsIdentity): Result<MlsGroup, MlsFault> {
  const outer = valueFromCbor(schema, bytes, LIMIT);
  if (!outer.ok) return err(mlsFault('malformed', 'group state'));
  const decoded = strictly(() => decodeGroupState(outer.value.state, 0)?.[0], encodeGroupState, outer.value.state);
  if (!decoded.ok) return decoded;
  const data = extensionOfContext(decoded.value.groupContext);
  if (!data.ok) return data;
  const { leafIndex } = decoded.value.privatePath;
  const members = readMembers(decoded.value.ratchetTree);
  if (!members.ok) return members;
  const own = members.value.find((member) => member.leaf === leafIndex);
  const isOut = decoded.value.groupActiveState.kind !== 'active';
  if (!isOut && (own === undefined || !equal(own.signaturePublic, identity.signaturePublic))) {
    return err(mlsFault('malformed', 'group state of another device'));
  }
  return ok(groupOf({ ...decoded.value, signaturePrivateKey: identity.signaturePrivate }));
}

function readMembers(tree: RatchetTree): Result<MlsMember[], MlsFault> {
  try {
    return ok(membersOfTree(tree));
  } catch {
    // Nobody has looked at these leaves since they were stored: one may hold anything.
    return err(mlsFault('malformed', 'leaf'));
  }
}
