import { connect, createServer, type Server, type Socket } from 'node:net';

/** One person's way to the relay: a port of their own that can be pulled and put back. */
export interface Cable {
  readonly origin: string;
  /** Ends every connection and refuses new ones. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  dispose(): Promise<void>;
}

/** @param relayPort where the relay listens, also when it is down for a while. */
export async function createCable(relayPort: number): Promise<Cable> {
  const open = new Set<Socket>();
  let server: Server | undefined;
  let port = 0;
  const plug = () =>
    new Promise<void>((resolve, reject) => {
      const plugged = createServer((near) => {
        const far = connect(relayPort, '127.0.0.1');
        for (const [socket, other] of [
          [near, far],
          [far, near],
        ] as const) {
          open.add(socket);
          socket.on('error', () => other.destroy());
          socket.on('close', () => {
            open.delete(socket);
            other.destroy();
          });
          socket.pipe(other);
        }
      });
      plugged.once('error', reject);
      plugged.listen(port, '127.0.0.1', () => {
        const address = plugged.address();
        if (typeof address === 'object' && address !== null) port = address.port;
        server = plugged;
        resolve();
      });
    });
  const cut = async () => {
    const pulled = server;
    server = undefined;
    if (pulled === undefined) return;
    const closed = new Promise((resolve) => pulled.close(resolve));
    for (const socket of open) socket.destroy();
    await closed;
  };
  await plug();
  return {
    origin: `http://localhost:${port}`,
    cut,
    async mend() {
      if (server === undefined) await plug();
    },
    dispose: cut,
  };
}
