import type { Bytes } from '../../core/bytes.ts';
import type { MessageId } from '../../core/ids.ts';
import { bytesFromValue, valueFromBytes } from '../cbor.ts';
import { packColumn, unpackColumn, type PackedColumn } from './columns.ts';
import type { StoredMessage } from './whole.ts';

/**
 * What lies sealed in a block: the rows of each table by columns, in deterministic CBOR (RFC 8949 §4.2.1).
 * A block of 64 is some twenty values to encode, not a thousand.
 */
type Packed = readonly [count: number, columns: Readonly<Record<string, PackedColumn>>];

const SATELLITES = ['changes', 'reactions', 'receipts', 'attachments'] as const;

/** @param messages in the order of their sort keys. */
export function bytesFromMessages(messages: readonly StoredMessage[]): Bytes {
  const tables: Record<string, Packed> = { messages: pack(messages.map(({ row }) => row)) };
  const bodies = messages.flatMap(({ body }) => body ?? []);
  if (bodies.length > 0) tables['bodies'] = pack(bodies);
  for (const name of SATELLITES) {
    const rows = messages.flatMap<object>((message) => message[name]);
    if (rows.length > 0) tables[name] = pack(rows);
  }
  return bytesFromValue(tables);
}

/** In the order of their sort keys. */
export function messagesFromBytes(bytes: Uint8Array): StoredMessage[] {
  const tables = valueFromBytes(bytes) as Record<string, Packed | undefined>;
  const messages = unpack<StoredMessage['row']>(tables['messages']).map((row): StoredMessage => ({
    row,
    changes: [],
    reactions: [],
    receipts: [],
    attachments: [],
  }));
  const byId = new Map(messages.map((message) => [message.row.id, message]));
  for (const body of unpack<NonNullable<StoredMessage['body']>>(tables['bodies'])) {
    const message = byId.get(body.messageId);
    if (message !== undefined) message.body = body;
  }
  for (const name of SATELLITES) {
    for (const row of unpack<{ messageId: MessageId }>(tables[name]))
      byId.get(row.messageId)?.[name].push(row as never);
  }
  return messages;
}

function pack(rows: readonly object[]): Packed {
  const columns: Record<string, unknown[]> = {};
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as Record<string, unknown>;
    for (const name of Object.keys(row))
      (columns[name] ??= new Array<unknown>(rows.length).fill(undefined))[i] = row[name];
  }
  return [rows.length, Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, packColumn(values)]))];
}

function unpack<R>(packed: Packed | undefined): R[] {
  if (packed === undefined) return [];
  const [count, columns] = packed;
  const rows = Array.from({ length: count }, (): Record<string, unknown> => ({}));
  for (const [name, column] of Object.entries(columns)) {
    const values = unpackColumn(column, count);
    for (let i = 0; i < count; i++) if (values[i] !== undefined) (rows[i] as Record<string, unknown>)[name] = values[i];
  }
  return rows as R[];
}
