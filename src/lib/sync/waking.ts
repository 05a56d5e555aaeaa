import type { Bytes } from '../core/bytes.ts';
import type { PushAddress } from '../core/pushAddress.ts';
import { ok, type Result } from '../core/result.ts';
import { pushKey, stopPush, subscribePush } from '../protocol/push.ts';
import type { CallFault, RelayClient } from './relayClient.ts';

/** How the relay wakes this device while it listens nowhere. None of it needs a message key. */

/** The VAPID key (RFC 8292) that a subscription is made for: 65 bytes. */
export async function wakingKey(relay: RelayClient): Promise<Result<Bytes, CallFault>> {
  const answer = await relay.call(pushKey, pushKey.path, {});
  return answer.ok ? ok(answer.value.key) : answer;
}

/** From now on the device is woken there and nowhere else. Refused: `forbidden` (no push service that the relay knows). */
export async function wakeAt(relay: RelayClient, address: PushAddress): Promise<Result<void, CallFault>> {
  const answer = await relay.call(subscribePush, subscribePush.path, address);
  return answer.ok ? ok(undefined) : answer;
}

export async function wakeNoMore(relay: RelayClient): Promise<Result<void, CallFault>> {
  const answer = await relay.call(stopPush, stopPush.path, {});
  return answer.ok ? ok(undefined) : answer;
}
