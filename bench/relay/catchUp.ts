import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { idFromBytes, type StreamId } from '../../src/lib/core/ids.ts';
import { silent } from '../../src/lib/core/ports.ts';
import * as protocol from '../../src/lib/protocol/requests.ts';
import { createRelay } from '../../src/lib/server/relay.ts';
import { openSqliteStore } from '../../src/lib/server/store/sqlite.ts';
import { countedRandom, newAccount, newDevice, ORIGIN, value } from '../../tests/server/relayWorld.ts';

export const STREAMS = 1_000;
export const NEW = 20;
const TRIES = 15;

/** Milliseconds for a device in many streams, each with `entries`, to get `NEW` new ones: the median. */
export async function catchUpTime(entries: number): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), 'cairn-bench-'));
  const random = countedRandom(entries);
  const relay = await createRelay({ dataDir, random, origin: ORIGIN });
  const device = newDevice(relay, newAccount(), random);
  value(await device.register());
  value(await device.login());
  const streams = Array.from({ length: STREAMS }, () => idFromBytes<StreamId>(random.bytes(16)));
  const store = openSqliteStore({ dataDir, now: 1, logger: silent });
  await Promise.all(
    streams.map((stream) =>
      store.write(async (tables) => {
        await tables.streams.insertStream(stream, { kind: 'group', head: entries, epoch: 1, fence: 0 }, 1);
        await tables.streams.openMembers(stream, [device.id], 0);
        await tables.streams.insertEntries(
          stream,
          Array.from({ length: entries }, (_, i) => ({
            seq: i + 1,
            kind: 'record' as const,
            id: idFromBytes<string>(random.bytes(16)),
            epoch: 1,
            sender: device.id,
            at: 1,
            payload: new Uint8Array(400),
          })),
        );
      }),
    ),
  );
  await store.close();
  const cursors = Object.fromEntries(streams.map((stream, i) => [stream, i < NEW ? entries - 1 : entries]));
  const times: number[] = [];
  for (let i = 0; i < TRIES; i++) {
    const start = performance.now();
    const answer = value(await device.ask(protocol.catchUp.path, protocol.catchUp, { cursors }));
    times.push(performance.now() - start);
    if (answer.entries.length !== NEW) throw new Error('not what is new');
  }
  await relay.close();
  rmSync(dataDir, { recursive: true });
  return times.toSorted((a, b) => a - b)[Math.floor(TRIES / 2)] ?? 0;
}
