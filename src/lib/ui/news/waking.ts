import type { Fault, Result } from '../../core/result.ts';
import type { CairnClient } from '../../services/client.ts';
import type { Waking } from '../client.ts';
import { m } from '../paraglide/messages.js';

/** Waking this device by push: the browser's subscription, and the relay that is told of it. */

type Relay = Pick<CairnClient, 'wakingKey' | 'wakeAt' | 'wakeNoMore'>;

/**
 * Subscribes and tells the relay; also what renews both, for the relay forgets a subscription that its push service
 * refused. Refused: `push-unsupported`, `push-denied`, `push-unreachable`, `push-not-known`, `network`.
 */
export async function wake(relay: Relay, waking: Waking): Promise<Result<void, Fault>> {
  const key = await relay.wakingKey();
  if (!key.ok) return key;
  const address = await waking.subscribe(key.value);
  if (!address.ok) return address;
  await waking.keepWords({ title: m.notify_new() });
  return relay.wakeAt(address.value);
}

/** Takes the subscription back, first from the relay. */
export async function wakeNoMore(relay: Relay, waking: Waking): Promise<Result<void, Fault>> {
  const stopped = await relay.wakeNoMore();
  await waking.unsubscribe();
  return stopped;
}
