import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { bytesFromLive, ENTRY_BYTES } from '../protocol/hot.ts';
import type { SignalFrame } from '../protocol/signals.ts';
import { cborFromValue } from '../protocol/wire.ts';
import type { Fresh, Ring, Signal } from './bus/port.ts';

/** What the relay says through one socket. */
export interface Line {
  ready(): void;
  ring(ring: Ring): void;
  grew(ring: Ring, fresh: Fresh): void;
  signalled(signal: Signal): void;
}

/**
 * A client that leaves this much unread is cut off; it catches up when it comes again. About a thousand
 * bells, each of which costs several times its size while it waits in the process.
 */
const MOST_UNREAD = 64 * 1024;
/** With this much unread it gets bells and no entries, until it has read. Also the largest frame of entries. */
const MOST_LIVE = 32 * 1024;

/**
 * Frames go to the connection as they are, made once for all who hear the same: of the time that a frame costs
 * by way of `ws` most goes into making it, for each socket anew. Nothing is fragmented or compressed, so `ws`
 * and we each write whole frames. What is said in one turn of the event loop goes out in one write.
 */
export function createLine(socket: WebSocket, connection: Duplex): Line {
  return {
    ready: () => send(READY),
    ring,
    signalled,
    grew: (bell, fresh) => {
      const frame = connection.writableLength > MOST_LIVE ? undefined : framed(fresh, () => liveFrame(bell, fresh));
      if (frame === undefined) ring(bell);
      else send(frame);
    },
  };

  /** Who is behind with reading misses it. */
  function signalled(signal: Signal): void {
    if (connection.writableLength > MOST_LIVE) return;
    const { stream, sender, payload } = signal;
    send(framed(signal, () => frameOf(cborFromValue({ stream, sender, payload } satisfies SignalFrame))));
  }

  function ring(bell: Ring): void {
    send(framed(bell, () => frameOf(cborFromValue(bell))));
  }

  function send(frame: Buffer | undefined): void {
    if (frame === undefined || socket.readyState !== socket.OPEN) return;
    if (connection.writableLength > MOST_UNREAD) {
      socket.terminate();
      return;
    }
    if (connection.writableCorked === 0) {
      connection.cork();
      if (said.length === 0) setImmediate(hangUp);
      said.push(connection);
    }
    connection.write(frame);
  }
}

/** Connections that something was said to in this turn. */
const said: Duplex[] = [];

function hangUp(): void {
  for (const connection of said.splice(0)) connection.uncork();
}

function liveFrame({ stream }: Ring, { entries }: Fresh): Buffer | undefined {
  let bytes = 0;
  for (const { payload } of entries) bytes += payload.length + ENTRY_BYTES;
  return bytes > MOST_LIVE ? undefined : frameOf(bytesFromLive({ stream, entries: [...entries] }));
}

/** An unmasked binary frame (RFC 6455 §5.2). */
function frameOf(payload: Uint8Array): Buffer {
  const { length } = payload;
  const head = length < 126 ? Buffer.from([0x82, length]) : Buffer.from([0x82, 126, length >> 8, length & 0xff]);
  if (length > 0xffff) throw new RangeError('a frame of more than 64 KiB');
  return Buffer.concat([head, payload]);
}

/** Bells and entries are values that never change; one is the same for all who hear it. */
const frames = new WeakMap<object, Buffer | 'none'>();

function framed(said: object, make: () => Buffer | undefined): Buffer | undefined {
  const known = frames.get(said);
  if (known !== undefined) return known === 'none' ? undefined : known;
  const made = make();
  frames.set(said, made ?? 'none');
  return made;
}

const READY = frameOf(cborFromValue({ ready: true }));
