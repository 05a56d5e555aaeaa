import type { ConversationId } from '../core/ids.ts';
import { messageById } from '../db/messages/find.ts';
import { SCHEDULED } from '../db/outbox.ts';
import type { OfflineOperationRow } from '../db/store.ts';
import type { SecurityItem, WaitingItem, WishKind } from './client.ts';
import { isVisible } from './views.ts';
import { namesOf, type Viewer } from './viewer.ts';

/** What the pages about activity and security show. */

const STATUSES = ['failed', 'inFlight', 'needsRekey', 'pending'] as const satisfies OfflineOperationRow['status'][];

/** At most `limit` of what waits on this device: what failed before the rest, each oldest first. Receipts go unnoticed. */
export async function listWaiting({ store }: Viewer, limit: number): Promise<WaitingItem[]> {
  const oldest = STATUSES.map((status) =>
    store.offlineOperations
      .where('[status+createdAt]')
      .between([status, -Infinity], [status, Infinity])
      .filter(isVisible)
      .limit(limit)
      .toArray(),
  );
  const operations = (await Promise.all(oldest)).flat();
  const isBehind = ({ status }: OfflineOperationRow): number => (status === 'failed' ? 0 : 1);
  operations.sort((a, b) => isBehind(a) - isBehind(b) || a.createdAt - b.createdAt || (a.sortKey < b.sortKey ? -1 : 1));
  return Promise.all(
    operations.slice(0, limit).map(async (operation) => {
      const id = operation.lane as ConversationId;
      const conversation = await store.conversations.get(id);
      const about = operation.messageId ?? operation.targetId;
      const message = about === undefined ? undefined : await messageById(store, about);
      return {
        operation: operation.id,
        what: whatOf(operation),
        conversation: id,
        title: conversation?.title ?? '',
        text: message?.content ?? textOfScheduled(operation),
        ...(operation.operationType === SCHEDULED ? { at: operation.nextAttemptAt } : {}),
        since: operation.createdAt,
        status: statusOf(operation),
        ...(operation.errorMessage === undefined ? {} : { reason: operation.errorMessage }),
      };
    }),
  );
}

/** The newest security events first. */
export async function listSecurityEvents(viewer: Viewer): Promise<SecurityItem[]> {
  const rows = await viewer.store.securityEvents.orderBy('timestamp').reverse().limit(100).toArray();
  const names = await namesOf(
    viewer,
    rows.flatMap(({ userId }) => userId ?? []),
  );
  return rows.map((row) => ({
    id: row.eventId,
    ...(row.userId === undefined ? {} : { person: names.get(row.userId) ?? '?' }),
    type: row.eventType,
    severity: row.severity,
    description: row.description,
    at: row.timestamp,
    ...(row.resolution === undefined ? {} : { resolution: row.resolution }),
  }));
}

const WISHES: ReadonlySet<string> = new Set<WishKind>([
  'create',
  'add',
  'remove',
  'role',
  'settings',
  'link',
  'transfer',
  'leave',
  'join',
  'rejoin',
]);

function whatOf({ operationType, change }: OfflineOperationRow): WaitingItem['what'] {
  if (change !== undefined) return change;
  if (operationType === SCHEDULED) return SCHEDULED;
  return WISHES.has(operationType) ? (operationType as WishKind) : 'message';
}

const textOfScheduled = ({ operationType, operationData }: OfflineOperationRow): string =>
  operationType === SCHEDULED ? (operationData as { readonly text: string }).text : '';

function statusOf({ status }: OfflineOperationRow): WaitingItem['status'] {
  if (status === 'failed') return 'failed';
  if (status === 'inFlight') return 'sending';
  return status === 'needsRekey' ? 'rekeying' : 'waiting';
}
