import type * as v from 'valibot';
import { idFromBytes, ID_BYTES, type AccountId } from '../core/ids.ts';
import { err, ok, refuse } from '../core/result.ts';
import { relayFault, type RelayFault } from '../protocol/errors.ts';
import { RESERVATION_MS } from '../protocol/limits.ts';
import type {
  claimKeyPackages as claimEndpoint,
  countKeyPackages as countEndpoint,
  publishKeyPackages as publishEndpoint,
} from '../protocol/requests.ts';
import type { Caller, Outcome, RelayContext } from './context.ts';
import type { KeyPackageRow, Reservation, Tables } from './store/port.ts';

type Publish = v.InferOutput<typeof publishEndpoint.request>;
type Count = v.InferOutput<typeof countEndpoint.answer>;
type ClaimAnswer = v.InferOutput<typeof claimEndpoint.answer>;

/** Packages that one device may have waiting. */
export const MOST_IN_POOL = 200;

/** What one account may take of one device's pool in an hour; then it is served the last resort. */
export const CLAIM_BUDGET = 20;
export const CLAIM_WINDOW_MS = 3600_000;

/**
 * Fills the pool of the caller's device. Packages that it published before are left as they are; a new last
 * resort replaces the one before it.
 * Errors: `bad-request` (a package that has ended, or more than the pool takes).
 */
export async function publish(context: RelayContext, caller: Caller, { packages }: Publish): Outcome<Count> {
  const now = context.clock.now();
  if (packages.some(({ notAfter }) => notAfter <= now)) return err(relayFault('bad-request', 'notAfter'));
  const count = await context.store.write(async ({ keyPackages }) => {
    await keyPackages.sweepPackages(now, caller.device);
    await keyPackages.insertPackages(caller.device, packages, now);
    const after = await keyPackages.countPackages(caller.device, now);
    if (after.available > MOST_IN_POOL) refuse(relayFault('bad-request', 'pool'));
    return after;
  });
  return ok(count);
}

/** What is left of the pool of the caller's device. */
export async function count(context: RelayContext, caller: Caller): Outcome<Count> {
  const now = context.clock.now();
  return ok(await context.store.read(({ keyPackages }) => keyPackages.countPackages(caller.device, now)));
}

/**
 * Reserves one package of each active device of each account, the caller's own device left out. No package
 * is handed out twice; only when a pool is empty, or the caller's account took {@link CLAIM_BUDGET} of it
 * within an hour, the last resort is, which stays where it is.
 * Errors: `rate-limited` (the budget is used up and there is no last resort); then nothing is reserved.
 */
export async function claim(
  context: RelayContext,
  caller: Caller,
  { accounts }: { readonly accounts: readonly AccountId[] },
): Outcome<ClaimAnswer> {
  const now = context.clock.now();
  const answer = await context.store.write(async (tables) => {
    const claims: ClaimAnswer['claims'] = [];
    const missing: AccountId[] = [];
    for (const account of new Set(accounts)) {
      const devices = await tables.accounts.activeDevices(account);
      const others = devices.filter((device) => device !== caller.device);
      const before = claims.length;
      for (const device of others) {
        const reservation: Reservation = {
          id: idFromBytes<string>(context.random.bytes(ID_BYTES)),
          holder: caller.device,
          holderAccount: caller.account,
          at: now,
          expiresAt: now + RESERVATION_MS,
        };
        await tables.keyPackages.sweepPackages(now, device);
        const taken = await take(tables, device, reservation);
        if (taken === undefined) continue;
        const { ref, lastResort, bytes } = taken;
        claims.push({
          account,
          device,
          ref,
          reservation: reservation.id,
          expiresAt: reservation.expiresAt,
          lastResort,
          bytes,
        });
      }
      const onlySelf = devices.length > 0 && others.length === 0;
      if (claims.length === before && !onlySelf) missing.push(account);
    }
    return { claims, missing };
  });
  return ok(answer);
}

async function take(
  { keyPackages }: Tables,
  device: Caller['device'],
  reservation: Reservation,
): Promise<KeyPackageRow | undefined> {
  const { holderAccount, at } = reservation;
  const used = await keyPackages.countReservations(device, holderAccount, at - CLAIM_WINDOW_MS);
  if (used < CLAIM_BUDGET) {
    return (await keyPackages.reservePackage(device, reservation)) ?? keyPackages.useLastResort(device, reservation);
  }
  return (await keyPackages.useLastResort(device, reservation)) ?? refuse(budgetUsed());
}

const budgetUsed = (): RelayFault => ({ ...relayFault('rate-limited', 'claims'), retryAfter: CLAIM_WINDOW_MS / 1000 });
