import type { ConversationItem, FolderItem } from '../../services/client.ts';

/** Which conversations a list shows. What is archived is in a list of its own. */
export type Passes = (item: ConversationItem) => boolean;

const shows = {
  all: (item) => !item.isArchived,
  unread: (item) => !item.isArchived && (item.unread > 0 || item.isMarkedUnread),
  direct: (item) => !item.isArchived && item.kind === 'direct',
  groups: (item) => !item.isArchived && item.kind === 'group',
  archived: (item) => item.isArchived,
} satisfies Record<string, Passes>;

export type Filter = keyof typeof shows;
export const filters = Object.keys(shows) as readonly Filter[];

const isFilter = (value: string): value is Filter => Object.hasOwn(shows, value);

/** @param value a filter, or the id of a folder; `undefined` for one that is not there, and for all. */
export function passing(value: string, folders: readonly FolderItem[]): Passes | undefined {
  if (isFilter(value)) return value === 'all' ? undefined : shows[value];
  const folder = folders.find(({ id }) => id === value);
  if (folder === undefined) return undefined;
  const inside = new Set(folder.conversations);
  return (item) => !item.isArchived && inside.has(item.id);
}
