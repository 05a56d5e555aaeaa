import { equal } from '../core/bytes.ts';
import type { AccountId, ConversationId, DeviceId } from '../core/ids.ts';
import type { MlsMember, ReadKeyPackage } from '../crypto/mls/index.ts';
import { getDevice, listDevices, updateDevice } from '../db/devices.ts';
import { recordSecurityEvent } from '../db/security.ts';
import type { DeviceRow, Store } from '../db/store.ts';
import { bytesFromCertificate, certificateFromBytes, type Certificate } from '../protocol/certificate.ts';
import type { Composer } from './compose.ts';
import { addNotice } from './notices.ts';

/**
 * What is left to change for somebody whose account id is the hash of their key: the devices that the key
 * speaks for. Whoever has verified a person wants to know when a device joins, because a stolen key shows
 * itself that way and no other.
 */
export interface DeviceChange {
  readonly account: AccountId;
  readonly device: DeviceId;
  /** `renewed` is a certificate with a higher sequence for the same keys; `clash` is a device id of somebody else. */
  readonly what: 'new' | 'rekeyed' | 'renewed' | 'clash';
  readonly certificate: Certificate;
  readonly whose: 'verified' | 'contact' | 'own';
}

/** Tables of {@link findDeviceChanges} and {@link storeDeviceChanges}. */
export const deviceTables = ['devices', 'contacts', 'users', 'securityEvents'] as const;

/**
 * What the members of an epoch change about the devices of contacts and of this account, held against
 * the rows as they are before the epoch is stored. The first devices of somebody are no change.
 * @param own this device's account and id.
 */
export async function findDeviceChanges(
  store: Store,
  own: { readonly account: AccountId; readonly device: DeviceId },
  members: readonly MlsMember[],
): Promise<DeviceChange[]> {
  const changes: DeviceChange[] = [];
  for (const [account, ofAccount] of Map.groupBy(members, (member) => member.account)) {
    const contact = account === own.account ? undefined : await store.contacts.get(account);
    if (contact === undefined && account !== own.account) continue;
    const whose = contact === undefined ? 'own' : contact.isVerified ? 'verified' : 'contact';
    const known = await listDevices(store, account);
    if (known.length === 0) continue;
    for (const { device, certificate } of ofAccount) {
      const what = device === own.device ? undefined : await changeOf(store, known, device, certificate);
      if (what !== undefined) changes.push({ account, device, what, certificate, whose });
    }
  }
  return changes;
}

async function changeOf(
  store: Store,
  known: readonly DeviceRow[],
  device: DeviceId,
  certificate: Certificate,
): Promise<DeviceChange['what'] | undefined> {
  const row = known.find(({ id }) => id === device);
  if (row === undefined) return (await getDevice(store, device)) === undefined ? 'new' : 'clash';
  const before = certificateOf(row);
  // A group that the device has not written in since keeps the older one: that is no change.
  if (before === undefined || certificate.sequence < before.sequence) return undefined;
  if (!equal(before.signatureKey, certificate.signatureKey)) return 'rekeyed';
  return certificate.sequence > before.sequence ? 'renewed' : undefined;
}

/** Notes the changes inside the transaction that has stored the epoch: rows, and events for a person to see. */
export async function storeDeviceChanges(store: Store, changes: readonly DeviceChange[], now: number): Promise<void> {
  for (const { account, device, what, certificate, whose } of changes) {
    if (what === 'rekeyed' || what === 'renewed') {
      await updateDevice(store, device, { certificate: bytesFromCertificate(certificate) });
    }
    if (what === 'renewed' || (whose === 'contact' && what === 'new')) continue;
    if (whose === 'verified' && what !== 'clash') await updateDevice(store, device, { isUnreviewed: true });
    await recordSecurityEvent(store, {
      eventType: whose === 'own' ? 'own-device' : what === 'clash' ? 'device-clash' : 'new-device',
      severity: 'high',
      description: what,
      userId: account,
      rawData: { device },
      at: now,
    });
  }
}

/** Says in the conversation whose devices changed, and whether a person has to decide about one. */
export async function tellDeviceChanges(
  composer: Composer,
  conversationId: ConversationId,
  changes: readonly DeviceChange[],
): Promise<boolean> {
  const told = changes.filter(({ what, whose }) => whose !== 'own' && (what === 'new' || what === 'rekeyed'));
  const who = [...new Set(told.map(({ account }) => account))];
  if (who.length > 0) await addNotice(composer, conversationId, { what: 'device', who });
  return told.some(({ whose }) => whose === 'verified');
}

/**
 * Whether a device may be added by this package: its certificate is the newest known of that device, which
 * is nobody else's and not revoked. Members who know less judge a commit all the same, so this is asked only
 * by who adds.
 */
export async function mayBeAdded(store: Store, { account, device, certificate }: ReadKeyPackage): Promise<boolean> {
  const row = await getDevice(store, device);
  if (row === undefined) return true;
  if (row.userId !== account || row.status === 'revoked') return false;
  const known = certificateOf(row);
  return known === undefined || certificate.sequence >= known.sequence;
}

function certificateOf(row: DeviceRow): Certificate | undefined {
  const decoded = row.certificate === undefined ? undefined : certificateFromBytes(row.certificate);
  return decoded?.ok === true ? decoded.value : undefined;
}
