import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { availableParallelism, cpus } from 'node:os';
import { measureInChromium } from './chromiumPage.ts';
import type { Figures, Question } from './files/page.ts';
import { startRelay } from './relay/servers.ts';

const MIB = 1024 * 1024;

/** Files sealed, sent and fetched, and a large workspace beside a small one. `FILES_MB`: another size, in MiB. */
export async function files(): Promise<string> {
  const size = Number(process.env['FILES_MB'] || 1024) * MIB;
  const relay = await startRelay({ BLOB_QUOTA: String(16 * size) });
  const still = await startStatic(size);
  try {
    const question: Question = { size, relayPort: relay.port, staticPort: still.port };
    const { answer, version } = await measureInChromium({
      entry: new URL('files/page.ts', import.meta.url),
      files: {},
      question,
      // The page asks two servers of other origins.
      flags: ['--enable-precise-memory-info', '--js-flags=--expose-gc', '--disable-web-security'],
    });
    return told(answer as Figures, size, version);
  } finally {
    await relay.stop();
    still.stop();
  }
}

function told({ seal, move, space }: Figures, size: number, version: string): string {
  const rate = (seconds: number) => `${(size / MIB / seconds).toFixed(0)} MiB/s`;
  const row = (task: string, seconds: number, against: string, other: number, least: number) =>
    `| ${task} | ${rate(seconds)} | ${against} ${rate(other)} | ${(other / seconds).toFixed(2)} | ${least} |`;
  return [
    '## Files',
    `A file of ${size / MIB} MiB through the app's own code in Chromium. Sealed: read, encrypted chunk by chunk, hashed before and after; plain AES-GCM reads and encrypts the same chunks. Sent and fetched: from the store to the embedded relay and back into another row of the store, hashed and checked; a plain fetch takes the same bytes from a static server and keeps none of them. At most ${(seal.heap / MIB).toFixed(0)} MiB more of the heap were in use while sealing (64 are allowed).`,
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Chromium ${version}.`,
    [
      '| task | measured | against | ratio | at least |',
      '|---|--:|--:|--:|--:|',
      row('sealed and hashed', seal.cairn, 'plain AES-GCM', seal.plain, 0.5),
      row('sent', move.up, 'plain fetch', move.plain, 0.7),
      row('fetched', move.down, 'plain fetch', move.plain, 0.7),
    ].join('\n'),
    'Ten changed files of a workspace, here and as they come from elsewhere; medians, in turns.',
    [
      '| task | 10,000 files | 100 files | ratio |',
      '|---|--:|--:|--:|',
      `| changed here | ${ms(space.own.many)} | ${ms(space.own.few)} | ${(space.own.many / space.own.few).toFixed(2)} |`,
      `| come from elsewhere | ${ms(space.come.many)} | ${ms(space.come.few)} | ${(space.come.many / space.come.few).toFixed(2)} |`,
    ].join('\n'),
  ].join('\n\n');
}

const ms = (value: number): string => `${value.toFixed(0)} ms`;

/** Bytes from memory, as fast as Node gives them. */
async function startStatic(size: number): Promise<{ readonly port: number; stop(): void }> {
  const piece = Buffer.alloc(MIB, 7);
  const server = createServer((_request, response) => {
    response.setHeader('content-length', size);
    let left = size;
    const write = (): void => {
      while (left > 0) {
        const part = piece.subarray(0, Math.min(left, MIB));
        left -= part.length;
        if (!response.write(part)) return void response.once('drain', write);
      }
      response.end();
    };
    write();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { port: (server.address() as AddressInfo).port, stop: () => server.close() };
}
