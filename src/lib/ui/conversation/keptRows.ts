import type { MessageItem } from '../../services/client.ts';
import type { TimelineRow } from './timeline.ts';

/**
 * The rows of `next`, with the objects of `before` where nothing changed. Every answer of the worker is a
 * fresh copy; without this, one tick of one message would draw a thousand others again.
 */
export function keptRows(before: readonly TimelineRow[], next: readonly TimelineRow[]): readonly TimelineRow[] {
  const known = new Map(before.map((row) => [row.key, row]));
  return next.map((row) => {
    const old = known.get(row.key);
    return old !== undefined && isSameRow(old, row) ? old : row;
  });
}

function isSameRow(old: TimelineRow, row: TimelineRow): boolean {
  if (old.kind === 'message' && row.kind === 'message') {
    return old.starts === row.starts && old.ends === row.ends && isSameMessage(old.message, row.message);
  }
  if (old.kind === 'notice' && row.kind === 'notice') return isSameMessage(old.message, row.message);
  if (old.kind === 'day' && row.kind === 'day') return old.at === row.at;
  return old.kind === row.kind;
}

function isSameMessage(old: MessageItem, message: MessageItem): boolean {
  const names = new Set([...Object.keys(old), ...Object.keys(message)]) as Set<keyof MessageItem>;
  for (const name of names) {
    // What happened in a group never changes once it is told.
    if (name !== 'notice' && !isSame(old[name], message[name])) return false;
  }
  return true;
}

/** Plain data of the same making: its parts come in the same order. */
const isSame = (old: unknown, now: unknown): boolean =>
  old === now || (typeof old === 'object' && typeof now === 'object' && JSON.stringify(old) === JSON.stringify(now));
