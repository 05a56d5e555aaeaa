import type { AccountId, DeviceId, MessageId, StreamId } from '../../core/ids.ts';
import { boolean, bytes, index, integer, json, oneOf, optional, sealed, table, text } from '../declare.ts';

/** The outbox. Operations of a lane go in order; a failed one stays until a person retries or discards it. */
export const offlineOperations = table({
  key: 'id',
  columns: {
    /** Also the idempotency key. */
    id: text(),
    userId: text<AccountId>(),
    deviceId: text<DeviceId>(),
    operationType: text(),
    /** What only the unlocked app reads. */
    operationData: sealed(optional(json())),
    /** Ciphertext that the service worker sends as it is. */
    payload: optional(bytes()),
    streamId: optional(text<StreamId>()),
    /** The message that it sends. */
    messageId: optional(text<MessageId>()),
    /** What it does to another message, and to which. */
    change: optional(oneOf('edit', 'delete', 'react', 'unreact', 'pin', 'unpin')),
    targetId: optional(text<MessageId>()),
    epoch: optional(integer()),
    /** Ordering key: a conversation or another resource. */
    lane: text(),
    /** Order within the lane; see `core/clock`. */
    sortKey: text(),
    createdAt: integer(),
    retryCount: integer(),
    maxRetries: integer(),
    nextAttemptAt: integer(),
    status: oneOf('pending', 'inFlight', 'needsRekey', 'failed', 'done'),
    errorMessage: optional(text()),
  },
  indexes: [
    index('status', 'createdAt'),
    index('deviceId', 'status', 'createdAt'),
    index('lane', 'sortKey'),
    index('messageId'),
    index('change'),
    index('operationType'),
    index('lane', 'operationType'),
  ],
});

/** What sync did; feeds the activity page. */
export const syncOperations = table({
  key: 'id',
  columns: {
    id: text(),
    userId: text<AccountId>(),
    deviceId: text<DeviceId>(),
    operationType: oneOf('push', 'pull', 'merge', 'resolve'),
    resourceType: text(),
    resourceId: text(),
    operationData: sealed(optional(json())),
    status: oneOf('pending', 'running', 'done', 'failed'),
    conflictData: sealed(optional(json())),
    createdAt: integer(),
    completedAt: optional(integer()),
  },
  indexes: [index('status', 'createdAt'), index('resourceType', 'resourceId')],
});

/** Entries as the relay handed them out: ciphertext, kept until they are opened. */
export const inbox = table({
  key: ['streamId', 'seq'],
  columns: {
    streamId: text<StreamId>(),
    seq: integer(),
    kind: oneOf('record', 'commit', 'welcome'),
    id: text(),
    epoch: integer(),
    sender: text<DeviceId>(),
    /** When the relay took it. */
    at: integer(),
    payload: bytes(),
    receivedAt: integer(),
    status: oneOf('new', 'buffered', 'done'),
    outcome: optional(text()),
  },
  indexes: [index('status', 'streamId', 'seq')],
});

export const cursors = table({
  key: 'streamId',
  columns: {
    streamId: text<StreamId>(),
    seq: integer(),
    /** We were let in again: what came in between is not for us. */
    isLetIn: optional(boolean()),
    /** How often the next entry was not the one after `seq`. */
    gapTries: optional(integer()),
    /** The first entry that the relay skipped, until the person was told. */
    missingFrom: optional(integer()),
    /** The first entry that the relay had no more because it was too old, until the person was told. */
    trimmedFrom: optional(integer()),
    updatedAt: integer(),
  },
  grows: ['seq'],
});
