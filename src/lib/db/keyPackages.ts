import type { Bytes } from '../core/bytes.ts';
import type { AccountId, GroupId, KeyPackageRef } from '../core/ids.ts';
import { refuseStorage } from './faults.ts';
import type { KeyPackageRow, Store } from './store.ts';

/**
 * The device's pool of KeyPackages: metadata in one table, private halves in another. A package goes
 * `created → uploaded → available → reserved → spent | expired`; other steps are refused (`constraint`).
 * The private half is deleted in the transaction that spends or expires the package.
 */

export type KeyPackageStatus = KeyPackageRow['status'];

/** Tables that every change of a package writes; a caller's transaction must hold them. */
export const keyPackageTables = ['keyPackages', 'keyPackageBundles'] as const;

export interface NewKeyPackage {
  readonly ref: KeyPackageRef;
  readonly publicBytes: Bytes;
  readonly privateBundle: Bytes;
  /** Milliseconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly suite: number;
  readonly lastResort: boolean;
}

/** Stores fresh packages, private halves and all, as `created`. Refused: `duplicate`. */
export async function addKeyPackages(store: Store, fresh: readonly NewKeyPackage[], now: number): Promise<void> {
  await store.tx('rw', keyPackageTables, async () => {
    await store.keyPackages.bulkAdd(
      fresh.map(({ ref, notBefore, notAfter, suite, lastResort }) => ({
        ref,
        status: 'created' as const,
        cipherSuite: suite,
        isLastResort: lastResort,
        notBefore,
        notAfter,
        createdAt: now,
      })),
    );
    await store.keyPackageBundles.bulkAdd(
      fresh.map(({ ref, privateBundle, publicBytes }) => ({ ref, bundle: privateBundle, publicPackage: publicBytes })),
    );
  });
}

/** Up to `most` packages that the relay has not confirmed, oldest first, in the shape of the upload. */
export async function unpublishedPackages(store: Store, most: number) {
  return store.tx('r', keyPackageTables, async () => {
    const rows = (await keyPackagesByStatus(store, 'created')).sort((a, b) => a.createdAt - b.createdAt).slice(0, most);
    const bundles = await store.keyPackageBundles.bulkGet(rows.map((row) => row.ref));
    return rows.flatMap((row, i) => {
      const bytes = bundles[i]?.publicPackage;
      if (bytes === undefined) return [];
      return [{ ref: row.ref, suite: row.cipherSuite, notAfter: row.notAfter, lastResort: row.isLastResort, bytes }];
    });
  });
}

/** The relay has these packages and hands them out from here on. */
export async function markPublished(store: Store, refs: readonly KeyPackageRef[], now: number): Promise<void> {
  await store.tx('rw', keyPackageTables, async () => {
    for (const ref of refs) {
      await walk(store, await packageOf(store, ref), ['uploaded', 'available'], now);
      await store.keyPackageBundles
        .where('ref')
        .equals(ref)
        .modify((row) => {
          delete row.publicPackage;
        });
    }
  });
}

/** One step of a package's life. Refused: `not-found`, `constraint`. */
export async function updateKeyPackageStatus(
  store: Store,
  ref: KeyPackageRef,
  status: KeyPackageStatus,
  now: number,
): Promise<void> {
  await store.tx('rw', keyPackageTables, async () => {
    await take(store, await packageOf(store, ref), status, now);
  });
}

/** The relay promised the package to somebody, until `expiresAt`. */
export async function reserveKeyPackage(
  store: Store,
  ref: KeyPackageRef,
  reservation: { readonly id: string; readonly by: AccountId; readonly expiresAt: number },
  now: number,
): Promise<void> {
  await store.tx('rw', keyPackageTables, async () => {
    await take(store, await packageOf(store, ref), 'reserved', now, {
      reservationId: reservation.id,
      reservedBy: reservation.by,
      reservationExpiresAt: reservation.expiresAt,
    });
  });
}

/** Packages whose reservation is over without being spent come back to the pool. @returns how many. */
export async function releaseReservations(store: Store, now: number): Promise<number> {
  return store.tx('rw', keyPackageTables, async () => {
    const reserved = await keyPackagesByStatus(store, 'reserved');
    // One of last resort that was replaced stays away until nobody can hold it any more.
    const lapsed = reserved.filter((row) => !row.isLastResort && (row.reservationExpiresAt ?? Infinity) <= now);
    for (const row of lapsed) await take(store, row, 'available', now);
    return lapsed.length;
  });
}

/**
 * Somebody let this device into a group with the package: its private half goes, in the caller's
 * transaction. Whoever used it must have had it from the relay, so steps that we never heard of (a lost
 * answer to the upload) are made up for.
 */
export async function spendKeyPackage(
  store: Store,
  ref: KeyPackageRef,
  by: AccountId,
  groupId: GroupId,
  now: number,
): Promise<void> {
  await store.tx('rw', keyPackageTables, async () => {
    const row = await walk(store, await packageOf(store, ref), ['uploaded', 'available'], now);
    await take(store, row, 'spent', now, { spentBy: by, spentGroupId: groupId });
  });
}

/** The private half, or `undefined` when it was never here, spent or expired. */
export async function loadBundle(store: Store, ref: KeyPackageRef): Promise<Bytes | undefined> {
  return (await store.keyPackageBundles.get(ref))?.bundle;
}

export async function loadKeyPackage(store: Store, ref: KeyPackageRef): Promise<KeyPackageRow | undefined> {
  return store.keyPackages.get(ref);
}

export const keyPackagesByStatus = (store: Store, status: KeyPackageStatus): Promise<KeyPackageRow[]> =>
  Promise.resolve(store.keyPackages.where('status').equals(status).toArray());

export const countKeyPackages = (store: Store, status: KeyPackageStatus): Promise<number> =>
  Promise.resolve(store.keyPackages.where('status').equals(status).count());

/** Packages whose lifetime is over and which were neither spent nor marked expired. */
export async function expiredKeyPackageRefs(store: Store, now: number): Promise<KeyPackageRef[]> {
  const rows = await store.keyPackages.where('notAfter').belowOrEqual(now).toArray();
  return rows.filter((row) => row.status !== 'spent' && row.status !== 'expired').map((row) => row.ref);
}

/** Marks everything whose lifetime is over, and deletes the private halves. @returns how many. */
export async function expireKeyPackages(store: Store, now: number): Promise<number> {
  return store.tx('rw', keyPackageTables, async () => {
    const refs = await expiredKeyPackageRefs(store, now);
    for (const ref of refs) await take(store, await packageOf(store, ref), 'expired', now);
    return refs.length;
  });
}

/** Forgets a package, private half and all. */
export async function deleteKeyPackage(store: Store, ref: KeyPackageRef): Promise<void> {
  await store.keyPackages.delete(ref);
}

const stampedBy = {
  uploaded: 'uploadedAt',
  available: 'availableAt',
  reserved: 'reservedAt',
  spent: 'spentAt',
  expired: 'expiredAt',
} as const;

async function packageOf(store: Store, ref: KeyPackageRef): Promise<KeyPackageRow> {
  return (await store.keyPackages.get(ref)) ?? refuseStorage('not-found', { entity: 'keyPackages' });
}

/** One step; whether it may be taken is the table's own rule. */
async function take(
  store: Store,
  row: KeyPackageRow,
  status: KeyPackageStatus,
  now: number,
  facts: Partial<KeyPackageRow> = {},
): Promise<KeyPackageRow> {
  const next: KeyPackageRow = { ...row, ...facts, status, ...(status !== 'created' && { [stampedBy[status]]: now }) };
  if (status === 'available') {
    delete next.reservationId;
    delete next.reservedBy;
    delete next.reservedAt;
    delete next.reservationExpiresAt;
  }
  await store.keyPackages.put(next);
  if (status === 'spent' || status === 'expired') await store.keyPackageBundles.delete(row.ref);
  return next;
}

/** Takes those of `steps` that lie ahead; a package that is further along stays where it is. */
async function walk(
  store: Store,
  row: KeyPackageRow,
  steps: readonly KeyPackageStatus[],
  now: number,
): Promise<KeyPackageRow> {
  let at = row;
  for (const step of steps) if (order.indexOf(at.status) < order.indexOf(step)) at = await take(store, at, step, now);
  return at;
}

const order: readonly KeyPackageStatus[] = ['created', 'uploaded', 'available', 'reserved', 'spent', 'expired'];
