import { concat, hexFromBytes, utf8 } from '../core/bytes.ts';
import { sha256 } from '../crypto/primitives.ts';
import { SCHEMA_VERSION } from '../db/schema.ts';
import { newestChainOf } from '../db/senderKeys.ts';
import { PROTOCOL_VERSION } from '../protocol/limits.ts';
import { chainOf } from '../sync/storedChain.ts';
import type { Session } from '../sync/session.ts';

const HOUR_MS = 3600_000;

/**
 * What this device did with what it received, for somebody who helps: versions and counts. No id of a person,
 * device, group or message, no name, no text. A group shows as eight hex digits of a hash of its present epoch,
 * which two of its members can hold against each other and nobody else can make anything of.
 */
export async function diagnostic(session: Session): Promise<string> {
  const { store, identity, clock } = session;
  const groups: object[] = [];
  for (const groupId of await store.mlsGroups.toCollection().primaryKeys()) {
    const row = await store.mlsGroups.get(groupId);
    const chain = await newestChainOf(store, groupId, identity.signaturePublic);
    groups.push({
      epoch: chain === undefined ? 'none' : digest(chainOf(chain).authenticatorHash),
      refused: (row?.streamEpoch ?? row?.epoch ?? 0) - (row?.epoch ?? 0),
      sealed: chain?.iteration ?? 0,
      isRestored: row?.restoredAt !== undefined,
    });
  }
  const report = {
    at: Math.floor(clock.now() / HOUR_MS) * HOUR_MS,
    versions: { protocol: PROTOCOL_VERSION, store: SCHEMA_VERSION },
    received: countBy(await store.inbox.toArray(), (row) => `${row.kind} ${row.outcome ?? row.status}`),
    waiting: countBy(
      await store.offlineOperations.toArray(),
      (row) => `${row.operationType} ${row.status} ${row.errorMessage ?? ''}`,
    ),
    events: countBy(await store.securityEvents.toArray(), (row) => row.eventType),
    keyPackages: countBy(await store.keyPackages.toArray(), (row) => row.status),
    groups: groups.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
  };
  return JSON.stringify(report, undefined, 2);
}

const digest = (authenticatorHash: Uint8Array): string =>
  hexFromBytes(sha256(concat(utf8('cairn/1 diagnostic\0'), authenticatorHash)).subarray(0, 4));

function countBy<T>(rows: readonly T[], nameOf: (row: T) => string): Record<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(nameOf(row).trim(), (counts.get(nameOf(row).trim()) ?? 0) + 1);
  return Object.fromEntries([...counts].toSorted());
}
