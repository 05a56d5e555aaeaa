import type { Clock, Locks } from '../core/ports.ts';
import { ok, type Result } from '../core/result.ts';
import { CLASSICAL_SUITE, createKeyPackages, SUITE, type SuiteId } from '../crypto/mls/index.ts';
import {
  addKeyPackages,
  expireKeyPackages,
  keyPackagesByStatus,
  markPublished,
  unpublishedPackages,
  updateKeyPackageStatus,
  type NewKeyPackage,
} from '../db/keyPackages.ts';
import type { Store } from '../db/store.ts';
import {
  CLASSICAL_PACKAGE_REFILL,
  CLASSICAL_PACKAGE_TARGET,
  KEY_PACKAGE_LIFETIME_MS,
  KEY_PACKAGE_REFILL,
  KEY_PACKAGE_TARGET,
  limits,
} from '../protocol/limits.ts';
import type { Identity } from './identity.ts';
import type { CallFault, RelayClient } from './relayClient.ts';

/**
 * Keeps the device's pool on the relay filled: 50 packages, made anew when 25 are left, and one
 * last-resort package (protocol §7); of the classical suite fewer. The private halves are on disk before the public ones leave; an
 * upload that was cut off is repeated with the same packages.
 * @param past a time that is past by every clock, in milliseconds since the epoch: packages that ended by then go.
 * @returns how many packages were published.
 */
export function refillKeyPackages(
  store: Store,
  relay: RelayClient,
  identity: Identity,
  locks: Locks,
  clock: Clock,
  past: number,
): Promise<Result<number, CallFault>> {
  return locks.run('key-packages', async () => {
    const resumed = await publish(store, relay, clock);
    if (!resumed.ok) return resumed;
    const pool = await relay.countKeyPackages();
    if (!pool.ok) return pool;
    const now = clock.now();
    await expireKeyPackages(store, past);
    await forgetRetired(store, past);
    const kinds: Kind[] = [];
    for (const { suite, target, refill } of POOLS) {
      const left = pool.value.pools.find((one) => one.suite === suite);
      const available = left?.available ?? 0;
      // One that was used is retired here, while the relay would go on handing it out.
      if (left?.lastResort !== true || !(await hasLastResort(store, suite))) kinds.push({ suite, lastResort: true });
      const missing = available < refill ? target - available : 0;
      kinds.push(...Array.from({ length: missing }, () => ({ suite, lastResort: false })));
    }
    const lifetimeMs = KEY_PACKAGE_LIFETIME_MS;
    let total = resumed.value;
    // A few at a time: others can reach the device early, and the worker stays free for its person.
    for (let at = 0; at < kinds.length; at += STEP) {
      const fresh: NewKeyPackage[] = [];
      for (const kind of kinds.slice(at, at + STEP)) {
        fresh.push(...(await createKeyPackages(identity, 1, { ...kind, now, lifetimeMs })));
      }
      await addKeyPackages(store, fresh, now);
      const published = await publish(store, relay, clock);
      if (!published.ok) return published;
      total += published.value;
    }
    return ok(total);
  });
}

const STEP = 6;

interface Kind {
  readonly suite: SuiteId;
  readonly lastResort: boolean;
}

const POOLS = [
  { suite: SUITE, target: KEY_PACKAGE_TARGET, refill: KEY_PACKAGE_REFILL },
  { suite: CLASSICAL_SUITE, target: CLASSICAL_PACKAGE_TARGET, refill: CLASSICAL_PACKAGE_REFILL },
] as const;

/** Deletes the private halves of packages of last resort that nobody can hold a reservation of any more. */
async function forgetRetired(store: Store, now: number): Promise<void> {
  for (const row of await keyPackagesByStatus(store, 'reserved')) {
    if (row.isLastResort && (row.reservationExpiresAt ?? 0) <= now)
      await updateKeyPackageStatus(store, row.ref, 'expired', now);
  }
}

const hasLastResort = async (store: Store, suite: SuiteId): Promise<boolean> =>
  (await keyPackagesByStatus(store, 'available')).some((row) => row.isLastResort && row.cipherSuite === suite);

/** Uploads what the relay has not confirmed yet. */
async function publish(store: Store, relay: RelayClient, clock: Clock): Promise<Result<number, CallFault>> {
  let total = 0;
  for (;;) {
    const rows = await unpublishedPackages(store, limits.keyPackages);
    if (rows.length === 0) return ok(total);
    const answer = await relay.publishKeyPackages({ packages: rows });
    if (!answer.ok) return answer;
    await markPublished(
      store,
      rows.map((row) => row.ref),
      clock.now(),
    );
    total += rows.length;
  }
}
