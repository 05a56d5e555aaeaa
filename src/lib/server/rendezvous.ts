import type * as v from 'valibot';
import { err, ok } from '../core/result.ts';
import { relayFault } from '../protocol/errors.ts';
import { limits } from '../protocol/limits.ts';
import {
  RENDEZVOUS_JOINED_MS,
  RENDEZVOUS_MS,
  WAITING_BYTES,
  type answerBox as answerEndpoint,
  type fetchBoxes as fetchEndpoint,
  type offerBox as offerEndpoint,
} from '../protocol/rendezvous.ts';
import type { Caller, Outcome, RelayContext } from './context.ts';

/**
 * Where a device without an account meets one that has one. Anybody may open a rendezvous, so it takes a few
 * small boxes only, there are only so many, and it is soon over; large boxes come from devices with a session.
 */

/** Open at once: with what each may hold of the new device, 64 MiB. */
const MOST = 4_096;

/** Keeps a box of the new device. Errors: `rate-limited` (too many are open), `not-found` (it is over). */
export async function offerBox(
  { store, clock }: RelayContext,
  id: string,
  { n, box }: v.InferOutput<typeof offerEndpoint.request>,
): Outcome<Record<string, never>> {
  const now = clock.now();
  return store.write(async ({ rendezvous }) => {
    if ((await rendezvous.findRendezvous(id, now)) === undefined) {
      if (n > 0) return err(relayFault('not-found', 'rendezvous'));
      if ((await rendezvous.countRendezvous()) >= MOST) {
        return err({ ...relayFault('rate-limited', 'rendezvous'), retryAfter: 60 });
      }
      await rendezvous.insertRendezvous(id, now + RENDEZVOUS_MS);
    }
    await rendezvous.insertBox(id, 'new', { n, box });
    return ok({});
  });
}

/**
 * Keeps a box of the old device, which from then on is waited for longer.
 * Errors: `not-found`, `rate-limited` (too much waits to be fetched).
 */
export async function answerBox(
  { store, clock }: RelayContext,
  _caller: Caller,
  id: string,
  { n, box }: v.InferOutput<typeof answerEndpoint.request>,
): Outcome<v.InferOutput<typeof answerEndpoint.answer>> {
  const now = clock.now();
  return store.write(async ({ rendezvous }) => {
    if ((await rendezvous.findRendezvous(id, now)) === undefined) return err(relayFault('not-found', 'rendezvous'));
    const waiting = await rendezvous.boxBytes(id, 'old');
    if (waiting > 0 && waiting + box.length > WAITING_BYTES) {
      return err({ ...relayFault('rate-limited', 'boxes'), retryAfter: 1 });
    }
    await rendezvous.insertBox(id, 'old', { n, box });
    await rendezvous.extendRendezvous(id, now + RENDEZVOUS_JOINED_MS);
    return ok({ waiting: await rendezvous.boxBytes(id, 'old') });
  });
}

/** Boxes of one side; those before them are deleted. Errors: `not-found`. */
export async function fetchBoxes(
  { store, clock }: RelayContext,
  id: string,
  { from, next }: v.InferOutput<typeof fetchEndpoint.request>,
): Outcome<v.InferOutput<typeof fetchEndpoint.answer>> {
  const now = clock.now();
  return store.write(async ({ rendezvous }) => {
    if ((await rendezvous.findRendezvous(id, now)) === undefined) return err(relayFault('not-found', 'rendezvous'));
    if (next > 0) await rendezvous.deleteBoxesBefore(id, from, next);
    return ok({ boxes: await rendezvous.boxesFrom(id, from, next, limits.entry) });
  });
}
