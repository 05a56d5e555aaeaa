import type { AccountId } from '../core/ids.ts';
import { getUser, updatePreferences } from './users.ts';
import type { Store } from './store.ts';
import type { Preferences } from './values.ts';

/** What the person behind the account wants, with what holds while nothing was chosen. */
export type ChosenPreferences = typeof defaults & Preferences;

const defaults = {
  notifications: 'all' as NonNullable<Preferences['notifications']>,
  showsContent: false,
  readReceipts: true,
  typing: true,
  undoSend: 0 as NonNullable<Preferences['undoSend']>,
};

/** Refused: `locked`. */
export async function readPreferences(store: Store, self: AccountId): Promise<ChosenPreferences> {
  return { ...defaults, ...(await getUser(store, self))?.preferences };
}

/** Changes the preferences that are named. Refused: `not-found`, `validation`. */
export const savePreferences = (store: Store, self: AccountId, changes: Preferences, now: number): Promise<void> =>
  updatePreferences(store, self, changes, now);
