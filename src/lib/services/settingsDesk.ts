import { utf8 } from '../core/bytes.ts';
import type { AccountId, ConversationId } from '../core/ids.ts';
import { err, settle, type Result } from '../core/result.ts';
import { notesConversationId } from '../crypto/identity.ts';
import { getContact, updateContact } from '../db/contacts.ts';
import * as preferences from '../db/preferences.ts';
import { createRoom, getRoom, reactivateRoom, updateRoom } from '../db/rooms.ts';
import type { Composer } from '../sync/compose.ts';
import type { ContactItem, ConversationMarks, PreferencesItem } from './settingsClient.ts';
import type { Viewer } from './viewer.ts';

/** What a person sets for themselves. None of it is told to anybody. */

export async function viewPreferences({ store, identity }: Viewer): Promise<PreferencesItem> {
  const { theme, notifications, showsContent, readReceipts, typing, undoSend } = await preferences.readPreferences(
    store,
    identity.account,
  );
  return { ...(theme === undefined ? {} : { theme }), notifications, showsContent, readReceipts, typing, undoSend };
}

export const savePreferences = (
  { store, identity, clock }: Composer,
  changes: Partial<PreferencesItem>,
): Promise<Result<void>> => settle(preferences.savePreferences(store, identity.account, changes, clock.now()));

/** The conversation with oneself, made if there is none. It needs neither relay nor keys while there is one device. */
export async function openNotes({ store, identity, clock }: Composer, title: string): Promise<Result<ConversationId>> {
  const id = notesConversationId(identity.account);
  return settle(
    store.tx('rw', ['conversations', 'groups', 'groupMembers'], async () => {
      const room = await getRoom(store, id);
      if (room === undefined) await createRoom(store, { id, kind: 'system', title }, clock.now());
      else if (room.deactivatedAt !== undefined) {
        await updateRoom(store, id, { title }, clock.now());
        await reactivateRoom(store, id, clock.now());
      }
      return id;
    }),
  );
}

/** Refused: `not-found`. */
export const setConversation = (
  { store, clock }: Composer,
  id: ConversationId,
  { isPinned, isMuted, isArchived, isMarkedUnread }: ConversationMarks,
): Promise<Result<void>> =>
  settle(updateRoom(store, id, named({ isPinned, isMuted, isArchived, isMarkedUnread }), clock.now()));

export async function viewContact({ store }: Viewer, person: AccountId): Promise<ContactItem | undefined> {
  const row = await getContact(store, person);
  return row === undefined ? undefined : { notes: row.notes ?? '', isBlocked: row.isBlocked };
}

/** Bytes of the notes about one person. */
const NOTES_LIMIT = 4096;

/** Refused: `not-found`, `too-long`. */
export async function saveContact(
  { store, clock }: Composer,
  person: AccountId,
  { notes, isBlocked }: Partial<ContactItem>,
): Promise<Result<void>> {
  if (utf8(notes ?? '').length > NOTES_LIMIT) return err({ code: 'too-long', retry: 'person' });
  return settle(updateContact(store, person, named({ notes, isBlocked }), clock.now()));
}

/** Without what is left out. */
function named<T extends object>(changes: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
