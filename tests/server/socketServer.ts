import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { createSockets, type Sockets } from '../../src/lib/server/socket.ts';
import type { RelayWorld } from './relayWorld.ts';

/** The sockets of a world's relay on a port of their own. */
export interface SocketServer {
  readonly port: number;
  readonly sockets: Sockets;
  /** The server's ends of what is open. */
  readonly connections: ReadonlySet<Socket>;
  close(): Promise<void>;
}

export async function listenForSockets(world: RelayWorld): Promise<SocketServer> {
  const sockets = createSockets(world.relay);
  const server = createServer((_request, response) => response.writeHead(204).end());
  const connections = new Set<Socket>();
  server.on('connection', (connection: Socket) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
  });
  server.on('upgrade', (request, connection, head) => {
    connection.on('error', () => connection.destroy());
    if (!sockets.upgrade(request, connection, head)) connection.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    port: address.port,
    sockets,
    connections,
    close: async () => {
      const closing = sockets.close();
      world.clock.advance(2_000);
      await closing;
      server.close();
      await world.relay.close();
    },
  };
}
