/**
 * Runs the built app and its relay on one port: `PORT` (3000), `HOST` (0.0.0.0). What else can be set
 * stands in `src/lib/server/running.ts` and in the documentation of `@sveltejs/adapter-node`.
 */
import { createServer } from 'node:http';

// The relay bounds what it reads by itself, and says so in its own words.
process.env['BODY_SIZE_LIMIT'] ??= 'Infinity';
const { handler } = await import(new URL('../build/handler.js', import.meta.url).href);
/** @type {import('../src/lib/server/running.ts').RunningRelay} */
const running = await Reflect.get(globalThis, Symbol.for('cairn.relay'));

const port = Number(process.env['PORT'] ?? 3000);
const host = process.env['HOST'] ?? '0.0.0.0';
/** After this a stop waits for nobody. */
const PATIENCE_MS = 2_500;

const server = createServer((request, response) => {
  const path = request.url?.split('?')[0] ?? '/';
  for (const [name, value] of Object.entries(running.headersOf(path))) response.setHeader(name, value);
  if (!running.serve(request, response)) handler(request, response);
});
server.on('upgrade', (request, connection, head) => {
  connection.on('error', () => connection.destroy());
  if (!running.upgrade(request, connection, head)) connection.destroy();
});
server.listen(port, host, () => {
  const address = server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  process.stdout.write(`Cairn is ready at http://localhost:${actual}\n`);
});
server.on('error', (fault) => {
  process.stderr.write(`${fault.message}\n`);
  process.exit(1);
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => void running.stop(server, PATIENCE_MS).then(() => process.exit(0)));
}
