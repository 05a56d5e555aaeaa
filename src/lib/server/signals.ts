import type * as v from 'valibot';
import type { StreamId } from '../core/ids.ts';
import { err, ok } from '../core/result.ts';
import { relayFault } from '../protocol/errors.ts';
import type { signal as signalEndpoint } from '../protocol/signals.ts';
import type { Caller, Outcome, RelayContext } from './context.ts';

/** What one device, and all of one stream, may signal: a writer says so every few seconds. */
export const SIGNALS_PER_DEVICE = { perMinute: 60, burst: 20 } as const;
export const SIGNALS_PER_STREAM = { perMinute: 240, burst: 60 } as const;

/**
 * Passes a signal on to the members of a stream that listen now, here and at the other relays. Nothing of it is
 * written down. Errors: `not-found` (no such stream), `forbidden` (the device is no member, or it is a mailbox),
 * `rate-limited`.
 */
export async function signal(
  context: RelayContext,
  caller: Caller,
  stream: StreamId,
  { payload }: v.InferOutput<typeof signalEndpoint.request>,
): Outcome<Record<string, never>> {
  const { store, bus, signals } = context;
  const wait = signals.byDevice.take(caller.device);
  if (wait > 0) return err({ ...relayFault('rate-limited', 'signals'), retryAfter: wait });
  const [row, member] = await store.read(({ streams }) =>
    Promise.all([streams.lockStream(stream), streams.findMember(stream, caller.device)]),
  );
  if (row === undefined) return err(relayFault('not-found', 'stream'));
  const isIn = row.kind === 'group' && member !== undefined && member.until === undefined;
  if (!isIn) return err(relayFault('forbidden'));
  const streamWait = signals.byStream.take(stream);
  if (streamWait > 0) return err({ ...relayFault('rate-limited', 'stream'), retryAfter: streamWait });
  bus.signal({ stream, epoch: row.epoch, sender: caller.device, payload: new Uint8Array(payload) });
  return ok({});
}
