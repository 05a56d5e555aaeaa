import { utf8, type Bytes } from '../core/bytes.ts';
import type { AccountId } from '../core/ids.ts';
import { err, ok, settle, type Result } from '../core/result.ts';
import { keepProfile, listProfiles, type ShownProfile } from '../db/profiles.ts';
import type { UserRow } from '../db/store.ts';
import { limits } from '../protocol/limits.ts';
import { composeTables, nextSortKey, type Composer } from '../sync/compose.ts';
import type { PortraitItem, ProfileChanges, ProfileItem } from './profileClient.ts';
import type { Viewer } from './viewer.ts';

/** How people show themselves: kept here, told by `profileTelling.ts`. */

export async function viewProfile({ store }: Viewer, account: AccountId): Promise<ProfileItem | undefined> {
  const row = await store.users.get(account);
  if (row === undefined) return undefined;
  const { timezone, language } = row.preferences ?? {};
  return {
    account,
    name: row.displayName,
    status: row.statusMessage ?? '',
    fields: Object.entries(row.customFields ?? {})
      .map(([name, text]) => ({ name, text }))
      .sort((a, b) => a.name.localeCompare(b.name)),
    ...(timezone === undefined ? {} : { timezone }),
    ...(language === undefined ? {} : { language }),
  };
}

/** Changes what is named; `null` takes it away. Refused: `too-long`, `duplicate`, `empty`, `too-large`. */
export async function saveProfile(composer: Composer, changes: ProfileChanges): Promise<Result<void>> {
  const { store, identity, clock } = composer;
  const { account } = identity;
  const status = tidy(changes.status ?? '');
  const fields = changes.fields?.map(({ name, text }) => [tidy(name), tidy(text)] as [string, string]);
  const refusal = whyNot({ ...changes, status }, fields);
  if (refusal !== undefined) return err({ code: refusal, retry: 'person' });
  return settle(
    store.tx('rw', [...composeTables, 'users', 'profilePictures'], async () => {
      const before = await store.profilePictures.get(account);
      const shown = shownBy(await store.users.get(account), before?.picture);
      const picture = changes.picture === undefined ? shown.p : (changes.picture ?? undefined);
      const { sortKey } = await nextSortKey(composer);
      const next: ShownProfile = {
        s: sortKey,
        t: (changes.status === undefined ? shown.t : status) || undefined,
        p: picture && new Uint8Array(picture),
        f: (fields ?? shown.f)?.length === 0 ? undefined : (fields ?? shown.f),
        z: changes.timezone === undefined ? shown.z : (changes.timezone ?? undefined),
        l: changes.language === undefined ? shown.l : (changes.language ?? undefined),
      };
      await keepProfile(store, account, next, clock.now());
    }),
  );
}

/** How the person of a row shows themselves, but for when they said it. */
export const shownBy = (row: UserRow | undefined, picture: Bytes | undefined): Omit<ShownProfile, 's'> => ({
  t: row?.statusMessage,
  p: picture,
  f: row?.customFields && Object.entries(row.customFields),
  z: row?.preferences?.timezone,
  l: row?.preferences?.language,
});

function whyNot(
  { status, picture, timezone, language }: ProfileChanges & { readonly status?: string | null | undefined },
  fields: readonly (readonly [string, string])[] = [],
): 'too-long' | 'too-large' | 'duplicate' | 'empty' | undefined {
  const texts = [
    [status, limits.statusMessage],
    [timezone, limits.zoneName],
    [language, limits.languageTag],
    ...fields.flatMap(([name, text]) => [[name, limits.fieldName] as const, [text, limits.fieldText] as const]),
  ] as const;
  if (fields.length > limits.profileFields || texts.some(([text, most]) => utf8(text ?? '').length > most))
    return 'too-long';
  if (fields.some(([name]) => name === '')) return 'empty';
  if (new Set(fields.map(([name]) => name)).size < fields.length) return 'duplicate';
  return (picture?.length ?? 0) > limits.profilePicture ? 'too-large' : undefined;
}

const tidy = (text: string): string => text.trim().normalize('NFC');

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
