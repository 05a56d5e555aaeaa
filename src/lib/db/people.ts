import type { AccountId, DeviceId } from '../core/ids.ts';
import { refuseStorage } from './faults.ts';
import type { ContactRow, DeviceRow, Store, UserRow } from './store.ts';

/** People: a user row for everybody known, their devices, and contacts for those this person has chosen. */

/** Refused: `duplicate` (id or handle), `validation`. */
export async function createUser(
  store: Store,
  user: Omit<UserRow, 'createdAt' | 'updatedAt'>,
  now: number,
): Promise<UserRow> {
  const row: UserRow = { ...user, createdAt: now, updatedAt: now };
  await store.users.add(row);
  return row;
}

export async function getUser(store: Store, id: AccountId): Promise<UserRow | undefined> {
  return store.users.get(id);
}

export async function getUserByHandle(store: Store, handle: string): Promise<UserRow | undefined> {
  return store.users.where('handle').equals(handle).first();
}

/** Everybody known, by name. */
export async function listUsers(store: Store, status?: UserRow['status']): Promise<UserRow[]> {
  const rows = status === undefined ? store.users.toArray() : store.users.where('status').equals(status).toArray();
  return byName(await rows);
}

/** Refused: `not-found`, `duplicate`, `validation`. */
export async function updateUser(
  store: Store,
  id: AccountId,
  changes: Partial<Omit<UserRow, 'id' | 'createdAt' | 'updatedAt'>>,
  now: number,
): Promise<void> {
  found('users', await store.users.update(id, { ...changes, updatedAt: now }));
}

/** Hides a person and keeps their row and history; {@link activateUser} undoes it. */
export const deactivateUser = (store: Store, id: AccountId, now: number): Promise<void> =>
  updateUser(store, id, { status: 'deactivated' }, now);

export const activateUser = (store: Store, id: AccountId, now: number): Promise<void> =>
  updateUser(store, id, { status: 'active' }, now);

/** Deletes a person with devices, contact, direct conversation and all that is in it. */
export async function deleteUser(store: Store, id: AccountId): Promise<void> {
  await store.users.delete(id);
}

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

/** The device is not trusted any more; its row stays, so that what it sent keeps its sender. */
export const revokeDevice = (store: Store, id: DeviceId): Promise<void> =>
  updateDevice(store, id, { status: 'revoked' });

/** Deletes a device; messages it sent stay, without it. */
export async function deleteDevice(store: Store, id: DeviceId): Promise<void> {
  await store.devices.delete(id);
}

/** Refused: `duplicate`, `constraint` for an unknown user. */
export async function createContact(
  store: Store,
  contact: Pick<ContactRow, 'contactId' | 'displayName' | 'publicKey'> & Partial<ContactRow>,
  now: number,
): Promise<ContactRow> {
  const row: ContactRow = {
    isVerified: false,
    isBlocked: false,
    isOnline: false,
    addedAt: now,
    ...contact,
    createdAt: now,
    updatedAt: now,
  };
  await store.contacts.add(row);
  return row;
}

export async function getContact(store: Store, id: AccountId): Promise<ContactRow | undefined> {
  return store.contacts.get(id);
}

/** All contacts by name. Names are sealed, so they are put in order here and not by the database. */
export async function listContacts(
  store: Store,
  only: { readonly isOnline?: boolean; readonly isVerified?: boolean } = {},
): Promise<ContactRow[]> {
  const { isOnline, isVerified } = only;
  const rows = await store.contacts.toArray();
  return byName(
    rows.filter(
      (row) =>
        (isOnline === undefined || row.isOnline === isOnline) &&
        (isVerified === undefined || row.isVerified === isVerified),
    ),
  );
}

/** Contacts whose name or notes contain `words`, whatever their case and accents, by name. */
export async function searchContacts(store: Store, words: string): Promise<ContactRow[]> {
  const wanted = plain(words);
  return (await listContacts(store)).filter((row) => plain(`${row.displayName}\n${row.notes ?? ''}`).includes(wanted));
}

/** Refused: `not-found`, `validation`. */
export async function updateContact(
  store: Store,
  id: AccountId,
  changes: Partial<Omit<ContactRow, 'contactId' | 'createdAt' | 'updatedAt'>>,
  now: number,
): Promise<void> {
  found('contacts', await store.contacts.update(id, { ...changes, updatedAt: now }));
}

/** Deletes a contact with the direct conversation and all that is in it; file transfers let go of it. */
export async function deleteContact(store: Store, id: AccountId): Promise<void> {
  await store.contacts.delete(id);
}

/** `update` answers how many rows it found. */
function found(entity: string, touched: number): void {
  if (touched === 0) refuseStorage('not-found', { entity });
}

const collator = new Intl.Collator(undefined, { sensitivity: 'base', numeric: true });

const byName = <Row extends { readonly displayName: string }>(rows: readonly Row[]): Row[] =>
  [...rows].sort((a, b) => collator.compare(a.displayName, b.displayName));

/** Lower case without accents. */
const plain = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
