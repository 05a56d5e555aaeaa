import { randomFillSync } from 'node:crypto';
import { WebSocket } from 'ws';
import { base64urlFromBytes } from '../../src/lib/core/bytes.ts';
import { idFromBytes, type StreamId } from '../../src/lib/core/ids.ts';
import type { Random } from '../../src/lib/core/ports.ts';
import { limits } from '../../src/lib/protocol/limits.ts';
import { bytesFromAppend, liveFromBytes } from '../../src/lib/protocol/hot.ts';
import * as protocol from '../../src/lib/protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import { newAccount, newDevice, value, type TestDevice } from '../../tests/server/relayWorld.ts';
import { openHttp } from './httpConnection.ts';
import { ENTRY_BYTES, type Lane } from './load.ts';

const random: Random = { bytes: (length) => randomFillSync(new Uint8Array(length)) };

/** A device that is registered and logged in, on a connection of its own. */
export interface Client {
  readonly device: TestDevice;
  post(path: string, body: unknown): Promise<Uint8Array>;
  postBytes(path: string, body: Uint8Array): Promise<Uint8Array>;
  /**
   * Opens the doorbell; resolves when it is ready. `grew` is called with the numbers of entries that came with
   * it, `ring` with the head of a stream of which nothing came.
   */
  listen(ring: (head: number) => void, grew: (first: number, count: number) => void): Promise<void>;
  close(): void;
}

/** @param live whether entries are to come on the socket; the app does without and catches up at each bell. */
export async function newClient(port: number, live = true): Promise<Client> {
  const connection = openHttp(port);
  const handle: Parameters<typeof newDevice>[0]['handle'] = async ({ path, token, body }) => ({
    status: 200,
    headers: {},
    body: new Uint8Array(await connection.post(path, token && base64urlFromBytes(token), body)),
  });
  const device = newDevice({ handle }, newAccount(), random);
  value(await device.register());
  value(await device.login());
  const token = base64urlFromBytes(device.token ?? new Uint8Array());
  let socket: WebSocket | undefined;
  return {
    device,
    post: (path, body) => connection.post(path, token, cborFromValue(body)),
    postBytes: (path, body) => connection.post(path, token, body),
    listen: (ring, grew) =>
      new Promise((resolve, reject) => {
        socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/socket`, { perMessageDeflate: false });
        socket.on('error', reject);
        socket.on('open', () => socket?.send(cborFromValue({ token: device.token, ...(live && { live }) })));
        socket.on('message', (data) => {
          const bytes = new Uint8Array(data as Buffer);
          const live = liveFromBytes(bytes, limits.body);
          const first = live?.entries[0];
          if (live !== undefined && first !== undefined) return grew(first.seq, live.entries.length);
          const frame = valueFromCbor(protocol.socketFrame, bytes, 1_024);
          if (!frame.ok) reject(new Error('not a frame'));
          else if ('ready' in frame.value) resolve();
          else if ('head' in frame.value) ring(frame.value.head);
        });
      }),
    close: () => {
      socket?.terminate();
      connection.close();
    },
  };
}

/** A group of these devices, made by the first. */
export async function newGroup(clients: readonly Client[]): Promise<StreamId> {
  const stream = idFromBytes<StreamId>(random.bytes(16));
  const members = clients.map(({ device }) => device.id);
  value(await (clients[0]?.device.commit(stream, 0, { members }) ?? Promise.reject(new Error('nobody'))));
  return stream;
}

export const newEntries = (count: number, bytes = ENTRY_BYTES) =>
  Array.from({ length: count }, () => ({
    id: idFromBytes<string>(random.bytes(16)),
    epoch: 1,
    payload: new Uint8Array(bytes).fill(7),
  }));

/** Sends as the outbox does: what has come together while the last request was under way goes in one. */
export async function newLane(port: number, live: boolean): Promise<Lane & { close: () => void }> {
  const [sender, receiver] = [await newClient(port), await newClient(port, live)];
  const stream = await newGroup([sender, receiver]);
  let [toSend, sending] = [0, false];
  let [cursor, head, reading] = [1, 1, false];
  const lane: Lane & { close: () => void } = {
    onDelivered: () => undefined,
    send: (count) => {
      toSend += count;
      if (!sending) void sendAll();
    },
    close: () => {
      sender.close();
      receiver.close();
    },
  };
  const ring = (to: number): void => {
    head = Math.max(head, to);
    if (!reading && cursor < head) void readAll();
  };
  await receiver.listen(ring, (first, count) => {
    const end = first + count - 1;
    if (reading || first > cursor + 1) return ring(end);
    const fresh = end - cursor;
    if (fresh <= 0) return;
    cursor = end;
    lane.onDelivered(fresh);
  });
  return lane;

  async function sendAll(): Promise<void> {
    sending = true;
    while (toSend > 0) {
      const entries = newEntries(toSend);
      toSend = 0;
      await sender.postBytes(protocol.append.path(stream), bytesFromAppend({ entries }));
    }
    sending = false;
  }

  async function readAll(): Promise<void> {
    reading = true;
    while (cursor < head) {
      const body = await receiver.post(protocol.catchUp.path, { cursors: { [stream]: cursor } });
      const answer = valueFromCbor(protocol.catchUp.answer, new Uint8Array(body), 2 * limits.body);
      if (!answer.ok) throw new Error('not an answer');
      const { entries } = answer.value;
      for (const { seq } of entries) {
        if (seq !== ++cursor) throw new Error('an entry is missing');
      }
      lane.onDelivered(entries.length);
    }
    reading = false;
  }
}
