import type * as v from 'valibot';
import { idFromBytes, ID_BYTES, type AccountId, type DeviceId } from '../core/ids.ts';
import { err, ok, refuse } from '../core/result.ts';
import { relayFault, type RelayFault } from '../protocol/errors.ts';
import { KEY_PACKAGE_REFILL, RESERVATION_MS } from '../protocol/limits.ts';
import type {
  claimKeyPackages as claimEndpoint,
  countKeyPackages as countEndpoint,
  publishKeyPackages as publishEndpoint,
} from '../protocol/requests.ts';
import { mailboxOf } from './accounts.ts';
import type { Caller, Outcome, RelayContext } from './context.ts';
import type { KeyPackageRow, Reservation, Tables } from './store/port.ts';

type Publish = v.InferOutput<typeof publishEndpoint.request>;
type Count = v.InferOutput<typeof countEndpoint.answer>;
type Claim = v.InferOutput<typeof claimEndpoint.request>;
type ClaimAnswer = v.InferOutput<typeof claimEndpoint.answer>;

/** Packages that one device may have waiting. */
export const MOST_IN_POOL = 200;

/** What one account may take of one device's pool in an hour; then it is served the last resort. */
export const CLAIM_BUDGET = 20;
export const CLAIM_WINDOW_MS = 3600_000;

/** What all together may take of one device's pool in an hour: many accounts in one hand drain it no faster. */
export const TARGET_BUDGET = 100;

/**
 * Fills the pool of the caller's device. Packages that it published before are left as they are; a new last
 * resort replaces the one before it.
 * Errors: `bad-request` (a package that has ended, or more than the pool takes).
 */
export async function publish(context: RelayContext, caller: Caller, { packages }: Publish): Outcome<Count> {
  const now = context.clock.now();
  if (packages.some(({ notAfter }) => notAfter <= now)) return err(relayFault('bad-request', 'notAfter'));
  const count = await context.store.write(async ({ keyPackages, streams }) => {
    await lockPools({ streams }, [caller.device]);
    await keyPackages.sweepPackages(now, caller.device);
    await keyPackages.insertPackages(caller.device, packages, now);
    const pools = await keyPackages.countPackages(caller.device, now);
    const total = pools.reduce((sum, { available }) => sum + available, 0);
    if (total > MOST_IN_POOL) refuse(relayFault('bad-request', 'pool'));
    return { pools };
  });
  return ok(count);
}

/** What is left of the pool of the caller's device. */
export async function count(context: RelayContext, caller: Caller): Outcome<Count> {
  const now = context.clock.now();
  return ok({ pools: await context.store.read(({ keyPackages }) => keyPackages.countPackages(caller.device, now)) });
}

/**
 * Reserves one package of a suite of each active device of each account, the caller's own device left out. No package
 * is handed out twice; only when a pool is empty, or the caller's account took {@link CLAIM_BUDGET} of it
 * within an hour, the last resort is, which stays where it is.
 * Errors: `rate-limited` (the budget is used up and there is no last resort); then nothing is reserved.
 */
export async function claim(
  context: RelayContext,
  caller: Caller,
  { claim: name, suite, accounts }: Claim,
): Outcome<ClaimAnswer> {
  const now = context.clock.now();
  const { low, ...answer } = await context.store.write(async (tables) => {
    const low: DeviceId[] = [];
    const claims: ClaimAnswer['claims'] = [];
    const missing: AccountId[] = [];
    const devicesOf = new Map<AccountId, readonly DeviceId[]>();
    for (const account of accounts) devicesOf.set(account, await tables.accounts.activeDevices(account));
    await lockPools(tables, [...devicesOf.values()].flat());
    for (const [account, devices] of devicesOf) {
      const others = devices.filter((device) => device !== caller.device);
      const before = claims.length;
      for (const device of others) {
        const reservation: Reservation = {
          id: idFromBytes<string>(context.random.bytes(ID_BYTES)),
          claim: name,
          suite,
          holder: caller.device,
          holderAccount: caller.account,
          at: now,
          expiresAt: now + RESERVATION_MS,
        };
        await tables.keyPackages.sweepPackages(now, device);
        const again = await tables.keyPackages.findClaim(device, reservation);
        const claimed = again ?? {
          taken: await take(tables, device, reservation, account === caller.account),
          reservation: reservation.id,
          expiresAt: reservation.expiresAt,
        };
        if (claimed.taken === undefined) continue;
        const { ref, lastResort, bytes } = claimed.taken;
        if (again === undefined && (await runsLow(tables, device, suite, now))) low.push(device);
        const { reservation: id, expiresAt } = claimed;
        claims.push({ account, device, ref, reservation: id, expiresAt, lastResort, bytes });
      }
      const onlySelf = devices.length > 0 && others.length === 0;
      if (claims.length === before && !onlySelf) missing.push(account);
    }
    return { low, claims, missing };
  });
  // The head says nothing here: whoever hears its mailbox's bell looks after its pool.
  for (const device of low) context.bus.ring({ stream: mailboxOf(device), head: 1 });
  return ok(answer);
}

/**
 * Whoever holds the mailbox holds the pool: what is counted stays true until the transaction ends. In the
 * order in which commits take mailboxes, so that nobody waits in a ring.
 */
async function lockPools({ streams }: Pick<Tables, 'streams'>, devices: readonly DeviceId[]): Promise<void> {
  for (const device of devices.toSorted()) await streams.lockStream(mailboxOf(device));
}

async function take(
  { keyPackages }: Tables,
  device: Caller['device'],
  reservation: Reservation,
  isOwn: boolean,
): Promise<KeyPackageRow | undefined> {
  const { holderAccount, at } = reservation;
  // Whoever asks for the devices of their own account drains nobody's pool.
  if (isOwn)
    return (await keyPackages.reservePackage(device, reservation)) ?? keyPackages.useLastResort(device, reservation);
  const used = await keyPackages.countReservations(device, holderAccount, at - CLAIM_WINDOW_MS);
  if (used < CLAIM_BUDGET) {
    const all = await keyPackages.countAllReservations(device, at - CLAIM_WINDOW_MS);
    if (all >= TARGET_BUDGET) return keyPackages.useLastResort(device, reservation);
    return (await keyPackages.reservePackage(device, reservation)) ?? keyPackages.useLastResort(device, reservation);
  }
  return (await keyPackages.useLastResort(device, reservation)) ?? refuse(budgetUsed());
}

/** Whether the pool has just reached the point where its owner fills it up, or its end. */
async function runsLow({ keyPackages }: Tables, device: DeviceId, suite: number, now: number): Promise<boolean> {
  const pools = await keyPackages.countPackages(device, now);
  const available = pools.find((pool) => pool.suite === suite)?.available ?? 0;
  return available === KEY_PACKAGE_REFILL - 1 || available === 0;
}

const budgetUsed = (): RelayFault => ({ ...relayFault('rate-limited', 'claims'), retryAfter: CLAIM_WINDOW_MS / 1000 });
