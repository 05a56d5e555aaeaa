import type { AccountId, GroupId, KeyPackageRef } from '../core/ids.ts';
import type { Bytes } from '../core/bytes.ts';
import type { Store } from './store.ts';

const tables = ['keyPackages', 'keyPackageBundles'] as const;

/** A package as it was made: what the relay gets, and what stays here. */
export interface FreshKeyPackage {
  readonly ref: KeyPackageRef;
  readonly publicBytes: Bytes;
  readonly privateBundle: Bytes;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly suite: number;
  readonly lastResort: boolean;
}

/** Stores new packages with their private halves, as `created`. */
export async function addKeyPackages(store: Store, made: readonly FreshKeyPackage[], now: number): Promise<void> {
  await store.tx('rw', tables, async () => {
    await store.keyPackages.bulkAdd(
      made.map(({ ref, suite, lastResort, notBefore, notAfter }) => ({
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
      made.map(({ ref, privateBundle, publicBytes }) => ({ ref, bundle: privateBundle, publicPackage: publicBytes })),
    );
  });
}

/** Packages that the relay has not confirmed, as it is given them. */
export async function unpublishedPackages(
  store: Store,
  most: number,
): Promise<{ ref: KeyPackageRef; suite: number; notAfter: number; lastResort: boolean; bytes: Bytes }[]> {
  const rows = await store.keyPackages.where('status').equals('created').limit(most).toArray();
  const bundles = await store.keyPackageBundles.bulkGet(rows.map((row) => row.ref));
  return rows.flatMap((row, i) => {
    const bytes = bundles[i]?.publicPackage;
    if (bytes === undefined) return [];
    return [{ ref: row.ref, suite: row.cipherSuite, notAfter: row.notAfter, lastResort: row.isLastResort, bytes }];
  });
}

/** The relay has them: they are there to be claimed, and only their private halves stay here. */
export async function markPublished(store: Store, refs: readonly KeyPackageRef[], now: number): Promise<void> {
  await store.tx('rw', tables, async () => {
    for (const ref of refs) {
      await store.keyPackages.update(ref, { status: 'uploaded', uploadedAt: now });
      await store.keyPackages.update(ref, { status: 'available', availableAt: now });
      await store.keyPackageBundles.where('ref').equals(ref).modify((row) => void delete row.publicPackage);
    }
  });
}

/** The private half of a package that is still good, or `undefined`. */
export async function loadBundle(store: Store, ref: KeyPackageRef): Promise<Bytes | undefined> {
  return (await store.keyPackageBundles.get(ref))?.bundle;
}

/** Deletes the private half and notes what the package was spent on, inside the caller's transaction. */
export async function spendKeyPackage(
  store: Store,
  ref: KeyPackageRef,
  by: AccountId,
  groupId: GroupId,
  now: number,
): Promise<void> {
  await store.keyPackages.update(ref, { status: 'spent', spentAt: now, spentBy: by, spentGroupId: groupId });
  await store.keyPackageBundles.delete(ref);
}
