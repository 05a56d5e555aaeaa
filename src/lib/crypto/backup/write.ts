import { concat, u32, type Bytes } from '../../core/bytes.ts';
import { cborFromValue } from '../../protocol/wire.ts';
import { chunkKey, createChunkWriter } from './chunks.ts';
import type { BackupRow, BeginFrame, EndFrame, Frame } from './frames.ts';
import { createTallies, integrityOf } from './tallies.ts';

/** Writes one backup file. Synchronous and without memory of what it wrote, so that it can follow a cursor. */
export interface BackupWriter {
  rows(table: string, rows: readonly BackupRow[]): void;
  /** Primary keys of rows that were there in the base and are gone. */
  gone(table: string, keys: readonly unknown[]): void;
  damaged(table: string): void;
  /** Writes the manifest and what pads the file. */
  end(): EndFrame;
  /** Bytes so far. */
  readonly size: number;
}

/**
 * @param header the file's first bytes, with the key they wrap: see `createHeader`.
 * @param write takes each piece of the file.
 */
export function createBackupWriter(
  header: { readonly bytes: Bytes; readonly fileKey: Bytes },
  begin: Omit<BeginFrame, 'f'>,
  write: (bytes: Bytes) => void,
): BackupWriter {
  let size = 0;
  let plain = 0;
  const out = (bytes: Bytes): void => {
    size += bytes.length;
    write(bytes);
  };
  const tallies = createTallies();
  const chunks = createChunkWriter(chunkKey(header.fileKey, header.bytes), out);
  const put = (frame: Frame): Bytes => {
    const encoded = cborFromValue(frame);
    const framed = concat(u32(encoded.length), encoded);
    plain += framed.length;
    chunks.write(framed);
    return framed;
  };
  out(header.bytes);
  put({ f: 'begin', ...begin });
  return {
    rows: (table, rows) => tallies.rows(table, rows.length, put({ f: 'rows', table, rows: [...rows] })),
    gone: (table, keys) => tallies.gone(table, keys.length, put({ f: 'gone', table, keys: [...keys] })),
    damaged: tallies.damaged,
    end() {
      const tables = tallies.all();
      const end: EndFrame = { f: 'end', tables, integrity: integrityOf(header.bytes, tables) };
      put(end);
      for (let left = padded(plain) - plain; left > 0; left -= ZEROS.length) {
        chunks.write(ZEROS.subarray(0, Math.min(left, ZEROS.length)));
      }
      chunks.end();
      return end;
    },
    get size() {
      return size;
    },
  };
}

const ZEROS = new Uint8Array(64 * 1024);

/** Padmé, as for large records (protocol §3), for lengths beyond 32 bits too: at most 12 % more. */
function padded(length: number): number {
  const exponent = Math.floor(Math.log2(length));
  const step = 2 ** (exponent - Math.floor(Math.log2(exponent)) - 1);
  return Math.ceil(length / step) * step;
}
