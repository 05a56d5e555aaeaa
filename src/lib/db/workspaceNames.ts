import { utf8 } from '../core/bytes.ts';
import { begunAt, emptyFile, isGone } from '../domain/space.ts';
import { foldPath, withMark } from '../domain/spacePaths.ts';
import type { FileSyncStateRow, Store, WorkspaceRow } from './store.ts';

/**
 * No two files stand at one path. Where several want the same, the one that was begun first has it, and the others
 * are shown with a mark of their own: everywhere the same, whatever came in which order.
 */

/** Keyed hash of a path of a workspace or a file. */
export const pathKeyOf = (store: Pick<Store, 'keyedHash'>, path: string): string =>
  store.keyedHash('workspace path', utf8(foldPath(path)));

/** Keyed hash of a file's bytes, from their hash. */
export const bytesKeyOf = (store: Pick<Store, 'keyedHash'>, hash: Uint8Array): string =>
  store.keyedHash('workspace bytes', hash);

export interface NamedRow {
  readonly before: FileSyncStateRow | undefined;
  readonly row: FileSyncStateRow;
  /** Another file stands at the path that it should have, and it was not so before. */
  readonly hasLostName: boolean;
}

/** Stores changed rows under the names that they get, with those whose names change by that. */
export async function giveNames(
  store: Store,
  workspace: WorkspaceRow,
  changed: readonly { readonly before: FileSyncStateRow | undefined; readonly row: FileSyncStateRow }[],
): Promise<NamedRow[]> {
  const byId = new Map(changed.map((one) => [one.row.id, one]));
  const keys = new Set(changed.flatMap(({ before, row }) => [before?.wantedKey ?? '', row.wantedKey]));
  keys.delete('');
  const places = [...keys].map((key): [string, string] => [workspace.id, key]);
  const others =
    places.length === 0 ? [] : await store.fileSyncState.where('[workspaceId+wantedKey]').anyOf(places).toArray();
  const rows = [...changed, ...others.flatMap((row) => (byId.has(row.id) ? [] : [{ before: row, row }]))];
  const first = new Map<string, FileSyncStateRow>();
  for (const { row } of rows) {
    const now = first.get(row.wantedKey);
    if (row.wantedKey !== '' && (now === undefined || order(row) < order(now))) first.set(row.wantedKey, row);
  }
  const named = rows.map(({ before, row }): NamedRow => {
    const wanted = row.metadata?.n?.v ?? row.filePath;
    if (row.wantedKey === '')
      return { before, row: { ...row, filePath: wanted, pathKey: `-${row.id}` }, hasLostName: false };
    const isFirst = first.get(row.wantedKey)?.id === row.id;
    const filePath = isFirst ? wanted : withMark(wanted, row.id.slice(0, 4));
    const pathKey = isFirst ? row.wantedKey : `+${row.id}`;
    const hadName = before === undefined || before.pathKey === before.wantedKey || before.wantedKey !== row.wantedKey;
    return { before, row: { ...row, filePath, pathKey }, hasLostName: !isFirst && hadName };
  });
  const moved = named.filter(({ before, row }) => before !== undefined && before.pathKey !== row.pathKey);
  // A name that one gives up and another gets is free before it is taken.
  if (moved.length > 0)
    await store.fileSyncState.bulkUpdate(moved.map(({ row }) => ({ key: row.id, changes: { pathKey: `~${row.id}` } })));
  const touched = named.filter(({ before, row }) => byId.has(row.id) || before?.pathKey !== row.pathKey);
  await store.fileSyncState.bulkPut(touched.map(({ row }) => row));
  return touched;
}

const order = (row: FileSyncStateRow): string => {
  const file = row.metadata ?? emptyFile(row.id);
  return isGone(file) ? '~' : begunAt(file);
};
