import { newId } from '../core/ids.ts';
import type { MergedFile } from '../db/workspaces.ts';
import type { SyncOperationRow } from '../db/store.ts';
import { headsOf } from '../domain/space.ts';
import type { Composer } from '../sync/compose.ts';

/** What merging did to files, as it is seen among what sync did. */

/** Of conflicts in `syncOperations`; `resourceId` is the file. */
export const FILE = 'file';

/** Records files that became conflicts, inside the caller's transaction: they wait for a person. */
export async function recordConflicts(
  { store, identity, clock, random }: Composer,
  merged: readonly MergedFile[],
): Promise<void> {
  const rows = merged.flatMap(({ row, isNewConflict }): SyncOperationRow[] =>
    isNewConflict
      ? [
          {
            id: newId<string>(random),
            userId: identity.account,
            deviceId: identity.device,
            operationType: 'merge',
            resourceType: FILE,
            resourceId: row.id,
            operationData: { path: row.filePath, workspace: row.workspaceId },
            // One that only lost its name to another needs nobody.
            status: row.syncStatus === 'conflict' ? 'pending' : 'done',
            conflictData: { versions: headsOf(row.metadata ?? { v: [] }).map(({ i }) => i) },
            createdAt: clock.now(),
            ...(row.syncStatus === 'conflict' ? {} : { completedAt: clock.now() }),
          },
        ]
      : [],
  );
  await store.syncOperations.bulkPut(rows);
}

const choices = { local: 'keepLocal', remote: 'keepRemote', both: 'keepBoth' } as const;

/** A person has chosen, or somebody else's choice came: what waited is done. */
export async function settleFile(
  { store, clock }: Pick<Composer, 'store' | 'clock'>,
  fileId: string,
  choice?: keyof typeof choices,
): Promise<void> {
  await store.tx('rw', ['syncOperations', 'fileSyncState', 'users', 'workspaces'], async () => {
    const open = await store.syncOperations.where('[resourceType+resourceId]').equals([FILE, fileId]).toArray();
    await store.syncOperations.bulkPut(
      open
        .filter(({ status }) => status === 'pending')
        .map((row) => ({ ...row, operationType: 'resolve', status: 'done', completedAt: clock.now() })),
    );
    if (choice !== undefined) await store.fileSyncState.update(fileId, { conflictResolution: choices[choice] });
  });
}
