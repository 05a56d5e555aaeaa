import { Unzip, UnzipInflate, Zip, ZipDeflate, ZipPassThrough } from 'fflate';
import type { Bytes } from '../core/bytes.ts';
import { err, refuse, settle, unwrap, type Fault, type Result } from '../core/result.ts';
import { liveFiles, workspaceOf } from '../db/workspaces.ts';
import { currentOf, emptyFile } from '../domain/space.ts';
import type { Composer } from '../sync/compose.ts';
import type { Session } from '../sync/session.ts';
import { isText } from './fileTypes.ts';
import { addToWorkspace, openVersion } from './workspaceFiles.ts';
import { createFolder } from './workspaces.ts';
import type { IncomingFile } from './workspacesClient.ts';

/** Workspaces as zip archives, both ways; an archive is read and written piece by piece. */

const MOST_FILES = 20_000;
/** Unpacked; a small archive can claim to hold anything. */
const MOST_BYTES = 4 * 1024 ** 3;

/** Refused: `not-a-zip`, `bad-path`, `too-many-in-workspace`, `too-large`, `not-found`, `not-a-member`. */
export async function importZip(composer: Composer, id: string, folder: string, zip: Blob): Promise<Result<number>> {
  const start = new Uint8Array(await zip.slice(0, 4).arrayBuffer());
  if (start[0] !== 0x50 || start[1] !== 0x4b || start[2] === undefined || start[2] > 8) return err(NOT_A_ZIP);
  return settle(async () => {
    let changed = 0;
    for await (const { files, folders } of unpacked(zip)) {
      for (const path of folders) unwrap(await createFolder(composer, id, path));
      if (files.length > 0) changed += unwrap(await addToWorkspace(composer, id, folder, files));
    }
    return changed;
  });
}

async function* unpacked(zip: Blob): AsyncGenerator<{ files: readonly IncomingFile[]; folders: readonly string[] }> {
  let files: IncomingFile[] = [];
  let folders: string[] = [];
  let fault: Fault | undefined;
  let entries = 0;
  let bytes = 0;
  const unzip = new Unzip((entry) => {
    if (++entries > MOST_FILES) fault ??= { code: 'too-many-in-workspace', retry: 'person' };
    if (fault !== undefined) return;
    if (entry.name.endsWith('/')) return void folders.push(entry.name);
    let parts: Blob[] = [];
    entry.ondata = (failed, piece, isLast) => {
      bytes += piece.length;
      if (bytes > MOST_BYTES) fault ??= { code: 'too-large', retry: 'person' };
      if (failed !== null) fault ??= NOT_A_ZIP;
      if (fault !== undefined) return entry.terminate();
      parts.push(new Blob([new Uint8Array(piece)]));
      if (!isLast) return;
      files.push({ path: entry.name, blob: new Blob(parts) });
      parts = [];
    };
    entry.start();
  });
  unzip.register(UnzipInflate);
  for (let at = 0; at < zip.size; at += PIECE) {
    const piece = new Uint8Array(await zip.slice(at, at + PIECE).arrayBuffer());
    if (!pushed(() => unzip.push(piece, at + PIECE >= zip.size))) fault ??= NOT_A_ZIP;
    if (fault !== undefined) return refuse(fault);
    yield { files, folders };
    files = [];
    folders = [];
  }
}

/** The library throws what it can't read. */
function pushed(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

/** Bytes that are read at a time: what a few of them unpack to fits in memory. */
const PIECE = 256 * 1024;

/** Refused: `not-found`, and as opening a file. */
export const exportZip = (session: Session, id: string): Promise<Result<Blob>> =>
  settle(async () => {
    await workspaceOf(session.store, id);
    const parts: Blob[] = [];
    let failed: unknown;
    const zip = new Zip((fault, piece) => {
      failed ??= fault ?? undefined;
      parts.push(new Blob([own(piece)]));
    });
    for (const row of await liveFiles(session.store, id)) {
      const version = currentOf(row.metadata ?? emptyFile(row.id));
      if (version === undefined) continue;
      const blob = unwrap(await openVersion(session, version));
      const entry = isText(version.y) ? new ZipDeflate(row.filePath, { level: 6 }) : new ZipPassThrough(row.filePath);
      entry.mtime = row.lastModified;
      zip.add(entry);
      for (let at = 0; at === 0 || at < blob.size; at += PIECE) {
        const piece = new Uint8Array(await blob.slice(at, at + PIECE).arrayBuffer());
        entry.push(piece, at + PIECE >= blob.size);
      }
    }
    zip.end();
    if (failed !== undefined) throw new Error('the archive could not be written', { cause: failed });
    return new Blob(parts, { type: 'application/zip' });
  });

const own = (piece: Uint8Array): Bytes => new Uint8Array(piece);

const NOT_A_ZIP: Fault<'not-a-zip'> = { code: 'not-a-zip', retry: 'person' };
