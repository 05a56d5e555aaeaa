import { concat, equal, type Bytes } from '../../core/bytes.ts';
import { refuse, unwrap } from '../../core/result.ts';
import { cborFromValue, valueFromCbor } from '../../protocol/wire.ts';
import { sha256 } from '../primitives.ts';
import { chunkKey, openChunks } from './chunks.ts';
import { backupFault } from './fault.ts';
import { frame, FRAME_LIMIT, type BeginFrame, type EndFrame, type Frame, type TableTally } from './frames.ts';
import { headerLength, PREFIX, readHeader, type BackupHeader } from './header.ts';
import { createTallies, integrityOf } from './tallies.ts';

/** The start of a backup and the rest of its bytes. */
export interface OpenedBackup {
  readonly header: BackupHeader;
  /** As it lies in the file. */
  readonly headerBytes: Bytes;
  /** Sealed chunks; may be read once. */
  readonly rest: AsyncIterable<Uint8Array>;
}

/** Reads the header. Refused (thrown): `backup-foreign`, `backup-damaged`, `backup-newer`. */
export async function openBackup(file: AsyncIterable<Uint8Array>): Promise<OpenedBackup> {
  const parts = file[Symbol.asyncIterator]();
  let held: Bytes = new Uint8Array(0);
  const fill = async (length: number): Promise<void> => {
    while (held.length < length) {
      const part = await parts.next();
      if (part.done === true) return;
      held = concat(held, part.value);
    }
  };
  await fill(PREFIX);
  const length = unwrap(headerLength(held));
  await fill(length);
  if (held.length < length) refuse(backupFault('backup-damaged', 'header'));
  const headerBytes = held.slice(0, length);
  return { header: unwrap(readHeader(headerBytes)), headerBytes, rest: joined(held.subarray(length), parts) };
}

/** The rest, which also ends reading the file when it is not read to its end. */
async function* joined(first: Uint8Array, parts: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    for (let part = await parts.next(); part.done !== true; part = await parts.next()) yield part.value;
  } finally {
    await parts.return?.();
  }
}

/** What a reader is shown: the rows and keys between `begin` and `end`. */
export type BodyFrame = Exclude<Frame, BeginFrame | EndFrame>;

/**
 * Reads a backup to its end and holds it against its own manifest. What it shows on the way counts only
 * once it has returned. Refused (thrown): `backup-damaged`.
 * @param begin is told first; may refuse.
 */
export async function readBackup(
  opened: OpenedBackup,
  fileKey: Bytes,
  told: { begin(begin: BeginFrame): void; frame(frame: BodyFrame): Promise<void> | void },
): Promise<EndFrame> {
  const { headerBytes, rest } = opened;
  const tallies = createTallies();
  let hasBegun = false;
  let end: EndFrame | undefined;
  for await (const [one, bytes] of framesOf(openChunks(chunkKey(fileKey, headerBytes), rest))) {
    if (hasBegun === (one.f === 'begin')) refuse(backupFault('backup-damaged', 'begin'));
    if (one.f === 'begin') {
      hasBegun = true;
      told.begin(one);
    } else if (one.f === 'end') {
      end = one;
    } else {
      if (one.f === 'rows') tallies.rows(one.table, one.rows.length, bytes);
      else tallies.gone(one.table, one.keys.length, bytes);
      await told.frame(one);
    }
  }
  if (end === undefined) return refuse(backupFault('backup-damaged', 'no end'));
  checkManifest(headerBytes, end, tallies.all());
  return end;
}

/** The manifest must say what was found, table for table, and nothing else. */
function checkManifest(header: Bytes, end: EndFrame, found: readonly TableTally[]): void {
  const left = new Map(found.map((tally) => [tally.table, tally]));
  for (const said of end.tables) {
    const is = left.get(said.table) ?? { ...said, count: 0, gone: 0, size: 0, checksum: sha256(new Uint8Array(0)) };
    left.delete(said.table);
    // How many rows of the store could not be read is for the writer alone to know.
    if (!equal(cborFromValue({ ...is, damaged: said.damaged }), cborFromValue(said))) {
      refuse(backupFault('backup-damaged', said.table));
    }
  }
  if (left.size > 0) refuse(backupFault('backup-damaged', 'unnamed table'));
  if (!equal(integrityOf(header, end.tables), end.integrity)) refuse(backupFault('backup-damaged', 'integrity'));
}

/** Frames with the bytes they were read from, up to `end`; after it nothing but zeros. */
async function* framesOf(plain: AsyncIterable<Bytes>): AsyncGenerator<[Frame, Uint8Array]> {
  let held: Bytes = new Uint8Array(0);
  let isOver = false;
  for await (const chunk of plain) {
    held = held.length === 0 ? chunk : concat(held, chunk);
    while (!isOver && held.length >= 4) {
      const length = 4 + new DataView(held.buffer, held.byteOffset).getUint32(0);
      if (length > FRAME_LIMIT) refuse(backupFault('backup-damaged', 'frame length'));
      if (held.length < length) break;
      const bytes = held.subarray(0, length);
      const decoded = valueFromCbor(frame, bytes.subarray(4), FRAME_LIMIT);
      if (!decoded.ok) refuse(backupFault('backup-damaged', 'frame'));
      else {
        yield [decoded.value, bytes];
        isOver = decoded.value.f === 'end';
      }
      held = held.subarray(length);
    }
    if (isOver) {
      if (held.some((byte) => byte !== 0)) refuse(backupFault('backup-damaged', 'padding'));
      held = new Uint8Array(0);
    }
  }
  if (held.length > 0) refuse(backupFault('backup-damaged', 'cut off'));
}
