import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { answerHttp } from '../../src/lib/server/http.ts';
import { runningRelay } from '../../src/lib/server/running.ts';

/**
 * The relay on a port of its own, without the app around it: for tests that end it in the middle.
 * Prints the port when it listens.
 */
const { relay, upgrade, close } = await runningRelay();
const PREFIX = '/api/v1/';

const server = createServer((incoming, outgoing) => {
  const url = new URL(incoming.url ?? '/', 'http://localhost');
  const headers = Object.entries(incoming.headers).map(([name, text]): [string, string] => [name, String(text)]);
  const method = incoming.method ?? 'GET';
  const body = method === 'GET' ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>);
  // `duplex` is required for a body that streams, and unknown to the types of the DOM.
  const init: RequestInit & { duplex: 'half' } = { method, headers, body, duplex: 'half' };
  const request = new Request(url, init);
  void answerHttp(relay, request, { path: url.pathname.slice(PREFIX.length), address: 'test' }).then(async (answer) => {
    outgoing.writeHead(answer.status, [...answer.headers].flat());
    outgoing.end(new Uint8Array(await answer.arrayBuffer()));
  });
});
server.on('upgrade', (request, connection, head) => {
  if (!upgrade(request, connection, head)) connection.destroy();
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new TypeError('no port');
  process.stdout.write(`${address.port}\n`);
});

process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  void close().then(() => process.exit(0));
});
