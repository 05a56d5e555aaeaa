import type { StorageFinding } from '../../services/client.ts';
import { m } from '../paraglide/messages.js';

const words = {
  'seal-damaged': m.finding_seal_damaged,
  invalid: m.finding_invalid,
  'check-broken': m.finding_invalid,
  orphan: m.finding_orphan,
  'not-unique': m.finding_not_unique,
  'too-many': m.finding_too_many,
  'wrong-count': m.finding_wrong_count,
  'unread-count': m.finding_wrong_count,
  'message-count': m.finding_wrong_count,
  'block-damaged': m.finding_invalid,
  'audit-broken': m.finding_audit_broken,
  migration: m.finding_migration,
} as const satisfies Record<StorageFinding['kind'], (facts: { count: number; table: string }) => string>;

/** One sentence for each kind of damage in each table. */
export function sayFindings(findings: readonly StorageFinding[]): string[] {
  const counts = new Map<string, { kind: StorageFinding['kind']; table: string; count: number }>();
  for (const { kind, table } of findings) {
    const key = `${kind} ${table}`;
    counts.set(key, { kind, table, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()].map(({ kind, table, count }) => words[kind]({ count, table }));
}
