import * as v from 'valibot';
import { bytes, natural, plainMap } from '../../protocol/fields.ts';

/** One row of a table: columns by name, as the store declares them. */
export type BackupRow = Readonly<Record<string, unknown>>;

const tableName = v.pipe(v.string(), v.minLength(1), v.maxLength(64));

/** Largest frame: a row of a mebibyte of text is far below it. */
export const FRAME_LIMIT = 64 * 1024 * 1024;

const tally = v.strictObject({
  table: tableName,
  /** Rows in this file. */
  count: natural,
  /** Keys of rows that an increment takes away. */
  gone: natural,
  /** Rows that could not be read, and are not here. */
  damaged: natural,
  /** Bytes of this table's frames. */
  size: natural,
  /** SHA-256 over this table's frames. */
  checksum: bytes(32),
});

/** What a file holds of one table. */
export type TableTally = v.InferOutput<typeof tally>;

const row = v.pipe(plainMap<Record<string, unknown>>(), v.record(v.string(), v.unknown()));

/** The plaintext of a backup: frames of `u32 length ‖ CBOR`, the first `begin`, the last `end`, then zeros. */
export const frame = v.variant('f', [
  v.strictObject({
    f: v.literal('begin'),
    /** Version of the tables. */
    schema: natural,
    account: v.string(),
    device: v.string(),
    /** Keyed hashes in the rows are made with it; the restored store goes on with it. */
    databaseKey: bytes(32),
  }),
  v.strictObject({ f: v.literal('rows'), table: tableName, rows: v.array(row) }),
  v.strictObject({ f: v.literal('gone'), table: tableName, keys: v.array(v.unknown()) }),
  v.strictObject({ f: v.literal('end'), tables: v.array(tally), integrity: bytes(32) }),
]);

export type Frame = v.InferOutput<typeof frame>;
export type BeginFrame = Extract<Frame, { f: 'begin' }>;
export type EndFrame = Extract<Frame, { f: 'end' }>;
