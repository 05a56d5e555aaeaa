import { base64urlFromBytes, type Bytes } from '../core/bytes.ts';
import { bytesFromId, type AccountId, type ConversationId, type GroupId } from '../core/ids.ts';
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
import { replaceRoster, rosterTables } from '../db/roster.ts';
import { deleteOldChains, saveChains } from '../db/senderKeys.ts';
import type { SenderKeyRow, Store } from '../db/store.ts';
import type { GroupData } from '../domain/groupData.ts';
import { bytesFromCertificate } from '../protocol/certificate.ts';

/** Everything that entering an epoch puts on disk, computed before the transaction opens. */
export interface EpochEntry {
  readonly groupId: GroupId;
  readonly epoch: number;
  /** Without the exporter secret. */
  readonly state: Bytes;
  readonly chains: readonly SenderKeyRow[];
  readonly members: readonly MlsMember[];
  readonly data: GroupData;
}

/** Derives the sender chains of every leaf and drops the secret they came from (protocol §3). */
export async function enterEpoch(group: MlsGroup, now: number): Promise<EpochEntry> {
  const groupId = groupIdOf(group);
  const epoch = epochOf(group);
  const members = membersOf(group);
  const { secret, next } = await takeExporterSecret(group);
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
        createdAt: now,
        updatedAt: now,
      };
    }),
  };
}

/** Tables of a transaction that enters an epoch. */
export const epochTables = ['mlsGroups', 'senderKeys', ...rosterTables] as const;

/**
 * Stores the epoch inside the caller's transaction: state, chains, and the roster that the tree
 * authenticates. Whatever commit of our own was in flight is over with it.
 * @param revision of the state that the step was computed from; 0 for a new group.
 */
export async function storeEpoch(
  store: Store,
  entry: EpochEntry,
  place: { readonly conversationId: ConversationId; readonly revision: number; readonly self: AccountId },
  now: number,
): Promise<void> {
  await replaceRoster(
    store,
    {
      ...entry,
      conversationId: place.conversationId,
      self: place.self,
      members: entry.members.map(({ account, device, certificate }) => ({
        account,
        device,
        accountKey: certificate.accountKey,
        accountKeyText: base64urlFromBytes(certificate.accountKey),
        certificate: bytesFromCertificate(certificate),
      })),
    },
    now,
  );
  await saveMlsGroup(store, {
    groupId: entry.groupId,
    conversationId: place.conversationId,
    epoch: entry.epoch,
    revision: place.revision,
    state: entry.state,
  });
  await saveChains(store, entry.chains);
  await deleteOldChains(store, entry.groupId, now);
}
