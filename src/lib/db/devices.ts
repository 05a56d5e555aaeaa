import type { AccountId, DeviceId } from '../core/ids.ts';
import { found } from './faults.ts';
import type { DeviceRow, Store } from './store.ts';

/** The devices of everybody known. */

/** Refused: `duplicate`, `constraint` for an unknown user. */
export async function addDevice(
  store: Store,
  device: Omit<DeviceRow, 'createdAt' | 'lastSeen' | 'status'>,
  now: number,
): Promise<DeviceRow> {
  const row: DeviceRow = { ...device, createdAt: now, lastSeen: now, status: 'active' };
  await store.devices.add(row);
  return row;
}

export async function getDevice(store: Store, id: DeviceId): Promise<DeviceRow | undefined> {
  return store.devices.get(id);
}

export async function listDevices(store: Store, userId: AccountId, status?: DeviceRow['status']): Promise<DeviceRow[]> {
  return status === undefined
    ? store.devices.where('userId').equals(userId).toArray()
    : store.devices.where('[userId+status]').equals([userId, status]).toArray();
}

export async function updateDevice(
  store: Store,
  id: DeviceId,
  changes: Partial<Omit<DeviceRow, 'id' | 'userId' | 'createdAt'>>,
): Promise<void> {
  found('devices', await store.devices.update(id, changes));
}

/** Devices of these accounts that a person has yet to decide about. */
export async function unreviewedDevices(store: Store, accounts: readonly AccountId[]): Promise<DeviceRow[]> {
  const rows = await store.devices.where('isUnreviewed').equals(1).toArray();
  return rows.filter(({ userId }) => accounts.includes(userId));
}

/** A person has decided: all devices of the account are theirs. */
export async function reviewDevices(store: Store, account: AccountId): Promise<void> {
  for (const { id } of await unreviewedDevices(store, [account]))
    await updateDevice(store, id, { isUnreviewed: false });
}

/** The device is not trusted any more; its row stays, so that what it sent keeps its sender. */
export const revokeDevice = (store: Store, id: DeviceId): Promise<void> =>
  updateDevice(store, id, { status: 'revoked' });

/** Deletes a device; messages it sent stay, without it. */
export async function deleteDevice(store: Store, id: DeviceId): Promise<void> {
  await store.devices.delete(id);
}
