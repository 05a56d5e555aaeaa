import type { AccountId } from '../core/ids.ts';
import type { Store } from './store.ts';
import { updatePreferences, updateProfile } from './users.ts';

/** How somebody shows themselves, as it travels. */
export interface ShownProfile {
  /** Sort key of when they said it. */
  readonly s: string;
  /** A line. */
  readonly t?: string | undefined;
  /** A square picture, JPEG. */
  readonly p?: Uint8Array<ArrayBuffer> | undefined;
  /** Entries of their own: name, and what is said under it. */
  readonly f?: [string, string][] | undefined;
  /** Time zone, IANA. */
  readonly z?: string | undefined;
  /** Language, BCP 47. */
  readonly l?: string | undefined;
}

/**
 * Keeps how somebody shows themselves, unless something later is known, inside the caller's transaction, which has
 * `users` and `profilePictures`.
 */
export async function keepProfile(
  store: Store,
  userId: AccountId,
  { s: changedAt, t, p, f, z, l }: ShownProfile,
  now: number,
): Promise<void> {
  if ((await store.users.get(userId)) === undefined || changedAt <= (await profileChangedAt(store, userId))) return;
  await store.profilePictures.put({ userId, changedAt, ...(p === undefined ? {} : { picture: new Uint8Array(p) }) });
  await updateProfile(store, userId, { statusMessage: t, customFields: f && Object.fromEntries(f) }, now);
  await updatePreferences(store, userId, { timezone: z, language: l }, now);
}

/** Sort key of the last word of somebody on how they show themselves; empty where there was none. Opens nothing. */
export async function profileChangedAt(store: Store, userId: AccountId): Promise<string> {
  const [key] = await store.profilePictures
    .where('[userId+changedAt]')
    .between([userId, ''], [userId, '\uffff'])
    .limit(1)
    .keys();
  return (key as unknown as [AccountId, string] | undefined)?.[1] ?? '';
}

/** Who told how they show themselves, and when: account and sort key. Opens nothing. */
export async function listProfiles(store: Store): Promise<readonly (readonly [AccountId, string])[]> {
  return (await store.profilePictures.orderBy('[userId+changedAt]').keys()) as unknown as [AccountId, string][];
}
