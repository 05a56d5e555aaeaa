import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { base64urlFromBytes } from '../../src/lib/core/bytes.ts';
import { idFromBytes, type StreamId } from '../../src/lib/core/ids.ts';
import type { Relay } from '../../src/lib/server/relay.ts';
import { countedRandom, newAccount, newDevice, ORIGIN, value, type TestDevice } from './relayWorld.ts';

const folders: string[] = [];
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** The relay in a process of its own, on the store in `folder`. */
async function startRelay(folder: string): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('relayProcess.ts', import.meta.url))], {
    env: { ...process.env, DATA_DIR: folder, ORIGIN, RATE_PER_ADDRESS: '0', RATE_PER_DEVICE: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const printed: unknown[] = await once(child.stdout ?? child, 'data');
  return { child, port: Number(String(printed[0])) };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-crash-'));
  folders.push(folder);
  return folder;
}

/** Requests go over HTTP to whatever port the relay has now. */
function overHttp(portNow: () => number): Pick<Relay, 'handle'> {
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

describe('the relay process', () => {
  test('keeps every acknowledged entry through kill -9, once, dense and in order', { timeout: 120_000 }, async () => {
    const folder = newFolder();
    let relay = await startRelay(folder);
    const random = countedRandom(3);
    const devices = Array.from({ length: 4 }, () =>
      newDevice(
        overHttp(() => relay.port),
        newAccount(),
        random,
      ),
    );
    for (const device of devices) {
      value(await device.register());
      value(await device.login());
    }
    const stream = idFromBytes<StreamId>(random.bytes(16));
    const [maker] = devices;
    if (maker === undefined) throw new Error('no device');
    value(await maker.commit(stream, 0, { members: devices.map(({ id }) => id) }));

    /** Every id that was sent, by whom, and the number that the relay answered for it, once it did. */
    const sent = new Map<string, { by: TestDevice; seq: number | undefined }>();
    const acknowledge = (results: readonly { ok: boolean; id: string; seq?: number }[]) => {
      for (const { id, seq } of results) {
        const entry = sent.get(id);
        if (entry === undefined || seq === undefined) throw new Error('not an acknowledgement');
        expect([undefined, seq]).toContain(entry.seq);
        entry.seq = seq;
      }
    };

    for (let round = 0; round < 5; round++) {
      let acknowledged = 0;
      let alive = true;
      const writers = devices.map(async (by) => {
        while (alive) {
          const entries = Array.from({ length: 3 }, () => ({ id: idFromBytes<string>(random.bytes(16)), epoch: 1 }));
          for (const { id } of entries) sent.set(id, { by, seq: undefined });
          try {
            acknowledge(value(await by.append(stream, entries)).results);
          } catch (thrown) {
            // The kill is what ends a writer, and nothing else is.
            if (thrown instanceof TypeError) return;
            throw thrown;
          }
          acknowledged += entries.length;
          if (acknowledged > 60 * (round + 1) && alive) {
            alive = false;
            relay.child.kill('SIGKILL');
          }
        }
      });
      await Promise.all(writers);
      await kill(relay.child);
      relay = await startRelay(folder);

      const entries = (await maker.catchUp()).filter((entry) => entry.stream === stream);
      expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, i) => i + 1));
      const found = new Map(entries.map(({ id, seq }) => [id, seq]));
      expect(found.size).toBe(entries.length);
      for (const [id, { seq }] of sent) if (seq !== undefined) expect(found.get(id)).toBe(seq);

      // What was not answered is sent again, and gets the number it may already have.
      for (const [id, { by, seq }] of sent) {
        if (seq === undefined) acknowledge(value(await by.append(stream, [{ id, epoch: 1 }])).results);
      }
    }
    expect([...sent.values()].every(({ seq }) => seq !== undefined)).toBe(true);
    expect(sent.size).toBeGreaterThan(300);
  });

  test('ends on SIGTERM within seconds, with a socket open', async () => {
    const { child, port } = await startRelay(newFolder());
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/socket`);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    const begun = performance.now();
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
    expect(performance.now() - begun).toBeLessThan(3_000);
    expect((await closed)[0]).toBe(1001);
  });
});
