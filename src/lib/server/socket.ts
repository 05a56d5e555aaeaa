import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type * as v from 'valibot';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { PROTOCOL_VERSION } from '../protocol/limits.ts';
import { hello, socketCloses, socketPath } from '../protocol/requests.ts';
import { valueFromCbor } from '../protocol/wire.ts';
import { createLine } from './line.ts';
import type { Relay } from './relay.ts';

export interface Sockets {
  /** Takes over a connection that asks for the socket. False where it asks for something else: it is left alone. */
  upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): boolean;
  /** Says goodbye to everybody, and resolves when all are gone: after a second at the latest. */
  close(): Promise<void>;
}

const PATH = `/api/v${PROTOCOL_VERSION}/${socketPath}`;
/** The one frame that a client sends is a hello of less than 50 bytes. */
const FRAME_LIMIT = 1024;
const HELLO_MS = 10_000;
const HEARTBEAT_MS = 30_000;
/** Connections that have not said hello yet. */
const MOST_WAITING = 1_000;
const GOODBYE_MS = 1_000;

/**
 * The doorbell over WebSockets: a hello with the session's token in; `ready`, bells and, where asked for, entries out, all CBOR.
 * A token in a frame and not in the address: addresses end up in logs.
 */
export function createSockets(relay: Relay): Sockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: FRAME_LIMIT, perMessageDeflate: false });
  const silentSince = new Map<WebSocket, 'heard' | 'asked'>();
  let waiting = 0;
  let stopBeating = relay.clock.after(HEARTBEAT_MS, beat);
  let closed = false;

  return {
    upgrade: (request, connection, head) => {
      if (request.url?.split('?')[0] !== PATH) return false;
      if (closed || waiting >= MOST_WAITING) {
        connection.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\n\r\n');
        return true;
      }
      server.handleUpgrade(request, connection, head, (socket) => welcome(socket, connection));
      return true;
    },
    close: async () => {
      closed = true;
      stopBeating();
      const gone = [...server.clients].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      for (const socket of server.clients) socket.close(socketCloses.goingAway);
      const cancel = relay.clock.after(GOODBYE_MS, () => {
        for (const socket of server.clients) socket.terminate();
      });
      await Promise.all(gone);
      cancel();
      server.close();
    },
  };

  function welcome(socket: WebSocket, connection: Duplex): void {
    silentSince.set(socket, 'heard');
    const line = createLine(socket, connection);
    waiting += 1;
    let stopListening: (() => void) | undefined;
    let greeted = false;
    const cancelHello = relay.clock.after(HELLO_MS, () => socket.close(socketCloses.noHello));
    const endWaiting = (): void => {
      if (!greeted) waiting -= 1;
      greeted = true;
      cancelHello();
    };

    socket.on('pong', () => silentSince.set(socket, 'heard'));
    // A frame that is too large or broken closes the socket by itself, with the code that says so.
    socket.on('error', (fault) => relay.logger.log('debug', 'socket-error', { message: fault.message }));
    socket.on('close', () => {
      endWaiting();
      silentSince.delete(socket);
      stopListening?.();
    });
    socket.on('message', (data, isBinary) => {
      const said = greeted || !isBinary ? undefined : helloFrom(data);
      endWaiting();
      if (said === undefined) socket.close(socketCloses.badFrame);
      else void greet(said);
    });

    async function greet({ token, live, signals }: v.InferOutput<typeof hello>): Promise<void> {
      const listening = await relay.listen(token, {
        ring: line.ring,
        ...(live === true && { grew: line.grew }),
        ...(signals === true && { signalled: line.signalled }),
        ended: () => socket.close(socketCloses.unauthorized),
      });
      if (!listening.ok) {
        const { code } = listening.error;
        socket.close(
          code === 'unavailable' || code === 'rate-limited' ? socketCloses.tryAgain : socketCloses.unauthorized,
          code,
        );
      } else if (socket.readyState !== socket.OPEN) {
        listening.value();
      } else {
        stopListening = listening.value;
        line.ready();
      }
    }
  }

  /** Who was asked a heartbeat ago and has not answered is gone, whatever the network says. */
  function beat(): void {
    for (const [socket, state] of silentSince) {
      if (state === 'asked') socket.terminate();
      else {
        silentSince.set(socket, 'asked');
        socket.ping();
      }
    }
    stopBeating = relay.clock.after(HEARTBEAT_MS, beat);
  }
}

function helloFrom(data: RawData): v.InferOutput<typeof hello> | undefined {
  if (!(data instanceof Uint8Array)) return undefined;
  const decoded = valueFromCbor(hello, new Uint8Array(data), FRAME_LIMIT);
  return decoded.ok ? decoded.value : undefined;
}
