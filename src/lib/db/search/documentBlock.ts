import type { Bytes } from '../../core/bytes.ts';
import type { ConversationId } from '../../core/ids.ts';
import type { ByteWriter } from './bytes.ts';
import { createByteReader } from './bytes.ts';
import type { DocumentEntry } from './documents.ts';

/** Entries in one block, but for the last. */
export const DOCUMENTS_IN_BLOCK = 256;

/** Text that many entries share, written once in the segment's header. */
export interface Names {
  readonly list: string[];
  numberOf(name: string): number;
}

export function createNames(list: string[] = []): Names {
  const numbers = new Map(list.map((name, i) => [name, i]));
  return {
    list,
    numberOf(name) {
      const known = numbers.get(name);
      if (known !== undefined) return known;
      numbers.set(name, list.length);
      return list.push(name) - 1;
    },
  };
}

const SORT_KEY = /^([0-9a-f]{12})([0-9a-f]{4})-([A-Za-z0-9_-]{1,24})$/u;
const IS_GONE = 1;
const IS_PLAIN = 2;

/**
 * Entries of a segment, newest first: flags, conversation, sort key, time, fingerprint. A sort key is the
 * step from the one before, a counter and a device; one of another form is written as it is.
 */
export function writeDocuments(
  out: ByteWriter,
  entries: readonly DocumentEntry[],
  conversations: Names,
  devices: Names,
): Bytes {
  let last = 0;
  for (const { conversationId, sortKey, timestamp, fingerprint } of entries) {
    const parts = SORT_KEY.exec(sortKey);
    const ms = parts === null ? last : Number.parseInt(parts[1] ?? '', 16);
    const isPlain = parts === null || (last > 0 && ms > last);
    out.number((fingerprint === undefined ? IS_GONE : 0) | (isPlain ? IS_PLAIN : 0));
    out.number(conversations.numberOf(conversationId));
    const base = last;
    if (isPlain) out.text(sortKey);
    else {
      out.number(base === 0 ? ms : base - ms);
      out.number(Number.parseInt(parts[2] ?? '', 16));
      out.number(devices.numberOf(parts[3] ?? ''));
      last = ms;
    }
    out.number(zigzag(timestamp - last));
    if (fingerprint !== undefined) out.number(fingerprint);
  }
  return out.take();
}

/** The entries of a block; with `wanted`, ascending, only those, by their place in it. */
export function readDocuments(
  bytes: Uint8Array,
  conversations: readonly string[],
  devices: readonly string[],
  wanted?: readonly number[],
): DocumentEntry[] {
  const reader = createByteReader(bytes);
  const entries: DocumentEntry[] = [];
  let last = 0;
  for (let n = 0, at = 0; reader.at < reader.length; n++) {
    const flags = reader.number();
    const conversation = reader.number();
    let [plain, count, device] = ['', 0, 0];
    if ((flags & IS_PLAIN) !== 0) plain = reader.text();
    else {
      const step = reader.number();
      last = last === 0 ? step : last - step;
      count = reader.number();
      device = reader.number();
    }
    const timestamp = last + unzigzag(reader.number());
    const fingerprint = (flags & IS_GONE) === 0 ? reader.number() : undefined;
    if (wanted !== undefined) {
      if (at >= wanted.length) break;
      if (wanted[at] !== n) continue;
      at++;
    }
    const conversationId = (conversations[conversation] ?? '') as ConversationId;
    const sortKey = (flags & IS_PLAIN) !== 0 ? plain : `${hex(last, 12)}${hex(count, 4)}-${devices[device] ?? ''}`;
    entries.push({ conversationId, sortKey, timestamp, fingerprint });
  }
  return entries;
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** Small numbers of either sign as small numbers. */
const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);
const unzigzag = (value: number): number => (value % 2 === 1 ? -(value + 1) / 2 : value / 2);
