import type { StorageView } from '../../services/client.ts';
import { m } from '../paraglide/messages.js';

/** What people call the tables of the store. */
const groups = [
  {
    name: m.storage_group_messages,
    tables: /^(message|fileAttachments|sharedFiles)/,
  },
  { name: m.storage_group_search, tables: /^search/ },
  { name: m.storage_group_files, tables: /^(file|workspaces)/ },
  {
    name: m.storage_group_people,
    tables: /^(users|profilePictures|devices|contacts|conversations|group|sessions|accessControl)/,
  },
  { name: m.storage_group_keys, tables: /^(key|senderKeys|mlsGroups|relayLogin)/ },
  { name: m.storage_group_sync, tables: /^(offlineOperations|syncOperations|inbox|cursors)/ },
] as const;

export interface TableGroup {
  readonly name: string;
  readonly bytes: number;
  readonly tables: StorageView['tables'];
}

/** Tables that belong together, the largest group first; what has no group of its own is notes about this device. */
export function grouped(tables: StorageView['tables']): TableGroup[] {
  const rest = tables.filter((table) => !groups.some((group) => group.tables.test(table.name)));
  const all = groups.map((group) => ({
    name: group.name(),
    tables: tables.filter((table) => groups.find((one) => one.tables.test(table.name)) === group),
  }));
  return [...all, { name: m.storage_group_notes(), tables: rest }]
    .map((group) => ({ ...group, bytes: group.tables.reduce((sum, table) => sum + table.bytes, 0) }))
    .filter((group) => group.tables.length > 0)
    .sort((a, b) => b.bytes - a.bytes);
}
