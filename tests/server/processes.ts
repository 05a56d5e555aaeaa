import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { base64urlFromBytes } from '../../src/lib/core/bytes.ts';
import type { Relay } from '../../src/lib/server/relay.ts';
import { ORIGIN } from './relayWorld.ts';

/** A relay in a process of its own. */
export interface RelayProcess {
  readonly child: ChildProcess;
  readonly port: number;
}

/**
 * Starts a relay on the store that `env` names; it is killed when the test is over.
 * Rejects where it ends before it listens.
 */
export async function startRelay(env: Readonly<Record<string, string>>): Promise<RelayProcess> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('relayProcess.ts', import.meta.url))], {
    env: {
      ...process.env,
      ORIGIN,
      DATA_DIR: '',
      DATABASE_URL: '',
      NATS_URL: '',
      RATE_PER_ADDRESS: '0',
      RATE_PER_DEVICE: '0',
      ENTRIES_PER_STREAM: '0',
      WORK_BITS: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => kill(child));
  const exit = once(child, 'exit').then(([code]: unknown[]) => {
    throw new Error(`the relay ended with ${String(code)}`);
  });
  exit.catch(() => undefined);
  const printed: unknown[] = await Promise.race([once(child.stdout, 'data'), exit]);
  return { child, port: Number(String(printed[0])) };
}

/** `kill -9`, and waits until it is gone. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-relay-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Requests go over HTTP to whatever port `portNow` says. They reject with a `TypeError` where nobody answers. */
export function overHttp(portNow: () => number): Pick<Relay, 'handle'> {
  return {
    handle: async ({ path, token, body }) => {
      const response = await fetch(`http://127.0.0.1:${portNow()}/api/v1/${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/cbor',
          ...(token === undefined ? {} : { authorization: `Bearer ${base64urlFromBytes(token)}` }),
        },
        body: new Uint8Array(body),
      });
      return { status: response.status, headers: {}, body: new Uint8Array(await response.arrayBuffer()) };
    },
  };
}
