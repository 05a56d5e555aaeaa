import { randomFillSync } from 'node:crypto';
import type { Bytes } from '../core/bytes.ts';
import type { DeviceId } from '../core/ids.ts';
import { silent, type Clock, type Logger, type Random } from '../core/ports.ts';
import { err, ok, settle, type Result } from '../core/result.ts';
import { isRelayErrorCode, relayErrors, relayFault, type RelayFault } from '../protocol/errors.ts';
import { cborFromValue } from '../protocol/wire.ts';
import { revokeDevice } from './accounts.ts';
import { createLocalBus } from './bus/local.ts';
import type { RelayContext } from './context.ts';
import { createDoorbell, type Listener } from './doorbell.ts';
import { endpointOf } from './endpoints.ts';
import { authenticate } from './login.ts';
import { createRateLimit } from './rateLimit.ts';
import { openSqliteStore } from './store/sqlite.ts';

/**
 * The relay as one value, with or without HTTP around it. In a test or a simulation:
 *
 *     const relay = await createRelay({ dataDir: ':memory:', clock, random, origin: 'https://relay.test' });
 *     const { status, body } = await relay.handle({ path: 'catch-up', token, body: cborFromValue({ cursors: {} }) });
 *     const listening = await relay.listen(token, { ring: ({ stream, head }) => …, ended: () => … });
 *     await relay.close();
 */
export interface Relay {
  /** Serves one request of `protocol/requests.ts`. Never rejects: whatever goes wrong is a status and an `errorBody`. */
  handle(request: RelayRequest): Promise<RelayAnswer>;
  /**
   * The doorbell of a session's device, as a socket gets it. `ended` is called once, when the session
   * ends or the device is revoked. Errors: `unauthorized`, `revoked-device`, `unavailable`.
   */
  listen(token: Bytes, listener: Listener): Promise<Result<() => void, RelayFault>>;
  /** For the operator: ends the device's sessions, it can log in no more. False where it is not known. */
  revokeDevice(device: DeviceId): Promise<boolean>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Answers what is under way, then lets go of the store. May be called again. */
  close(): Promise<void>;
}

export interface RelayRequest {
  /** Behind `/api/v1/`, for example `login/challenge`. */
  readonly path: string;
  /** The session's token: the 32 bytes that `login` gave. */
  readonly token?: Bytes | undefined;
  /** CBOR. */
  readonly body: Uint8Array;
  /** Where it came from, for the rate limit; without one there is none. */
  readonly address?: string | undefined;
  /** The `Host` that was asked, where the relay was made without an `origin`. */
  readonly host?: string | undefined;
}

export interface RelayAnswer {
  readonly status: number;
  /** CBOR: the endpoint's answer with status 200, else an `errorBody`. */
  readonly body: Bytes;
  readonly headers: Readonly<Record<string, string>>;
}

export interface RelayOptions {
  /** A folder, made if it is missing, or `':memory:'`. */
  readonly dataDir: string;
  /**
   * What clients must have signed a login for, for example `https://chat.example.org`. Without it the
   * `Host` of the request counts, with either scheme: good enough for a trial on one's own machine, but a
   * dishonest relay in the middle can name any host. An operator sets the origin.
   */
  readonly origin?: string | undefined;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  /** Requests a minute; `Infinity` is no limit. Twice as many may come at once. */
  readonly rates?: { readonly perAddress: number; readonly perDevice: number };
}

/** Puts a relay together from its parts. Rejects where the store can't be opened. */
export async function createRelay(options: RelayOptions): Promise<Relay> {
  const { dataDir, origin, clock = systemClock, random = systemRandom, logger = silent } = options;
  const rates = options.rates ?? { perAddress: Infinity, perDevice: Infinity };
  const store = openSqliteStore({ dataDir, now: clock.now(), logger });
  const context: RelayContext = { store, bus: createLocalBus(), clock, random, logger };
  const doorbell = createDoorbell(context);
  const byAddress = createRateLimit(clock, { perMinute: rates.perAddress, burst: rates.perAddress * 2 });
  const byDevice = createRateLimit(clock, { perMinute: rates.perDevice, burst: rates.perDevice * 2 });
  let stopSweeping = clock.after(SWEEP_MS, () => void sweep());
  let closing: Promise<void> | undefined;

  return { handle, listen, revokeDevice: revoke, clock, logger, close };

  async function handle(request: RelayRequest): Promise<RelayAnswer> {
    try {
      const answer = await serve(request);
      return answer.ok ? { status: 200, body: answer.value, headers: CBOR } : answerFromFault(answer.error);
    } catch (thrown) {
      const name = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : 'unknown';
      logger.log('error', 'request-failed', { name });
      return answerFromFault({ ...relayFault('unavailable'), retryAfter: 5 });
    }
  }

  async function serve(request: RelayRequest): Promise<Result<Bytes, RelayFault>> {
    const { path, token, body, address, host } = request;
    const endpoint = endpointOf(path);
    if (endpoint === undefined) return err(relayFault('not-found', 'path'));
    const wait = address === undefined ? 0 : byAddress.take(address);
    if (wait > 0) return err({ ...relayFault('rate-limited', 'address'), retryAfter: wait });
    const origins = origin !== undefined ? [origin] : host === undefined ? [] : [`https://${host}`, `http://${host}`];
    if (endpoint.isOpen) return endpoint.serve(context, { body, caller: undefined, origins });

    const caller = await who(token);
    if (!caller.ok) return caller;
    const deviceWait = byDevice.take(caller.value.device);
    if (deviceWait > 0) return err({ ...relayFault('rate-limited', 'device'), retryAfter: deviceWait });
    return endpoint.serve(context, { body, caller: caller.value, origins });
  }

  async function listen(token: Bytes, listener: Listener): Promise<Result<() => void, RelayFault>> {
    const caller = await who(token);
    if (!caller.ok) return caller;
    const stop = doorbell.listen(caller.value.device, {
      ring: listener.ring,
      ended: () => {
        cancelEnd();
        listener.ended();
      },
    });
    const cancelEnd = clock.after(Math.max(0, caller.value.expiresAt - clock.now()), () => {
      stop();
      listener.ended();
    });
    return ok(() => {
      cancelEnd();
      stop();
    });
  }

  /** {@link authenticate}, with a store that is closed or broken as a fault like the others. */
  async function who(token: Bytes | undefined): ReturnType<typeof authenticate> {
    const settled = await settle(authenticate(context, token));
    if (settled.ok) return settled.value;
    const { error } = settled;
    return err(isRelayErrorCode(error.code) ? { ...error, code: error.code } : relayFault('unavailable'));
  }

  async function revoke(device: DeviceId): Promise<boolean> {
    const known = await revokeDevice(context, device);
    if (known) doorbell.dismiss(device);
    return known;
  }

  async function sweep(): Promise<void> {
    const now = clock.now();
    const swept = await settle(
      store.write(async ({ logins, keyPackages }) => {
        await logins.sweepLogins(now);
        await keyPackages.sweepPackages(now);
      }),
    );
    if (!swept.ok) logger.log('warn', 'sweep-failed', { code: swept.error.code });
    if (closing === undefined) stopSweeping = clock.after(SWEEP_MS, () => void sweep());
  }

  function close(): Promise<void> {
    closing ??= (async () => {
      stopSweeping();
      doorbell.close();
      await store.close();
    })();
    return closing;
  }
}

const SWEEP_MS = 10 * 60_000;
const CBOR = { 'content-type': 'application/cbor', 'cache-control': 'no-store' } as const;

/** A fault as it travels: an `errorBody` with the status of its code. */
export function answerFromFault({ code, detail, retryAfter }: RelayFault): RelayAnswer {
  return {
    status: relayErrors[code].status,
    body: cborFromValue({ code, detail }),
    headers: retryAfter === undefined ? CBOR : { ...CBOR, 'retry-after': String(retryAfter) },
  };
}

const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    // A timer of the relay never keeps a process alive that has nothing else to do.
    timer.unref();
    return () => clearTimeout(timer);
  },
};

const systemRandom: Random = { bytes: (length) => randomFillSync(new Uint8Array(length)) };
