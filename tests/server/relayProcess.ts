import { createServer } from 'node:http';
import { runningRelay } from '../../src/lib/server/running.ts';

/**
 * The relay on a port of its own, without the app around it: for tests that end it in the middle.
 * Prints the port when it listens.
 */
const { serve, upgrade, stop } = await runningRelay();

const server = createServer((request, response) => {
  if (!serve(request, response)) response.writeHead(404).end();
});
server.on('upgrade', (request, connection, head) => {
  if (!upgrade(request, connection, head)) connection.destroy();
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new TypeError('no port');
  process.stdout.write(`${address.port}\n`);
});

process.once('SIGTERM', () => void stop(server, 2_500).then(() => process.exit(0)));
