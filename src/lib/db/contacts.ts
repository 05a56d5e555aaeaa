import type { AccountId } from '../core/ids.ts';
import { found } from './faults.ts';
import { byName, mentions } from './names.ts';
import type { ContactRow, Store } from './store.ts';

/** The people this person has chosen to know. */

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
  return (await listContacts(store)).filter((row) => mentions(words, row.displayName, row.notes));
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
