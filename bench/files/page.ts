import { newId } from '../../src/lib/core/ids.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import { PLAIN_CHUNK } from '../../src/lib/crypto/fileCipher.ts';
import { mergeSpace, workspaceTables } from '../../src/lib/db/workspaces.ts';
import { openStore } from '../../src/lib/db/store.ts';
import { emptyFile, type SpaceFile } from '../../src/lib/domain/space.ts';
import { systemClock } from '../../src/lib/platform/clock.ts';
import { createHttpTransport } from '../../src/lib/platform/httpTransport.ts';
import { webLoginKeys } from '../../src/lib/platform/loginKeys.ts';
import { consoleLogger, systemRandom, webLocks } from '../../src/lib/platform/ports.ts';
import { createAccount } from '../../src/lib/services/account.ts';
import { fetchBytes, sealBlob, sealChunks } from '../../src/lib/services/fileBytes.ts';
import { addToWorkspace } from '../../src/lib/services/workspaceFiles.ts';
import { createWorkspace } from '../../src/lib/services/workspaces.ts';
import { sortKeyOf } from '../../src/lib/core/clock.ts';
import { lockedDevice } from '../../src/lib/sync/locked.ts';
import { uploadWaiting } from '../../src/lib/sync/uploads.ts';
import type { Session } from '../../src/lib/sync/session.ts';

export interface Question {
  /** Bytes of the file. */
  readonly size: number;
  readonly relayPort: number;
  readonly staticPort: number;
}

/** Seconds, but for the workspaces: milliseconds. */
export interface Figures {
  /** `heap`: bytes in use above those before, after garbage was collected. */
  readonly seal: { readonly cairn: number; readonly plain: number; readonly heap: number };
  readonly move: { readonly up: number; readonly down: number; readonly plain: number };
  readonly space: { readonly own: Both; readonly come: Both };
}

interface Both {
  readonly few: number;
  readonly many: number;
}

const PIECE = 16 * 1024 * 1024;
/** Of the relay under test. */
const ORIGIN = 'https://relay.test';

(globalThis as unknown as { measure: (question: Question) => Promise<Figures> }).measure = async (question) => {
  const pieces: Blob[] = [];
  for (let at = 0; at < question.size; at += PIECE)
    pieces.push(new Blob([systemRandom.bytes(Math.min(PIECE, question.size - at))]));
  const file = new Blob(pieces);
  const session = await newSession(question);
  return {
    seal: await measureSeal(file),
    move: await measureMove(session, file, question),
    space: await measureSpace(session),
  };
};

async function newSession({ relayPort }: Question): Promise<Session> {
  const [clock, random, locks, logger] = [systemClock, systemRandom, webLocks, consoleLogger];
  const store = await openStore({ name: 'files', clock, random });
  const transport = { ...createHttpTransport(`http://127.0.0.1:${relayPort}`, clock), origin: ORIGIN };
  const ports = { store, clock, random, locks, logger, transport, loginKeys: webLoginKeys, relayOrigin: ORIGIN };
  const identity = unwrap(await createAccount(ports, { name: 'Ana', passphrase: 'correct horse battery staple' }));
  const device = await lockedDevice(ports);
  if (device === undefined) throw new Error('no account');
  return { ...ports, identity, relay: device.relay };
}

async function measureSeal(file: Blob): Promise<Figures['seal']> {
  const page = globalThis as unknown as { gc(): void; performance: { memory: { usedJSHeapSize: number } } };
  const key = systemRandom.bytes(32);
  const plain: number[] = [];
  const cairn: number[] = [];
  for (let round = 0; round < 3; round++) {
    plain.push(await timed(() => encryptPlainly(file, key)));
    cairn.push(await timed(() => sealChunks(file, key, () => Promise.resolve())));
  }
  page.gc();
  const before = page.performance.memory.usedJSHeapSize;
  let heap = 0;
  await sealChunks(file, key, (_, index) => {
    if (index % 32 !== 0) return Promise.resolve();
    page.gc();
    heap = Math.max(heap, page.performance.memory.usedJSHeapSize - before);
    return Promise.resolve();
  });
  return { cairn: median(cairn) / 1000, plain: median(plain) / 1000, heap };
}

async function encryptPlainly(file: Blob, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt']);
  const iv = new Uint8Array(12);
  for (let at = 0, number = 0; at < file.size; at += PLAIN_CHUNK, number++) {
    new DataView(iv.buffer).setUint32(7, number);
    await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, await file.slice(at, at + PLAIN_CHUNK).arrayBuffer());
  }
}

async function measureMove(session: Session, file: Blob, { staticPort }: Question): Promise<Figures['move']> {
  const { store, random, clock } = session;
  const [up, down, plain]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < 3; round++) {
    plain.push(await timed(() => fetchPlainly(`http://127.0.0.1:${staticPort}/`)));
    const id = newId<string>(random);
    const sealed = await sealBlob(session, id, { blob: file, name: 'film' });
    await store.fileTransfers.update(id, { status: 'pending' });
    up.push(await timed(async () => unwrap(await uploadWaiting(session, () => false))));
    if ((await store.fileTransfers.get(id))?.status !== 'completed') throw new Error('it did not go up');
    await store.fileTransfers.delete(id);
    const row = {
      transferId: newId<string>(random),
      blobId: sealed.blobId,
      fileName: 'film',
      fileSize: file.size,
      fileHash: sealed.hash,
      fileKey: sealed.key,
      direction: 'inbound',
      status: 'pending',
      progress: 0,
      chunkSize: 1024 * 1024,
      chunksDone: 0,
      createdAt: clock.now(),
    } as const;
    await store.fileTransfers.add(row);
    down.push(await timed(async () => unwrap(await fetchBytes(session, row))));
    await store.fileTransfers.delete(row.transferId);
  }
  return { up: median(up) / 1000, down: median(down) / 1000, plain: median(plain) / 1000 };
}

async function fetchPlainly(url: string): Promise<void> {
  const { body } = await fetch(url, { cache: 'no-store' });
  const reader = body?.getReader();
  while (reader !== undefined && !(await reader.read()).done);
}

/** Ten changed files, in workspaces of 100 and of 10,000. */
async function measureSpace(session: Session): Promise<Figures['space']> {
  const [few, many] = [await newSpace(session, 100), await newSpace(session, 10_000)];
  const own: [number[], number[]] = [[], []];
  const come: [number[], number[]] = [[], []];
  for (let round = 0; round < 7; round++) {
    for (const [i, id] of [few, many].entries()) {
      const changed = Array.from({ length: 10 }, (_, n) => ({
        path: pathOf(n),
        blob: new Blob([`round ${round} of ${n}`]),
      }));
      own[i]?.push(await timed(async () => unwrap(await addToWorkspace(session, id, '', changed))));
      const piece = { d: {}, f: Array.from({ length: 10 }, (_, n) => fileOf(session, `${id}-${n + 20}`, n + 20)) };
      come[i]?.push(await timed(() => merge(session, id, piece)));
    }
  }
  return {
    own: { few: median(own[0]), many: median(own[1]) },
    come: { few: median(come[0]), many: median(come[1]) },
  };
}

const merge = (session: Session, id: string, piece: { readonly d: object; readonly f: readonly SpaceFile[] }) =>
  session.store.tx('rw', workspaceTables, () =>
    mergeSpace(session.store, id, { d: {}, f: piece.f }, session.clock.now()),
  );

async function newSpace(session: Session, count: number): Promise<string> {
  const id = unwrap(await createWorkspace(session, `Workspace of ${count}`));
  for (let at = 0; at < count; at += 500)
    await merge(session, id, {
      d: {},
      f: Array.from({ length: Math.min(500, count - at) }, (_, n) => fileOf(session, `${id}-${at + n}`, at + n)),
    });
  return id;
}

const pathOf = (n: number): string => `folder ${n % 50}/file ${n}.txt`;

/** A file, or a later version of it. */
function fileOf({ random, clock, identity }: Session, f: string, n: number): SpaceFile {
  const t = sortKeyOf({ ms: clock.now(), count: 0 }, identity.device);
  const [b, i] = [newId<string>(random), newId<string>(random)];
  const [k, h, c] = [random.bytes(32), random.bytes(32), random.bytes(32)];
  return { ...emptyFile(f), n: { v: pathOf(n), t }, v: [{ i, p: [], t, b, k, h, c, z: 10_000_000, y: 'text/plain' }] };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
