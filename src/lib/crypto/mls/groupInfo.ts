import type { GroupInfo } from 'ts-mls';
import { createGroupInfoWithExternalPubAndRatchetTree } from 'ts-mls/createCommit.js';
import { decodeGroupInfo, encodeGroupInfo, ratchetTreeFromExtension } from 'ts-mls/groupInfo.js';
import { decodeRatchetTree, encodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { concat, utf8, type Bytes } from '../../core/bytes.ts';
import { bytesFromId, type GroupId } from '../../core/ids.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { hkdfSha256, xchachaOpen, xchachaSeal } from '../primitives.ts';
import { configAt } from './config.ts';
import { RETURN } from './entryKinds.ts';
import { mlsFault, type MlsFault } from './fault.ts';
import { callState, dataOf, extensionOfContext, stateOf, type MlsGroup } from './group.ts';
import { strictly } from './messages.ts';
import { algorithmsOf } from './suite.ts';

/**
 * What a member's device needs to come back alone after it lost its state: the signed GroupInfo of the
 * present epoch with the external key and the ratchet tree (RFC 9420 §12.4.3.2). It names everybody, so it
 * is kept on the relay only sealed under the group's info key, which members have and the relay does not.
 */
export async function sealGroupInfo(group: MlsGroup, now: number): Promise<Bytes | undefined> {
  if (dataOf(group).infoKey === undefined) return undefined;
  return sealFor(group, 'cairn/1 group info', await groupInfoBytes(group, now));
}

/** The same, unsealed: for one device alone, which gets it under a key of its own. */
export async function groupInfoBytes(group: MlsGroup, now: number): Promise<Bytes> {
  const cipherSuite = await algorithmsOf(stateOf(group).groupContext.cipherSuite);
  const state = callState(group, configAt(now).config);
  return Uint8Array.from(encodeGroupInfo(await createGroupInfoWithExternalPubAndRatchetTree(state, [], cipherSuite)));
}

/** A sealed GroupInfo of a group. @returns `tampered` where it is sealed under another key. */
export const openGroupInfo = (groupId: GroupId, infoKey: Uint8Array, sealed: Uint8Array): Result<Bytes, MlsFault> =>
  openUnder(infoKey, 'cairn/1 group info', bytesFromId(groupId), sealed);

/** The info key of the group that a GroupInfo is of, as it says. */
export function infoKeyIn(info: Uint8Array): Bytes | undefined {
  const read = readGroupInfo(info);
  const data = read.ok ? extensionOfContext(read.value.groupContext) : read;
  return data.ok ? data.value.data.infoKey : undefined;
}

/** Seals a commit from outside: MLS sends it in clear, and the relay need not see the tree. */
export const sealReturn = async (group: MlsGroup, commit: Uint8Array): Promise<Bytes> =>
  concat(RETURN, await sealFor(group, 'cairn/1 return', commit));

/** @returns `tampered` where it is not sealed under the key of `group`. */
export function openReturn(group: MlsGroup, payload: Uint8Array): Result<Bytes, MlsFault> {
  const { infoKey } = dataOf(group);
  if (infoKey === undefined) return err(mlsFault('tampered', 'info key'));
  return openUnder(infoKey, 'cairn/1 return', stateOf(group).groupContext.groupId, payload.subarray(1));
}

/** Decodes a GroupInfo strictly. @returns `malformed`. */
export function readGroupInfo(bytes: Uint8Array): Result<GroupInfo, MlsFault> {
  const info = strictly(() => decodeGroupInfo(bytes, 0)?.[0], encodeGroupInfo, bytes);
  if (!info.ok) return info;
  const [external, tree, ...others] = info.value.extensions;
  if (external?.extensionType !== 'external_pub' || tree?.extensionType !== 'ratchet_tree' || others.length > 0) {
    return err(mlsFault('policy-rejected', 'extensions'));
  }
  const readable = strictly(() => decodeRatchetTree(tree.extensionData, 0)?.[0], encodeRatchetTree, tree.extensionData);
  if (!readable.ok) return readable;
  return ratchetTreeFromExtension(info.value) === undefined ? err(mlsFault('malformed', 'tree')) : info;
}

const NONCE = 24;

async function sealFor(group: MlsGroup, label: string, plain: Uint8Array): Promise<Bytes> {
  const { infoKey } = dataOf(group);
  if (infoKey === undefined) throw new TypeError('a group without an info key');
  const { groupId, cipherSuite } = stateOf(group).groupContext;
  const nonce = Uint8Array.from((await algorithmsOf(cipherSuite)).rng.randomBytes(NONCE));
  return concat(nonce, xchachaSeal(keyFor(infoKey, label), nonce, groupId, plain));
}

function openUnder(key: Uint8Array, label: string, groupId: Uint8Array, sealed: Uint8Array): Result<Bytes, MlsFault> {
  const nonce = sealed.subarray(0, NONCE);
  if (nonce.length < NONCE) return err(mlsFault('malformed', 'too short'));
  const plain = xchachaOpen(keyFor(key, label), nonce, groupId, sealed.subarray(NONCE));
  return plain === undefined ? err(mlsFault('tampered', 'info key')) : ok(plain);
}

const keyFor = (infoKey: Uint8Array, label: string): Bytes => hkdfSha256(infoKey, new Uint8Array(), utf8(label), 32);
