import type { ClientConfig, ClientState, GroupContext, GroupState, LeafNode, RatchetTree } from 'ts-mls';
import { type Bytes } from '../../core/bytes.ts';
import { ID_BYTES, idFromBytes, type AccountId, type DeviceId, type GroupId } from '../../core/ids.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { withArrivals, type GroupData } from '../../domain/groupData.ts';
import { certificateFromBytes, type Certificate, type NameCard } from '../../protocol/certificate.ts';
import { accountIdOf } from '../identity.ts';
import { sha256 } from '../primitives.ts';
import { GROUP_DATA_EXTENSION, NAME_CARD_EXTENSION } from './config.ts';
import { mlsFault, type MlsFault } from './fault.ts';
import { dataFromBytes, type DataExtension } from './groupDataCodec.ts';
import { cardFromBytes } from './nameCard.ts';
import { idOfSuite } from './suite.ts';

declare const opaque: unique symbol;

/** This device's state of one MLS group in one epoch. A value: every step gives a new one. */
export interface MlsGroup {
  readonly [opaque]: 'MlsGroup';
}

/** What this device is to MLS: its certificate (encoded) and the signature key pair that it names. */
export interface MlsIdentity {
  readonly certificate: Bytes;
  readonly signaturePublic: Bytes;
  readonly signaturePrivate: Bytes;
}

/** One device in a group. */
export interface MlsMember {
  readonly leaf: number;
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly signaturePublic: Bytes;
  readonly certificate: Certificate;
  /** The name that a leaf brings which came by the link. */
  readonly card?: NameCard;
}

export const groupIdOf = (group: MlsGroup): GroupId => idFromBytes<GroupId>(contextOf(group).groupId);

export const epochOf = (group: MlsGroup): number => Number(contextOf(group).epoch);

/** The IANA number of the group's cipher suite. */
export const suiteOf = (group: MlsGroup): number => idOfSuite(contextOf(group).cipherSuite);

/** SHA-256 of the epoch authenticator (RFC 9420 §8.7): two members whose epochs differ have another one. */
export const authenticatorHashOf = (group: MlsGroup): Bytes => sha256(stateOf(group).keySchedule.epochAuthenticator);

export const ownLeafOf = (group: MlsGroup): number => stateOf(group).privatePath.leafIndex;

/** False once a commit has removed this device. */
export const isActive = (group: MlsGroup): boolean => stateOf(group).groupActiveState.kind === 'active';

/** All devices of the group in the order of their leaves. */
export const membersOf = (group: MlsGroup): MlsMember[] => membersOfTree(stateOf(group).ratchetTree);

/** What the group says about itself. */
export const dataOf = (group: MlsGroup): GroupData => extensionOf(group).data;

/** What the group seals its GroupInfo with; see groupInfo.ts. */
export const infoKeyOf = (group: MlsGroup): Bytes | undefined => dataOf(group).infoKey;

export function extensionOf(group: MlsGroup): DataExtension {
  const read = extensionOfContext(contextOf(group));
  if (!read.ok) throw new TypeError('a group without readable data was let in');
  return read.value.data.link === undefined ? read.value : withMembers(read.value, membersOf(group));
}

/** Group data as it stands for a tree: with those who came by the link and are not written down yet. */
export function withMembers(extension: DataExtension, members: readonly MlsMember[]): DataExtension {
  if (extension.data.link === undefined) return extension;
  const arrivals = members.flatMap(({ account, card }) => (card === undefined ? [] : [{ account, ...card }]));
  return { ...extension, data: withArrivals(extension.data, arrivals) };
}

/** The group data in a GroupContext that has exactly the extensions that ours have. */
export function extensionOfContext(context: Pick<GroupContext, 'extensions'>): Result<DataExtension, MlsFault> {
  const [required, data, ...others] = context.extensions;
  if (required?.extensionType !== 'required_capabilities' || data?.extensionType !== GROUP_DATA_EXTENSION) {
    return err(mlsFault('policy-rejected', 'extensions'));
  }
  if (others.length > 0) return err(mlsFault('policy-rejected', 'extensions'));
  const decoded = dataFromBytes(data.extensionData);
  return decoded.ok ? ok(decoded.value) : err(mlsFault('malformed', `group data: ${decoded.error.detail ?? ''}`));
}

/**
 * Whether a group has an id and an epoch as ours have. MLS allows ids of any length and epochs of 64 bits, which
 * anybody may write into a Welcome; no record could name such a group.
 */
export const isNumberedAsOurs = ({ groupId, epoch }: Pick<GroupContext, 'groupId' | 'epoch'>): boolean =>
  groupId.length === ID_BYTES && epoch < BigInt(Number.MAX_SAFE_INTEGER);

/** The devices of a ratchet tree whose leaves the authentication service accepted. */
export function membersOfTree(tree: RatchetTree): MlsMember[] {
  return tree.flatMap((node, index) => (node?.nodeType === 'leaf' ? [memberOfLeaf(node.leaf, index / 2)] : []));
}

function memberOfLeaf(leafNode: LeafNode, leaf: number): MlsMember {
  const known = certificates.get(leafNode) ?? readCertificate(leafNode);
  certificates.set(leafNode, known);
  return { leaf, ...known };
}

/** The library keeps the object of an unchanged leaf from epoch to epoch, so each is decoded once. */
const certificates = new WeakMap<LeafNode, Omit<MlsMember, 'leaf'>>();

function readCertificate(leafNode: LeafNode): Omit<MlsMember, 'leaf'> {
  const identity = leafNode.credential.credentialType === 'basic' ? leafNode.credential.identity : new Uint8Array();
  const decoded = certificateFromBytes(identity);
  if (!decoded.ok) throw new TypeError('a leaf without a certificate was let in');
  const certificate = decoded.value;
  const extra = leafNode.extensions.find(({ extensionType }) => extensionType === NAME_CARD_EXTENSION);
  const card = extra === undefined ? undefined : cardFromBytes(extra.extensionData);
  return {
    ...(card === undefined ? {} : { card }),
    account: accountIdOf(certificate.accountKey),
    device: certificate.device,
    signaturePublic: Uint8Array.from(leafNode.signaturePublicKey),
    certificate,
  };
}

const states = new WeakMap<MlsGroup, GroupState>();

export function stateOf(group: MlsGroup): GroupState {
  const state = states.get(group);
  if (state === undefined) throw new TypeError('not a group of this facade');
  return state;
}

const contextOf = (group: MlsGroup): GroupContext => stateOf(group).groupContext;

/** The library's state with the configuration of one call. */
export const callState = (group: MlsGroup, clientConfig: ClientConfig): ClientState => ({
  ...stateOf(group),
  clientConfig,
});

/** A group of a library state, without what the state has no business keeping. */
export function groupOf(state: GroupState): MlsGroup {
  const group = Object.freeze({}) as MlsGroup;
  states.set(group, tidy(state));
  return group;
}

/**
 * Drops keys that only past epochs needed, and ratchets for application messages, which we never send:
 * a stolen state opens nothing that came before it.
 */
function tidy(state: GroupState): GroupState {
  const { ratchetTree, privatePath } = state;
  const privateKeys = Object.fromEntries(
    Object.entries(privatePath.privateKeys).filter(([node]) => ratchetTree[Number(node)] !== undefined),
  );
  const spent = { secret: new Uint8Array(), generation: 0, unusedGenerations: {} };
  return {
    groupContext: state.groupContext,
    keySchedule: state.keySchedule,
    secretTree: state.secretTree.map(({ handshake }, node) => ({
      handshake: ratchetTree[node]?.nodeType === 'leaf' ? handshake : spent,
      application: spent,
    })),
    ratchetTree,
    privatePath: { ...privatePath, privateKeys },
    signaturePrivateKey: state.signaturePrivateKey,
    unappliedProposals: {},
    confirmationTag: state.confirmationTag,
    historicalReceiverData: new Map(),
    groupActiveState: state.groupActiveState,
  };
}
