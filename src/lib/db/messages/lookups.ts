import type { AccountId, MessageId } from '../../core/ids.ts';
import { longId, shortId } from './shortIds.ts';
import type { StoredMessage } from './whole.ts';

/**
 * What an archived message is found by: texts in the clear index column `lookups` of its block, which say
 * no more than the index columns of rows do. A span is followed by the stamps of the first and the last sort key
 * that the block has under it; a block never crosses a month, so a span doesn't either. All is as short as can be:
 * writing these is most of what writing a block takes.
 */
export const idLookup = (id: MessageId): string => ID_LOOKUPS + shortId(id);
/** What all lookups of ids begin with. */
export const ID_LOOKUPS = 'i|';
export const idOf = (lookup: string): MessageId => longId(lookup.slice(ID_LOOKUPS.length)) as MessageId;
export const transferLookup = (transferId: string): string => `f|${transferId}`;
/** Messages of one sender. */
export const senderSpan = (sender: AccountId): string => `s|${shortId(sender)}|`;
/** Answers in one thread. */
export const threadSpan = (parent: MessageId): string => `t|${shortId(parent)}|`;

/** @param messages of one block, in order. */
export function lookupsOf(messages: readonly StoredMessage[]): string[] {
  const lookups: string[] = [];
  const spans = new Map<string, [first: string, last: string]>();
  const widen = (span: string, sortKey: string): void => {
    const known = spans.get(span);
    if (known === undefined) spans.set(span, [sortKey, sortKey]);
    else known[1] = sortKey;
  };
  for (const { row, attachments } of messages) {
    lookups.push(idLookup(row.id));
    for (const { transferId } of attachments) if (transferId !== undefined) lookups.push(transferLookup(transferId));
    widen(senderSpan(row.senderId), row.sortKey);
    if (row.parentMessageId !== undefined) widen(threadSpan(row.parentMessageId), row.sortKey);
  }
  for (const [span, [first, last]] of spans) lookups.push(`${span}${stampIn(first)} ${stampIn(last)}`);
  return lookups;
}

/** Stamps of the first and the last sort key of a span's lookup. */
export function boundsOf(span: string, lookup: string): { first: string; last: string } {
  const bounds = lookup.slice(span.length);
  const middle = bounds.indexOf(' ');
  return { first: bounds.slice(0, middle), last: bounds.slice(middle + 1) };
}

/** Time and counter of a sort key, without the device. */
export const stampIn = (sortKey: string): string => sortKey.slice(0, 16);

/** Sorts before every lookup of a span that begins with this stamp; with a blank's successor, after all of them. */
export const beginningWith = (span: string, stamp: string): { from: string; to: string } => ({
  from: span + stamp,
  to: `${span}${stamp}!`,
});

/** Sorts before every sort key of this time and after all earlier ones. @param ms since the epoch, UTC. */
export const timeKey = (ms: number): string => ms.toString(16).padStart(12, '0');

const timeOf = (sortKey: string): Date => new Date(Number.parseInt(sortKey.slice(0, 12), 16) || 0);

/** The month, in UTC, that a sort key falls into: `YYYYMM`. */
export const monthOf = (sortKey: string): string => timeOf(sortKey).toISOString().slice(0, 7).replace('-', '');

/** Sorts before every sort key of the same month, and after those of earlier ones. */
export const monthStart = (sortKey: string): string => monthAround(sortKey, 0);

/** Sorts before every sort key of later months. */
export const monthAfter = (sortKey: string): string => monthAround(sortKey, 1);

function monthAround(sortKey: string, further: number): string {
  const time = timeOf(sortKey);
  return timeKey(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + further));
}
