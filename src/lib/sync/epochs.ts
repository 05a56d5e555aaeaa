import { base64urlFromBytes, type Bytes } from '../core/bytes.ts';
import { bytesFromId, type AccountId, type ConversationId, type DeviceId, type GroupId } from '../core/ids.ts';
import {
  authenticatorHashOf,
  dataOf,
  epochOf,
  groupIdOf,
  groupToBytes,
  membersOf,
  suiteOf,
  takeExporterSecret,
  type MlsGroup,
  type MlsMember,
} from '../crypto/mls/index.ts';
import { chainToBytes, deriveChains } from '../crypto/senderKey/chain.ts';
import { saveMlsGroup } from '../db/mlsGroups.ts';
import { replaceRoster, rosterTables, type Roster } from '../db/roster.ts';
import { deleteOldChains, newestChainOf, saveChain, saveChains } from '../db/senderKeys.ts';
import type { MlsGroupRow, SenderKeyRow, Store } from '../db/store.ts';
import type { GroupData } from '../domain/groupData.ts';
import { bytesFromCertificate } from '../protocol/certificate.ts';
import type { Identity } from './identity.ts';
import type { Session } from './session.ts';
import { deviceTables, findDeviceChanges, storeDeviceChanges, type DeviceChange } from './deviceChanges.ts';

/** Everything that entering an epoch puts on disk, computed before the transaction opens. */
export interface EpochEntry {
  readonly groupId: GroupId;
  readonly epoch: number;
  /** Without the exporter secret. */
  readonly state: Bytes;
  /** Of what members say while others listen. */
  readonly signalKey: Bytes;
  readonly chains: readonly SenderKeyRow[];
  readonly members: readonly MlsMember[];
  readonly data: GroupData;
}

/**
 * Derives the sender chains of every leaf and drops the secret they came from (protocol §3).
 * @param began by the relay's clock where that is known: how long chains stay is counted from there.
 */
export async function enterEpoch(group: MlsGroup, began: number): Promise<EpochEntry> {
  const groupId = groupIdOf(group);
  const epoch = epochOf(group);
  const members = membersOf(group);
  const { secret, signalKey, next } = await takeExporterSecret(group);
  const chains = deriveChains(
    secret,
    { suite: suiteOf(group), groupId: bytesFromId(groupId), epoch, authenticatorHash: authenticatorHashOf(group) },
    members.map(({ leaf, signaturePublic }) => ({ leaf, signaturePublic })),
  );
  secret.fill(0);
  return {
    groupId,
    epoch,
    state: groupToBytes(next),
    signalKey,
    members,
    data: dataOf(group),
    chains: chains.map((chain, i) => {
      const member = members[i] as MlsMember;
      return {
        groupId,
        senderPublicKey: base64urlFromBytes(chain.signaturePublic),
        keyId: String(epoch),
        epoch,
        leaf: chain.leaf,
        accountId: member.account,
        deviceId: member.device,
        signaturePublic: chain.signaturePublic,
        chainKey: chainToBytes(chain),
        iteration: 0,
        createdAt: began,
        updatedAt: began,
      };
    }),
  };
}

/** Tables of a transaction that enters an epoch. */
export const epochTables = ['mlsGroups', 'senderKeys', ...rosterTables, ...deviceTables] as const;

/**
 * Stores the epoch inside the caller's transaction: state, chains, and the roster that the tree
 * authenticates. Whatever commit of our own was in flight is over with it.
 * @param place.revision of the state that the step was computed from; 0 for a new group.
 * @param place.restored when that state came out of a backup, and the step is not our own: another holder of the
 *   state may have sealed in this epoch with the very chain that we would, so we get none.
 * @returns what changed about people's devices, for {@link tellDeviceChanges}.
 */
export async function storeEpoch(
  store: Store,
  entry: EpochEntry,
  place: Pick<MlsGroupRow, 'conversationId' | 'revision' | 'streamEpoch' | 'renewedAt'> & {
    readonly self: AccountId;
    readonly device: DeviceId;
    readonly restored?: number;
    /** Kept only over a step of our own: whoever else goes on shows that the group is where we are. */
    readonly refused?: number;
  },
  now: number,
): Promise<DeviceChange[]> {
  const changes = await findDeviceChanges(store, { account: place.self, device: place.device }, entry.members);
  await replaceRoster(store, rosterOf(entry, place), now);
  await saveMlsGroup(store, {
    groupId: entry.groupId,
    conversationId: place.conversationId,
    epoch: entry.epoch,
    revision: place.revision,
    state: entry.state,
    signalKey: entry.signalKey,
    ...(place.restored !== undefined && { restoredAt: place.restored }),
    ...(place.streamEpoch !== undefined && { streamEpoch: place.streamEpoch }),
    ...(place.renewedAt !== undefined && { renewedAt: place.renewedAt }),
    ...(place.refused !== undefined && { refusedEpoch: place.refused }),
  });
  const others = entry.chains.filter((chain) => chain.deviceId !== place.device);
  const own = entry.chains.filter((chain) => chain.deviceId === place.device);
  const streamEpoch = place.streamEpoch ?? entry.epoch;
  const usable = place.restored === undefined ? own.map((chain) => ({ ...chain, streamEpoch })) : [];
  await saveChains(store, [...others, ...usable]);
  await deleteOldChains(store, entry.groupId);
  await storeDeviceChanges(store, changes, now);
  return changes;
}

/**
 * What epoch the relay's stream is in, for a group whose own differs: the group's commits and our own chain's
 * records are offered for that one. Inside the caller's transaction, which has `mlsGroups` and `senderKeys`.
 */
export async function setStreamEpoch(
  { store, identity }: Session,
  stored: MlsGroupRow,
  streamEpoch: number,
): Promise<void> {
  await saveMlsGroup(store, { ...stored, streamEpoch });
  const own = await newestChainOf(store, stored.groupId, identity.signaturePublic);
  if (own !== undefined) await saveChain(store, { ...own, streamEpoch });
}

/** The roster of an epoch as the store keeps it. */
export const rosterOf = (
  { groupId, data, members }: Pick<EpochEntry, 'groupId' | 'data' | 'members'>,
  { conversationId, self }: { readonly conversationId: ConversationId; readonly self: AccountId },
): Roster => ({
  groupId,
  data,
  conversationId,
  self,
  members: members.map(({ account, device, certificate }) => ({
    account,
    device,
    accountKey: certificate.accountKey,
    accountKeyText: base64urlFromBytes(certificate.accountKey),
    certificate: bytesFromCertificate(certificate),
  })),
});

/** This device, as {@link storeEpoch} wants to know it. */
export const own = ({ identity }: { readonly identity: Identity }) => ({
  self: identity.account,
  device: identity.device,
});
