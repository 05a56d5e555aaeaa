import { connect, type NatsConnection } from '@nats-io/transport-node';
import { concat, u64, type Bytes } from '../../core/bytes.ts';
import { bytesFromId, ID_BYTES, idFromBytes, type DeviceId, type StreamId } from '../../core/ids.ts';
import type { Logger } from '../../core/ports.ts';
import { SIGNAL_BYTES } from '../../protocol/signals.ts';
import { createLocalBus } from './local.ts';
import type { Bus, Ring, Signal } from './port.ts';

export interface NatsBus extends Bus {
  /** Rings nobody any more. */
  close(): Promise<void>;
}

/** What the instances say to each other: 24 bytes for each ring, the stream's id and its head … */
const RINGS = 'cairn.rings';
const RING_BYTES = ID_BYTES + 8;
/** … the ids of devices whose sessions are over … */
const DISMISSALS = 'cairn.dismissals';
/** … and what devices signal: stream, the stream's epoch, sender, and what only members can open. */
const SIGNALS = 'cairn.signals';
const SIGNAL_MESSAGE_BYTES = 2 * ID_BYTES + 8 + SIGNAL_BYTES;
/** In one message, well below what a server takes. */
const MOST_DISMISSED = 1_000;

/**
 * Joins this instance with all others at the NATS server `url` (`nats://user:password@host:port`, several
 * divided by commas). Listeners of this instance hear its own rings at once. While the server can't be
 * reached, also at the start, they hear no others, and it is tried again and again.
 */
export function createNatsBus(options: { url: string; logger: Logger }): NatsBus {
  const local = createLocalBus();
  let connection: NatsConnection | undefined;
  let closed = false;
  const connecting = connect({
    servers: options.url.split(','),
    name: 'cairn-relay',
    noEcho: true,
    maxReconnectAttempts: -1,
    waitOnFirstConnect: true,
    reconnectTimeWait: 1_000,
  }).then(async (made) => {
    if (closed) return made.close();
    connection = made;
    made.subscribe(RINGS, { callback: (_, { data }) => hear(data) });
    made.subscribe(DISMISSALS, { callback: (_, { data }) => hearDismissal(data) });
    made.subscribe(SIGNALS, { callback: (_, { data }) => hearSignal(data) });
    void sayStates(made, options.logger);
  });
  connecting.catch((thrown: unknown) => {
    options.logger.log('error', 'bus-failed', { message: thrown instanceof Error ? thrown.message : 'unknown' });
  });

  return {
    mayLose: true,
    ring: (ring, fresh) => {
      local.ring(ring, fresh);
      if (connection?.isClosed() === false) connection.publish(RINGS, bytesFromRing(ring));
    },
    subscribe: local.subscribe,
    dismiss: (devices) => {
      local.dismiss(devices);
      if (connection?.isClosed() !== false) return;
      for (let from = 0; from < devices.length; from += MOST_DISMISSED) {
        connection.publish(DISMISSALS, concat(...devices.slice(from, from + MOST_DISMISSED).map(bytesFromId)));
      }
    },
    onDismissal: local.onDismissal,
    signal: (signal) => {
      local.signal(signal);
      if (connection?.isClosed() === false) connection.publish(SIGNALS, bytesFromSignal(signal));
    },
    onSignal: local.onSignal,
    close: async () => {
      closed = true;
      await connection?.close();
    },
  };

  function hear(data: Uint8Array): void {
    const ring = closed ? undefined : ringFromBytes(data);
    if (ring !== undefined) local.ring(ring);
  }

  function hearSignal(data: Uint8Array): void {
    const signal = closed ? undefined : signalFromBytes(data);
    if (signal !== undefined) local.signal(signal);
  }

  function hearDismissal(data: Uint8Array): void {
    if (closed || data.length === 0 || data.length % ID_BYTES !== 0) return;
    const ids = Array.from({ length: data.length / ID_BYTES }, (_, i) =>
      idFromBytes<DeviceId>(data.slice(i * ID_BYTES, (i + 1) * ID_BYTES)),
    );
    local.dismiss(ids);
  }
}

async function sayStates(connection: NatsConnection, logger: Logger): Promise<void> {
  for await (const { type } of connection.status()) {
    if (type === 'disconnect') logger.log('warn', 'bus-lost');
    if (type === 'reconnect') logger.log('info', 'bus-back');
  }
}

const bytesFromRing = ({ stream, head }: Ring): Bytes => concat(bytesFromId(stream), u64(head));

const bytesFromSignal = ({ stream, epoch, sender, payload }: Signal): Bytes =>
  concat(bytesFromId(stream), u64(epoch), bytesFromId(sender), payload);

/** As with rings; who may hear it is looked up here. */
function signalFromBytes(data: Uint8Array): Signal | undefined {
  if (data.length !== SIGNAL_MESSAGE_BYTES) return undefined;
  const head = ringFromBytes(data.slice(0, RING_BYTES));
  if (head === undefined) return undefined;
  const sender = idFromBytes<DeviceId>(data.slice(RING_BYTES, RING_BYTES + ID_BYTES));
  return {
    stream: head.stream,
    epoch: head.head,
    sender,
    payload: new Uint8Array(data.subarray(RING_BYTES + ID_BYTES)),
  };
}

/** What others say is believed only as far as it makes somebody look: anything else is passed over. */
function ringFromBytes(data: Uint8Array): Ring | undefined {
  if (data.length !== RING_BYTES) return undefined;
  const head = new DataView(data.buffer, data.byteOffset + ID_BYTES, 8).getBigUint64(0);
  if (head > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return { stream: idFromBytes<StreamId>(data.slice(0, ID_BYTES)), head: Number(head) };
}
