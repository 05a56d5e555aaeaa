import type * as v from 'valibot';
import { base64urlFromBytes, bytesFromBase64url } from '../core/bytes.ts';
import type { AccountId, DeviceId, StreamId } from '../core/ids.ts';
import { err, ok, settle } from '../core/result.ts';
import { relayFault } from '../protocol/errors.ts';
import type { pushKey as keyEndpoint, subscribePush as subscribeEndpoint } from '../protocol/push.ts';
import type { Ring } from './bus/port.ts';
import type { Caller, Outcome, RelayContext, VapidKeys } from './context.ts';
import type { PushRow } from './store/noticeTables.ts';
import type { Store } from './store/port.ts';

export interface Push {
  /** The devices that may read what grew and do not listen here are woken, but for those of `by`, who did it. */
  wake(ring: Ring, by: AccountId): void;
  /** Wake-ups that wait for a push service. */
  waiting(): number;
  close(): void;
}

/** Of the browsers. A leading dot stands for any name in front of it. */
const KNOWN_HOSTS = [
  'fcm.googleapis.com',
  'updates.push.services.mozilla.com',
  '.push.services.mozilla.com',
  'web.push.apple.com',
  '.push.apple.com',
  '.notify.windows.com',
];
/** Rings are gathered for so long: whoever is connected has read by then. */
export const ROUND_MS = 1_000;
/** One wake-up in this time, and one more for what came meanwhile. */
export const WAKE_INTERVAL_MS = 30_000;
const TTL_SECONDS = 24 * 3600;
const TIMEOUT_MS = 10_000;
/** Requests to push services at the same time; what is beyond waits. */
const MOST_AT_ONCE = 16;
const VAPID = 'vapid';
/** Loaded by whoever uses it first: many relays wake nobody, and it is 8 MB. */
const loadWebPush = async () => (await import('web-push')).default;

/** The relay's VAPID key pair, made once and kept in the store. */
export function keptVapidKeys(store: Store): () => Promise<VapidKeys> {
  let known: Promise<VapidKeys> | undefined;
  const load = async (): Promise<VapidKeys> => {
    const fresh = (await loadWebPush()).generateVAPIDKeys();
    const kept = await store.write(({ push }) => push.keepKey(VAPID, `${fresh.publicKey} ${fresh.privateKey}`));
    const [publicKey = '', privateKey = ''] = kept.split(' ');
    return { publicKey, privateKey };
  };
  return () => {
    known ??= load().catch((thrown: unknown) => {
      known = undefined;
      throw thrown;
    });
    return known;
  };
}

/** What a browser needs for a subscription. */
export async function pushKey(context: RelayContext): Outcome<v.InferOutput<typeof keyEndpoint.answer>> {
  const { publicKey } = await context.push.vapidKeys();
  const key = bytesFromBase64url(publicKey);
  if (key === undefined) throw new TypeError('the VAPID key in the store is none');
  return ok({ key });
}

/** The caller's device is woken there from now on. Errors: `forbidden` (no push service that the relay knows). */
export async function subscribePush(
  context: RelayContext,
  caller: Caller,
  { endpoint, p256dh, auth }: v.InferOutput<typeof subscribeEndpoint.request>,
): Outcome<Record<string, never>> {
  if (!isPushService(endpoint, context.push.hosts ?? [])) return err(relayFault('forbidden', 'endpoint'));
  await context.store.write(({ push }) => push.replaceSubscription({ device: caller.device, endpoint, p256dh, auth }));
  return ok({});
}

/** The caller's device is woken no more. */
export async function stopPush(context: RelayContext, caller: Caller): Outcome<Record<string, never>> {
  await context.store.write(({ push }) => push.deleteSubscription(caller.device));
  return ok({});
}

/** Whether the relay may send requests there: over TLS, to the standard port, of a push service. */
export function isPushService(endpoint: string, hosts: readonly string[]): boolean {
  if (!URL.canParse(endpoint)) return false;
  const { protocol, host, origin, username, password } = new URL(endpoint);
  if (username !== '' || password !== '') return false;
  if (hosts.includes(origin)) return true;
  const isKnown = (known: string): boolean => (known.startsWith('.') ? host.endsWith(known) : host === known);
  return protocol === 'https:' && [...KNOWN_HOSTS, ...hosts].some(isKnown);
}

/** Wakes devices whose streams grew. A wake-up carries nothing, and a later one takes the place of an earlier. */
export function createPush(context: RelayContext, isListening: (device: DeviceId) => boolean): Push {
  const { store, clock, logger } = context;
  /** Devices that were woken lately: what ends the wait, and whether something came in it. */
  const resting = new Map<DeviceId, { again: boolean; cancel: () => void }>();
  const queue: PushRow[] = [];
  let sending = 0;
  let closed = false;
  let cancelRound = (): void => undefined;

  /** From which number, and by whom. */
  let grown = new Map<StreamId, { readonly first: number; readonly by: ReadonlySet<AccountId> }>();

  return {
    wake: ({ stream, head }, by) => {
      if (closed) return;
      if (grown.size === 0) cancelRound = clock.after(ROUND_MS, () => void wakeReaders());
      const before = grown.get(stream);
      const first = Math.min(head, before?.first ?? head);
      grown.set(stream, { first, by: new Set([...(before?.by ?? []), by]) });
    },
    waiting: () => queue.length + sending,
    close: () => {
      closed = true;
      cancelRound();
      for (const { cancel } of resting.values()) cancel();
      resting.clear();
      queue.length = 0;
    },
  };

  async function wakeReaders(): Promise<void> {
    const now = grown;
    grown = new Map();
    const found = await settle(() =>
      store.read(async ({ accounts, streams, push }) => {
        const away = new Map<DeviceId, Set<AccountId>>();
        for (const [stream, { first, by }] of now) {
          for (const { device } of await streams.readersOf(stream, first - 1))
            if (!isListening(device)) away.set(device, new Set([...(away.get(device) ?? []), ...by]));
        }
        const rows: PushRow[] = [];
        for (const row of await push.subscriptionsOf([...away.keys()])) {
          // What a person does on one device is no news to them on another.
          const own = (await accounts.findDevice(row.device))?.account;
          if ([...(away.get(row.device) ?? [])].some((by) => by !== own)) rows.push(row);
        }
        return rows;
      }),
    );
    if (found.ok) for (const row of found.value) wakeDevice(row);
    else logger.log('warn', 'wake-ups-lost', { code: found.error.code });
  }

  function wakeDevice(row: PushRow): void {
    const before = resting.get(row.device);
    if (before !== undefined) {
      before.again = true;
      return;
    }
    if (closed) return;
    const cancel = clock.after(WAKE_INTERVAL_MS, () => {
      const { again } = resting.get(row.device) ?? { again: false };
      resting.delete(row.device);
      if (again && !isListening(row.device)) wakeDevice(row);
    });
    resting.set(row.device, { again: false, cancel });
    queue.push(row);
    void sendNext();
  }

  async function sendNext(): Promise<void> {
    if (sending >= MOST_AT_ONCE) return;
    const row = queue.shift();
    if (row === undefined) return;
    sending += 1;
    try {
      const status = await send(row);
      // RFC 8030 §7.3: the subscription is over.
      if (status === 404 || status === 410) {
        await store.write(({ push }) => push.deleteSubscription(row.device));
      } else if (status >= 400) logger.log('warn', 'push-refused', { status });
    } catch (thrown) {
      logger.log('warn', 'push-failed', { name: thrown instanceof Error ? thrown.name : 'unknown' });
    } finally {
      sending -= 1;
      void sendNext();
    }
  }

  async function send({ endpoint, p256dh, auth }: PushRow): Promise<number> {
    const webPush = await loadWebPush();
    const { method, headers } = webPush.generateRequestDetails(
      { endpoint, keys: { p256dh: base64urlFromBytes(p256dh), auth: base64urlFromBytes(auth) } },
      null,
      {
        vapidDetails: { subject: context.push.contact, ...(await context.push.vapidKeys()) },
        TTL: TTL_SECONDS,
        urgency: 'high',
        topic: 'cairn',
      },
    );
    const response = await fetch(endpoint, {
      method,
      headers: headers as Record<string, string>,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.status;
  }
}
