import { utf8 } from '../core/bytes.ts';
import { newId, type ConversationId } from '../core/ids.ts';
import { err, refuse, settle, type Result } from '../core/result.ts';
import { getSetting, setSetting } from '../db/settings.ts';
import type { Store } from '../db/store.ts';
import { limits } from '../protocol/limits.ts';
import type { Composer } from '../sync/compose.ts';
import type { FolderItem, NewFolder } from './settingsClient.ts';
import type { Viewer } from './viewer.ts';

/** Folders of the list of conversations, sealed in the settings of this device. Nobody but this person learns of them. */

const KEY = 'folders';
/** More are no help in finding anything. */
const MOST_FOLDERS = 30;

/** By name. What has gone since is in none. */
export async function viewFolders({ store }: Viewer): Promise<readonly FolderItem[]> {
  const folders = await readFolders(store);
  if (folders.length === 0) return [];
  const there = new Set(await store.conversations.toCollection().primaryKeys());
  return folders
    .map((folder) => ({ ...folder, conversations: folder.conversations.filter((id) => there.has(id)) }))
    .sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));
}

/** Refused: `bad-name`, `duplicate`, `not-found`, `too-many-folders`. */
export async function saveChatFolder(
  composer: Composer,
  { id, name, conversations }: NewFolder,
): Promise<Result<string>> {
  const { store, clock, random } = composer;
  const called = name.trim().normalize('NFC');
  if (called === '' || utf8(called).length > limits.name) return err({ code: 'bad-name', retry: 'person' });
  return change(store, clock.now(), (folders) => {
    const others = folders.filter((folder) => folder.id !== id);
    if (id !== undefined && others.length === folders.length) return refuse({ code: 'not-found', retry: 'never' });
    if (others.some((folder) => folder.name === called)) return refuse({ code: 'duplicate', retry: 'person' });
    if (others.length >= MOST_FOLDERS) return refuse({ code: 'too-many-folders', retry: 'person' });
    const folder: FolderItem = { id: id ?? newId(random), name: called, conversations: [...new Set(conversations)] };
    return { folders: [...others, folder], answer: folder.id };
  });
}

/** What is in it stays in the list. */
export const removeChatFolder = ({ store, clock }: Composer, id: string): Promise<Result<void>> =>
  change(store, clock.now(), (folders) => ({
    folders: folders.filter((folder) => folder.id !== id),
    answer: undefined,
  }));

const change = <T>(
  store: Store,
  now: number,
  next: (folders: readonly FolderItem[]) => { readonly folders: readonly FolderItem[]; readonly answer: T },
): Promise<Result<T>> =>
  settle(
    store.tx('rw', ['settings'], async () => {
      const { folders, answer } = next(await readFolders(store));
      await saveFolders(store, folders, now);
      return answer;
    }),
  );

export const saveFolders = (store: Store, folders: readonly FolderItem[], now: number): Promise<void> =>
  setSetting(store, KEY, folders, now);

export const readFolders = async (store: Store): Promise<readonly FolderItem[]> =>
  (await getSetting<readonly { id: string; name: string; conversations: ConversationId[] }[]>(store, KEY)) ?? [];
