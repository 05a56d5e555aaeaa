import type { Logger } from '../core/ports.ts';
import { createRelay, type Relay } from './relay.ts';
import { createSockets, type Sockets } from './socket.ts';

/** The relay of this process with its sockets. */
export interface RunningRelay {
  readonly relay: Relay;
  readonly upgrade: Sockets['upgrade'];
  readonly closeSockets: Sockets['close'];
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
 * - `ORIGIN`: what logins must be signed for, for example `https://chat.example.org`; see `RelayOptions`.
 * - `RATE_PER_ADDRESS`, `RATE_PER_DEVICE`: requests a minute, 6000 and 3000 by default, 0 for no limit.
 * - `LOG_LEVEL`: `debug`, `info` (default), `warn` or `error`.
 */
export function runningRelay(): Promise<RunningRelay> {
  const slots = globalThis as { [SLOT]?: Promise<RunningRelay> };
  return (slots[SLOT] ??= run(process.env));
}

async function run(env: NodeJS.ProcessEnv): Promise<RunningRelay> {
  const relay = await createRelay({
    dataDir: env['DATA_DIR'] ?? './data',
    origin: env['ORIGIN'],
    logger: lineLogger(env['LOG_LEVEL'] ?? 'info'),
    rates: { perAddress: rate(env['RATE_PER_ADDRESS'], 6_000), perDevice: rate(env['RATE_PER_DEVICE'], 3_000) },
  });
  const sockets = createSockets(relay);
  return {
    relay,
    upgrade: sockets.upgrade,
    closeSockets: sockets.close,
    close: async () => {
      await sockets.close();
      await relay.close();
    },
  };
}

function rate(text: string | undefined, standard: number): number {
  const perMinute = text === undefined || text === '' ? standard : Number(text);
  if (!(perMinute >= 0)) throw new TypeError('a rate is a number of requests a minute, or 0 for no limit');
  return perMinute === 0 ? Infinity : perMinute;
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
