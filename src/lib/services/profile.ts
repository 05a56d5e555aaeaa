import { utf8, type Bytes } from '../core/bytes.ts';
import type { AccountId } from '../core/ids.ts';
import { err, ok, settle, type Result } from '../core/result.ts';
import { keepProfile, listProfiles } from '../db/profiles.ts';
import { limits } from '../protocol/limits.ts';
import { composeTables, nextSortKey, type Composer } from '../sync/compose.ts';
import type { PortraitItem, ProfileChanges, ProfileItem } from './profileClient.ts';
import type { Viewer } from './viewer.ts';

/** How people show themselves: kept here, told by `profileTelling.ts`. */

export async function viewProfile({ store }: Viewer, account: AccountId): Promise<ProfileItem | undefined> {
  const row = await store.users.get(account);
  return row === undefined ? undefined : { account, name: row.displayName, status: row.statusMessage ?? '' };
}

/** Changes what is named; `null` takes it away. Refused: `too-long`, `too-large`. */
export async function saveProfile(composer: Composer, changes: ProfileChanges): Promise<Result<void>> {
  const { store, identity, clock } = composer;
  const { account } = identity;
  const status = changes.status?.trim().normalize('NFC');
  if (status !== undefined && utf8(status).length > limits.statusMessage)
    return err({ code: 'too-long', retry: 'person' });
  if ((changes.picture?.length ?? 0) > limits.profilePicture) return err({ code: 'too-large', retry: 'person' });
  return settle(
    store.tx('rw', [...composeTables, 'users', 'profilePictures'], async () => {
      const before = await store.profilePictures.get(account);
      const line = changes.status === undefined ? (await store.users.get(account))?.statusMessage : status;
      const picture = changes.picture === undefined ? before?.picture : (changes.picture ?? undefined);
      const { sortKey } = await nextSortKey(composer);
      const shown = { s: sortKey, t: line === '' ? undefined : line, p: picture && new Uint8Array(picture) };
      await keepProfile(store, account, shown, clock.now());
    }),
  );
}

/** Everybody who told how they show themselves, and the direct chats with them. Opens no picture. */
export async function viewPortraits({ store }: Viewer): Promise<readonly PortraitItem[]> {
  const profiles = await listProfiles(store);
  const items: PortraitItem[] = [];
  for (const [account, version] of profiles) {
    items.push({ id: account, account, version });
    const chats = await store.conversations.where('contactId').equals(account).primaryKeys();
    items.push(...chats.map((id) => ({ id, account, version })));
  }
  return items;
}

/** Refused: `not-found`. */
export async function portraitOf({ store }: Viewer, account: AccountId): Promise<Result<Bytes>> {
  const row = await store.profilePictures.get(account);
  return row?.picture === undefined ? err({ code: 'not-found', retry: 'never' }) : ok(row.picture);
}
