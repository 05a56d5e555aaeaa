import type { Server } from 'node:http';
import type { Clock, Logger } from '../core/ports.ts';
import type { BlobStore } from './blobs/port.ts';
import type { NatsBus } from './bus/nats.ts';
import { securityHeaders } from './headers.ts';
import { addressFrom, createApi } from './nodeHttp.ts';
import { createRelay, type Relay } from './relay.ts';
import { DAY_MS } from './retention.ts';
import { createSockets, type Sockets } from './socket.ts';

/** The relay of this process with its sockets. */
export interface RunningRelay {
  readonly relay: Relay;
  /** Serves a request to `/api/v1/…`; false where it asks for something else. */
  readonly serve: ReturnType<typeof createApi>;
  readonly upgrade: Sockets['upgrade'];
  /** What every answer says beside its own headers, by the path of the request. */
  readonly headersOf: typeof securityHeaders;
  /** What the operator shows to see numbers; without one nobody does. */
  readonly operatorToken: string | undefined;
  /**
   * Takes no more connections, answers what is under way, says goodbye to sockets and closes the store, in that
   * order; what still hangs after half of `patienceMs` is cut off. Resolves after `patienceMs` at the latest,
   * also when called again.
   */
  stop(server: Server, patienceMs: number): Promise<void>;
  /** Sockets, then the store. May be called again. */
  close(): Promise<void>;
}

/**
 * Where the process keeps its relay. The bundled app and whoever listens on the port (`scripts/serve.mjs`,
 * the plugin of the development server) share no module, only this.
 */
const SLOT = Symbol.for('cairn.relay');

/**
 * The one relay of this process, made on the first call from the environment:
 * - `DATA_DIR`: folder of the store, `./data` by default.
 * - `DATABASE_URL`: `postgres://…`, to keep everything in PostgreSQL instead.
 * - `NATS_URL`: `nats://…`, joins several relays that share one PostgreSQL.
 * - `ORIGIN`: what logins must be signed for, for example `https://chat.example.org`; see `RelayOptions`.
 * - `RATE_PER_ADDRESS`, `RATE_PER_DEVICE`: requests a minute, 6000 and 3000 by default, 0 for no limit.
 * - `BYTES_PER_DEVICE`, `ENTRIES_PER_STREAM`: a minute, 1 GiB and 12000 by default.
 * - `WORK_BITS`: of the puzzle for new devices, 16 by default, 0 for none; `INVITE_ONLY=1`: no account without one.
 * - `PUSH_CONTACT`: `mailto:` address for push services; `PUSH_HOSTS`: further ones, with commas between.
 * - `BLOB_QUOTA`: bytes that one account may hold, 16 GiB by default.
 * - `KEEP_READ_DAYS`, `KEEP_DAYS`: how long entries stay that all have read, and others; 30 and 180, 0 is without end.
 * - `S3_BUCKET`, `S3_REGION`, `S3_ENDPOINT`, `S3_ACCESS_KEY`, `S3_SECRET_KEY`: blobs go there and not into the folder.
 * - `OPERATOR_TOKEN`: opens `/metrics` and `/api/operator`; without one they are closed.
 * - `ADDRESS_HEADER`, `XFF_DEPTH`: where the proxy in front says who asks; see {@link addressFrom}.
 * - `LOG_LEVEL`: `debug`, `info` (default), `warn` or `error`.
 */
export function runningRelay(): Promise<RunningRelay> {
  const slots = globalThis as { [SLOT]?: Promise<RunningRelay> };
  return (slots[SLOT] ??= run(process.env));
}

async function run(env: NodeJS.ProcessEnv): Promise<RunningRelay> {
  const logger = lineLogger(env['LOG_LEVEL'] ?? 'info');
  const bus = await busFrom(env, logger);
  const relay = await createRelay({
    dataDir: env['DATA_DIR'] ?? './data',
    databaseUrl: env['DATABASE_URL'] === '' ? undefined : env['DATABASE_URL'],
    origin: env['ORIGIN'],
    bus,
    logger,
    blobs: await blobsFrom(env),
    push: {
      hosts: (env['PUSH_HOSTS'] ?? '').split(',').filter(Boolean),
      ...(env['PUSH_CONTACT'] === undefined ? {} : { contact: env['PUSH_CONTACT'] }),
    },
    registration: { workBits: Number(env['WORK_BITS'] ?? 16), inviteOnly: env['INVITE_ONLY'] === '1' },
    quotas: { blobBytes: amount(env, 'BLOB_QUOTA', 16 * 2 ** 30) },
    retention: {
      readMs: amount(env, 'KEEP_READ_DAYS', 30) * DAY_MS,
      anyMs: amount(env, 'KEEP_DAYS', 180) * DAY_MS,
    },
    rates: {
      bytesPerDevice: amount(env, 'BYTES_PER_DEVICE', 2 ** 30),
      perStream: amount(env, 'ENTRIES_PER_STREAM', 12_000),
      perAddress: amount(env, 'RATE_PER_ADDRESS', 6_000),
      perDevice: amount(env, 'RATE_PER_DEVICE', 3_000),
    },
  });
  const sockets = createSockets(relay);
  const close = async (): Promise<void> => {
    await sockets.close();
    await relay.close();
    await bus?.close();
  };
  let stopped: Promise<void> | undefined;
  return {
    relay,
    serve: createApi(relay, addressFrom(env)),
    operatorToken: env['OPERATOR_TOKEN'],
    upgrade: sockets.upgrade,
    headersOf: securityHeaders,
    close,
    stop: (server, patienceMs) => (stopped ??= stop(server, patienceMs, relay.clock, sockets, close)),
  };
}

async function stop(
  server: Server,
  patienceMs: number,
  clock: Clock,
  sockets: Sockets,
  close: () => Promise<void>,
): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  // Whoever asks on a connection that is kept alive gets an answer, and is told that it was the last.
  server.prependListener('request', (_request, response) => response.setHeader('connection', 'close'));
  server.closeIdleConnections();
  const cut = clock.after(patienceMs / 2, () => server.closeAllConnections());
  const late = new Promise<void>((resolve) => clock.after(patienceMs, resolve));
  const done = (async () => {
    // Sockets first: the server counts them as connections. The store closes with the last request answered.
    await sockets.close();
    await closed;
    cut();
    await close();
  })();
  await Promise.race([done, late]);
}

async function busFrom(env: NodeJS.ProcessEnv, logger: Logger): Promise<NatsBus | undefined> {
  const url = env['NATS_URL'];
  if (url === undefined || url === '') return undefined;
  // Each relay of several would number entries on its own.
  if (!env['DATABASE_URL']) throw new TypeError('NATS_URL joins relays that share a database: set DATABASE_URL too');
  const { createNatsBus } = await import('./bus/nats.ts');
  return createNatsBus({ url, logger });
}

async function blobsFrom(env: NodeJS.ProcessEnv): Promise<BlobStore | undefined> {
  const bucket = env['S3_BUCKET'];
  if (bucket === undefined) return undefined;
  const { createS3Blobs } = await import('./blobs/s3.ts');
  return createS3Blobs({
    bucket,
    endpoint: env['S3_ENDPOINT'],
    region: env['S3_REGION'] ?? 'us-east-1',
    accessKeyId: env['S3_ACCESS_KEY'] ?? '',
    secretAccessKey: env['S3_SECRET_KEY'] ?? '',
  });
}

/** A number from the environment; 0 is no limit. */
function amount(env: NodeJS.ProcessEnv, name: string, standard: number): number {
  const text = env[name];
  const number = text === undefined || text === '' ? standard : Number(text);
  if (!(number >= 0)) throw new TypeError(`${name} is a number, or 0 for no limit`);
  return number === 0 ? Infinity : number;
}

const LEVELS = ['debug', 'info', 'warn', 'error'];

/** One line of JSON for each event, to the standard error. */
function lineLogger(from: string): Logger {
  const lowest = LEVELS.indexOf(from);
  return {
    log: (level, event, facts = {}) => {
      if (LEVELS.indexOf(level) < lowest) return;
      process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), level, event, ...facts })}\n`);
    },
  };
}
