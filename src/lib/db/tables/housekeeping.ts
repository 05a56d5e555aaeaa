import type { AccountId } from '../../core/ids.ts';
import {
  boolean,
  bytes,
  cascade,
  index,
  integer,
  json,
  oneOf,
  optional,
  real,
  sealed,
  table,
  text,
} from '../declare.ts';

export const settings = table({
  key: 'key',
  columns: { key: text(), value: sealed(json()), createdAt: integer(), updatedAt: integer() },
  indexes: [index('updatedAt')],
});

/** Hash-chained: a row that was removed or altered is found. */
export const auditLog = table({
  key: 'logId',
  columns: {
    /** Sorts in the order of writing. */
    logId: text(),
    timestamp: integer(),
    eventType: text(),
    userId: optional(text<AccountId>()),
    resourceType: optional(text()),
    resourceId: optional(text()),
    action: text(),
    details: sealed(optional(json())),
    userAgent: optional(text()),
    success: boolean(),
    errorMessage: sealed(optional(text())),
    /** Keyed hash of the row before; empty in the first there ever was. */
    previousHash: sealed(text()),
  },
  indexes: [
    index('timestamp', 'eventType'),
    index('userId', 'timestamp'),
    index('resourceType'),
    index('eventType', 'success', 'timestamp'),
  ],
});

export const securityEvents = table({
  key: 'eventId',
  columns: {
    /** Sorts in the order of writing. */
    eventId: text(),
    timestamp: integer(),
    eventType: text(),
    severity: oneOf('low', 'medium', 'high', 'critical'),
    userId: optional(text<AccountId>()),
    description: sealed(text()),
    rawData: sealed(optional(json())),
    resolved: boolean(),
    resolvedAt: optional(integer()),
    resolution: sealed(optional(text())),
  },
  indexes: [index('severity', 'timestamp'), index('resolved', 'timestamp'), index('timestamp')],
});

/** Local only, never sent. */
export const performanceMetrics = table({
  key: 'metricId',
  columns: {
    /** Sorts in the order of writing. */
    metricId: text(),
    timestamp: integer(),
    metricName: text(),
    metricValue: real(),
    unit: optional(text()),
    category: optional(text()),
    metadata: optional(json()),
  },
  indexes: [index('metricName', 'timestamp'), index('timestamp')],
});

/** Local only, never sent. */
export const usageStatistics = table({
  key: ['date', 'metric'],
  columns: {
    /** `YYYY-MM-DD`. */
    date: text(),
    metric: text(),
    value: integer(),
  },
});

export const retentionPolicies = table({
  key: 'tableName',
  columns: {
    tableName: text(),
    retentionDays: integer(),
    archiveTable: optional(text()),
    cleanupEnabled: boolean(),
    lastCleanup: optional(integer()),
  },
  checks: [{ name: 'days', columns: ['retentionDays'], test: (row) => row.retentionDays >= 0 }],
});

/** Rows that an integrity check took out of their tables, as they lay on disk: what was sealed still is. */
export const quarantine = table({
  key: 'id',
  columns: {
    id: text(),
    tableName: text(),
    /** The finding that moved it here. */
    reason: text(),
    foundAt: integer(),
    row: json(),
  },
  indexes: [index('foundAt'), index('tableName')],
});

export const backupMetadata = table({
  key: 'backupId',
  columns: {
    backupId: text(),
    backupType: oneOf('full', 'incremental'),
    createdAt: integer(),
    completedAt: optional(integer()),
    status: oneOf('running', 'completed', 'failed'),
    totalSize: optional(integer()),
    fileCount: optional(integer()),
    encryptionInfo: optional(json()),
    integrityHash: optional(text()),
    retentionUntil: optional(integer()),
  },
  indexes: [index('status', 'createdAt')],
});

export const backupContents = table({
  key: ['backupId', 'tableName'],
  columns: {
    backupId: text(),
    tableName: text(),
    recordCount: integer(),
    dataSize: integer(),
    checksum: text(),
  },
  relations: [cascade('backupId', 'backupMetadata', 'backupId')],
});

/** What the last backup holds, so that the next can hold only what changed: key and keyed hash of each row. */
export const backupDigests = table({
  key: ['tableName', 'part'],
  columns: {
    tableName: text(),
    /** In the order of the table's primary keys. */
    part: integer(),
    /** CBOR `[[key, hash], …]`. */
    entries: sealed(bytes()),
  },
});

export const schemaMigrations = table({
  key: 'version',
  columns: {
    version: integer(),
    appliedAt: integer(),
    description: text(),
    checksum: text(),
    success: boolean(),
    /** Of a version that changes sealed columns: where its step goes on, and when it was through. */
    resumeAt: optional(text()),
    unlockedAt: optional(integer()),
  },
});
