import { refuse } from '../core/result.ts';
import { setStatus } from './messages/status.ts';
import type { Store } from './store.ts';

/** The person wants a failed operation tried again: its record, if any, is sealed anew. Refused: `not-found`. */
export async function retryOperation(store: Store, id: string): Promise<void> {
  const operation = (await store.offlineOperations.get(id)) ?? notFound(id);
  await store.offlineOperations.update(id, {
    status: operation.operationType === 'append' ? 'needsRekey' : 'pending',
    nextAttemptAt: 0,
  });
  if (operation.messageId !== undefined) await setStatus(store, operation.messageId, 'queued');
}

const notFound = (id: string): never => refuse({ code: 'not-found', retry: 'never', detail: `operation ${id}` });
