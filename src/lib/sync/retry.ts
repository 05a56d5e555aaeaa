import type { GroupId } from '../core/ids.ts';
import { settle, type Result } from '../core/result.ts';
import { loadMlsGroup } from '../db/mlsGroups.ts';
import { outboxTables } from '../db/outbox.ts';
import { retryOperation } from '../db/retryOperation.ts';
import type { Composer } from './compose.ts';
import type { Intent } from './intents.ts';

/**
 * A person wants an operation tried again. They decide on what they see now: an invitation holds against every
 * removal that this device knows of, and a device that is to come back starts anew. Refused: `not-found`.
 */
export const retry = ({ store }: Composer, id: string): Promise<Result<void>> =>
  settle(
    store.tx('rw', [...outboxTables, 'mlsGroups'], async () => {
      await retryOperation(store, id);
      const operation = await store.offlineOperations.get(id);
      if (operation === undefined || operation.operationType === 'append') return;
      const wanted = operation.operationData as Intent;
      if (wanted.what === 'add') {
        const asOf = (await loadMlsGroup(store, wanted.groupId as GroupId))?.epoch ?? 0;
        await store.offlineOperations.update(id, { operationData: { ...wanted, asOf } });
      } else if (wanted.what === 'rejoin') {
        const { what, groupId, why } = wanted;
        await store.offlineOperations.update(id, { operationData: { what, groupId, why } });
      }
    }),
  );
