import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import type { Bytes } from '../core/bytes.ts';
import type { DeviceId } from '../core/ids.ts';
import { silent, type Clock, type Logger, type Random } from '../core/ports.ts';
import { err, ok, settle, type Result } from '../core/result.ts';
import { isRelayErrorCode, relayErrors, relayFault, type RelayFault } from '../protocol/errors.ts';
import { limits } from '../protocol/limits.ts';
import { cborFromValue } from '../protocol/wire.ts';
import { revokeDevice } from './accounts.ts';
import { createAppends } from './appends.ts';
import { createLocalBus } from './bus/local.ts';
import type { Bus } from './bus/port.ts';
import { sweepBlobs } from './blobs.ts';
import { createFolderBlobs } from './blobs/fs.ts';
import { createMemoryBlobs } from './blobs/memory.ts';
import type { BlobStore } from './blobs/port.ts';
import type { PushOptions, Quotas, Registration, RelayContext, Sessions } from './context.ts';
import { createDoorbell, type Listener } from './doorbell.ts';
import { endpointOf, routeOf } from './endpoints.ts';
import { createTurns } from './turns.ts';
import { createMetrics } from './operator/metrics.ts';
import { countAll, watchRelay, type Overview } from './operator/overview.ts';
import { createPassed } from './passed.ts';
import { createPush, keptVapidKeys } from './push.ts';
import { invite } from './registration.ts';
import { standardRetention, trimStreams, type Retention } from './retention.ts';
import { createSessions } from './sessions.ts';
import { createRateLimit } from './rateLimit.ts';
import { SIGNALS_PER_DEVICE, SIGNALS_PER_STREAM } from './signals.ts';
import { openStore } from './store/open.ts';

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
   * ends or the device is revoked. Errors: `unauthorized`, `revoked-device`, `rate-limited`, `unavailable`.
   */
  listen(token: Bytes, listener: Listener): Promise<Result<() => void, RelayFault>>;
  /** For the operator: ends the device's sessions, it can log in no more. False where it is not known. */
  revokeDevice(device: DeviceId): Promise<boolean>;
  /** Whether the store answers. */
  isReady(): Promise<boolean>;
  /** Prometheus text. Rejects where the store fails. */
  metrics(): Promise<string>;
  /** What the operator's page shows. Rejects where the store fails. */
  overview(): Promise<Overview>;
  /** For the operator: the code of a new invitation. */
  invite(): Promise<string>;
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
  /** `postgres://…`: keeps everything there instead of in an embedded store. */
  readonly databaseUrl?: string | undefined;
  /**
   * What clients must have signed a login for, for example `https://chat.example.org`. Without it the
   * `Host` of the request counts, with either scheme: good enough for a trial on one's own machine, but a
   * dishonest relay in the middle can name any host. An operator sets the origin.
   */
  readonly origin?: string | undefined;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  readonly rates?: Partial<Rates>;
  /** What joins this relay with others; by default it is alone. */
  readonly bus?: Bus | undefined;
  /** Where blobs lie; in the folder `blobs` of `dataDir` by default. */
  readonly blobs?: BlobStore | undefined;
  readonly quotas?: Partial<Quotas>;
  readonly retention?: Partial<Retention>;
  /** By default everybody may come, and pays nothing. */
  readonly registration?: Partial<Registration>;
  readonly push?: Partial<PushOptions>;
}

/** What may come in a minute; `Infinity` (the standard) is no limit. Twice as much may come at once. */
export interface Rates {
  /** Requests from one address. */
  readonly perAddress: number;
  /** Requests of one device. */
  readonly perDevice: number;
  /** Bytes that one device sends. */
  readonly bytesPerDevice: number;
  /** New entries of one stream. */
  readonly perStream: number;
}

/** Puts a relay together from its parts. Rejects where the store can't be opened. */
export async function createRelay(options: RelayOptions): Promise<Relay> {
  const { dataDir, origin, clock = systemClock, random = systemRandom, logger = silent } = options;
  const limitOf = (rate: keyof Rates) => {
    const perMinute = options.rates?.[rate] ?? Infinity;
    return createRateLimit(clock, { perMinute, burst: perMinute * 2 });
  };
  const metrics = createMetrics(clock);
  const store = await openStore({ dataDir, databaseUrl: options.databaseUrl, now: clock.now(), logger });
  const bus = options.bus ?? createLocalBus();
  const countedBus: Bus = {
    ...bus,
    ring: (ring, fresh) => {
      bus.ring(ring, fresh);
      metrics.grew(fresh?.entries.length ?? 1);
    },
  };
  const passed = createPassed();
  const retention = { ...standardRetention, ...options.retention };
  const sessions = createSessions({ store, clock });
  const byStream = limitOf('perStream');
  // Who is not connected anywhere is woken by the instance that took the entry.
  const wake: RelayContext['wake'] = (ring, by) => push.wake(ring, by);
  const context: RelayContext = {
    store,
    bus: countedBus,
    wake,
    passed,
    appends: createAppends({ store, bus: countedBus, wake, clock, byStream }),
    push: { contact: 'mailto:operator@localhost', ...options.push, vapidKeys: keptVapidKeys(store) },
    blobs: options.blobs ?? (dataDir === ':memory:' ? createMemoryBlobs() : createFolderBlobs(join(dataDir, 'blobs'))),
    uploads: createTurns(),
    quotas: { ...standardQuotas, ...options.quotas },
    registration: { workBits: 0, inviteOnly: false, ...options.registration },
    sessions,
    dismiss: (devices) => bus.dismiss(devices),
    byStream,
    signals: {
      byDevice: createRateLimit(clock, SIGNALS_PER_DEVICE),
      byStream: createRateLimit(clock, SIGNALS_PER_STREAM),
    },
    clock,
    random,
    logger,
  };
  const doorbell = createDoorbell(context);
  const push = createPush(context, (device) => doorbell.listenersOf(device) > 0);
  const stopDismissing = bus.onDismissal((devices) => {
    sessions.forget(devices);
    for (const device of devices) doorbell.dismiss(device);
  });
  const byAddress = limitOf('perAddress');
  const byDevice = limitOf('perDevice');
  const bytesByDevice = limitOf('bytesPerDevice');
  const watch = watchRelay({ store, clock }, metrics, gauges);
  let stopSweeping = clock.after(SWEEP_MS, () => void sweep());
  let stopTrimming = clock.after(TRIM_MS, () => void trim());
  /** As it was when the devices' cursors were written down last. */
  let unread: number | undefined;
  let closing: Promise<void> | undefined;

  return {
    handle,
    listen,
    revokeDevice: (device) => revokeDevice(context, device),
    invite: () => invite(context),
    isReady: async () =>
      closing === undefined && (await settle(store.read((tables) => tables.retention.dueStreams(undefined, 0, 1)))).ok,
    metrics: async () => metrics.text(gauges(), await countAll(store)),
    overview: watch.overview,
    clock,
    logger,
    close,
  };

  async function handle(request: RelayRequest): Promise<RelayAnswer> {
    const began = clock.now();
    const answer = await answerTo(request);
    const took = Math.max(0, clock.now() - began);
    metrics.took(routeOf(request.path), answer.status, took, request.body.length, context.appends.waiting());
    return answer;
  }

  function gauges(): Readonly<Record<string, number>> {
    return {
      devices_listening: doorbell.listening(),
      appends_waiting: context.appends.waiting(),
      rings_waiting: doorbell.waiting(),
      pushes_waiting: push.waiting(),
      cursors_waiting: passed.size(),
      ...(unread === undefined ? {} : { entries_not_fetched: unread }),
      resident_bytes: process.memoryUsage.rss(),
    };
  }

  async function answerTo(request: RelayRequest): Promise<RelayAnswer> {
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
    const { device } = caller.value;
    const deviceWait = Math.max(byDevice.take(device), bytesByDevice.take(device, body.length));
    if (deviceWait > 0) return err({ ...relayFault('rate-limited', 'device'), retryAfter: deviceWait });
    return endpoint.serve(context, { body, caller: caller.value, origins });
  }

  async function listen(token: Bytes, listener: Listener): Promise<Result<() => void, RelayFault>> {
    const caller = await who(token);
    if (!caller.ok) return caller;
    if (doorbell.listenersOf(caller.value.device) >= MOST_LISTENERS) {
      return err({ ...relayFault('rate-limited', 'sockets'), retryAfter: 60 });
    }
    const stop = doorbell.listen(caller.value.device, {
      ...listener,
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

  /** Who asks, with a store that is closed or broken as a fault like the others. */
  async function who(token: Bytes | undefined): ReturnType<Sessions['authenticate']> {
    const settled = await settle(sessions.authenticate(token));
    if (settled.ok) return settled.value;
    const { error } = settled;
    return err(isRelayErrorCode(error.code) ? { ...error, code: error.code } : relayFault('unavailable'));
  }

  async function sweep(): Promise<void> {
    const now = clock.now();
    try {
      await store.write(async ({ logins, keyPackages, invitations, directory, rendezvous }) => {
        await logins.sweepLogins(now);
        await keyPackages.sweepPackages(now);
        await invitations.sweepInvitations(now);
        await directory.sweepListings(now);
        await rendezvous.sweepRendezvous(now);
      });
      await sweepBlobs(context);
    } catch (thrown) {
      // Whatever failed, the next sweep finds it where it was.
      logger.log('warn', 'sweep-failed', { name: thrown instanceof Error ? thrown.message : 'unknown' });
    }
    if (closing === undefined) stopSweeping = clock.after(SWEEP_MS, () => void sweep());
  }

  async function trim(): Promise<void> {
    try {
      const gone = await trimStreams({ store, passed, clock, retention }, () => closing !== undefined);
      if (gone > 0) logger.log('info', 'trimmed', { entries: gone });
      unread = await store.read(({ statistics }) => statistics.countUnread());
    } catch (thrown) {
      logger.log('warn', 'trim-failed', { name: thrown instanceof Error ? thrown.message : 'unknown' });
    }
    if (closing === undefined) stopTrimming = clock.after(TRIM_MS, () => void trim());
  }

  function close(): Promise<void> {
    closing ??= (async () => {
      stopSweeping();
      stopTrimming();
      watch.stop();
      stopDismissing();
      doorbell.close();
      push.close();
      await store.close();
    })();
    return closing;
  }
}

const standardQuotas: Quotas = { blobBytes: 8 * limits.blob };
/** Sockets of one device: its tabs and its service worker, and those that broke and nobody noticed yet. */
const MOST_LISTENERS = 32;
const SWEEP_MS = 10 * 60_000;
/** Between two looks for entries that are too old. */
export const TRIM_MS = 3600_000;
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
