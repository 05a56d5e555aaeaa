import * as v from 'valibot';
import { concat, utf8, type Bytes } from '../../core/bytes.ts';
import { bytesFromId, idFromBytes, type DeviceId, type GroupId } from '../../core/ids.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { roles, type Role } from '../../domain/roles.ts';
import { bytes, bytesUpTo, deviceId } from '../../protocol/fields.ts';
import { limits } from '../../protocol/limits.ts';
import { cborFromValue, valueFromCbor } from '../../protocol/wire.ts';
import { ed25519 } from '../primitives.ts';
import { ANSWER, PLEA } from './entryKinds.ts';
import { askLibrary, mlsFault, type MlsFault } from './fault.ts';
import { groupIdOf, membersOf, stateOf, type MlsGroup, type MlsIdentity, type MlsMember } from './group.ts';
import { algorithmsOf, type SuiteId } from './suite.ts';

/**
 * A device that can neither follow its group nor open what the relay keeps for it asks the others: it signs
 * a fresh public key with the key of its leaf, and whoever has the role that it asks for answers with the
 * GroupInfo, sealed to that key. A plea names nobody; it shows the relay that some device lost its state.
 */
export async function createPlea(
  identity: MlsIdentity & { readonly device: DeviceId },
  groupId: GroupId,
  role: Role,
  suite: SuiteId,
): Promise<{ readonly plea: Bytes; readonly privateKey: Bytes }> {
  const { hpke } = await algorithmsOf(suite);
  const pair = await hpke.generateKeyPair();
  const key = Uint8Array.from(await hpke.exportPublicKey(pair.publicKey));
  const fields = { v: 1, device: identity.device, role, key };
  const signature = ed25519.sign(toSign(groupId, fields), identity.signaturePrivate);
  return {
    plea: concat(PLEA, cborFromValue({ ...fields, signature })),
    privateKey: Uint8Array.from(await hpke.exportPrivateKey(pair.privateKey)),
  };
}

export interface ReadPlea {
  readonly member: MlsMember;
  /** Least role that may answer. */
  readonly role: Role;
  readonly key: Bytes;
}

/** @returns `malformed`, `tampered` (not signed by a device of the group). */
export function readPlea(payload: Uint8Array, group: MlsGroup): Result<ReadPlea, MlsFault> {
  const decoded = valueFromCbor(pleaSchema, payload.subarray(1), PLEA_LIMIT);
  if (!decoded.ok) return err(mlsFault('malformed', 'plea'));
  const { signature, ...fields } = decoded.value;
  const member = membersOf(group).find(({ device }) => device === fields.device);
  if (member === undefined || !ed25519.verify(signature, toSign(groupIdOf(group), fields), member.signaturePublic)) {
    return err(mlsFault('tampered', 'plea'));
  }
  return ok({ member, role: fields.role, key: Uint8Array.from(fields.key) });
}

/** Seals a GroupInfo to the key of a plea, for the mailbox of the device that asked. */
export async function sealToPlea(group: MlsGroup, key: Uint8Array, info: Uint8Array): Promise<Bytes> {
  const { groupId, cipherSuite } = stateOf(group).groupContext;
  const { hpke } = await algorithmsOf(cipherSuite);
  const { ct, enc } = await hpke.seal(await hpke.importPublicKey(key), info, ANSWER_LABEL, groupId);
  const group16 = Uint8Array.from(groupId);
  return concat(ANSWER, cborFromValue({ v: 1, group: group16, enc, ct }));
}

/** The group that an answer is about, as it says. @returns `malformed`. */
export function groupOfAnswer(payload: Uint8Array): Result<GroupId, MlsFault> {
  const decoded = decodeAnswer(payload);
  return decoded.ok ? ok(idFromBytes<GroupId>(decoded.value.group)) : decoded;
}

/** The GroupInfo in an answer. @returns `malformed`, `tampered` where it was sealed to another key. */
export async function openAnswer(
  payload: Uint8Array,
  privateKey: Uint8Array,
  suite: SuiteId,
): Promise<Result<Bytes, MlsFault>> {
  const decoded = decodeAnswer(payload);
  if (!decoded.ok) return decoded;
  const { group, enc, ct } = decoded.value;
  const { hpke } = await algorithmsOf(suite);
  const opened = await askLibrary(async () => {
    return hpke.open(await hpke.importPrivateKey(privateKey), enc, ct, ANSWER_LABEL, group);
  });
  return opened.ok ? ok(Uint8Array.from(opened.value)) : opened;
}

const ANSWER_LABEL = utf8('cairn/1 answer');
const PLEA_LIMIT = 8192;

const fields = { v: v.literal(1), device: deviceId, role: v.picklist(roles), key: bytesUpTo(4096) };
const pleaSchema = v.strictObject({ ...fields, signature: bytes(64) });
const answerSchema = v.strictObject({
  v: v.literal(1),
  group: bytes(16),
  enc: bytesUpTo(4096),
  ct: bytesUpTo(limits.entry),
});

const decodeAnswer = (payload: Uint8Array): Result<v.InferOutput<typeof answerSchema>, MlsFault> => {
  const decoded = valueFromCbor(answerSchema, payload.subarray(1), limits.entry);
  return decoded.ok ? decoded : err(mlsFault('malformed', 'answer'));
};

/** `"cairn/1 plea" ‖ 0 ‖ group id (16) ‖ CBOR of the fields`. */
const toSign = (groupId: GroupId, plea: object): Bytes =>
  concat(utf8('cairn/1 plea\0'), bytesFromId(groupId), cborFromValue(plea));
