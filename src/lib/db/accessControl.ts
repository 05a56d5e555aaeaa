import type { AccountId } from '../core/ids.ts';
import { isCapable, type Capability } from '../domain/userRoles.ts';
import type { AccessControlRow, Store } from './store.ts';

/** Who may do what with one resource: grants of permissions, which end on their own where they have an end. */

/** A row of any table, and a person. */
export interface GrantPlace {
  readonly resourceType: string;
  readonly resourceId: string;
  readonly userId: AccountId;
}

const keyOf = ({ resourceType, resourceId, userId }: GrantPlace): [string, string, AccountId] => [
  resourceType,
  resourceId,
  userId,
];

/** Grants exactly these permissions; what was granted there before is replaced. */
export async function grantAccess(
  store: Store,
  place: GrantPlace,
  grant: { readonly permissions: readonly string[]; readonly grantedBy: AccountId; readonly expiresAt?: number },
  now: number,
): Promise<AccessControlRow> {
  const { permissions, ...rest } = grant;
  const row: AccessControlRow = { ...place, ...rest, permissions: [...new Set(permissions)], grantedAt: now };
  await store.accessControl.put(row);
  return row;
}

/** Takes these permissions back, or all of them; a grant of nothing goes. */
export async function revokeAccess(store: Store, place: GrantPlace, permissions?: readonly string[]): Promise<void> {
  await store.tx('rw', ['accessControl'], async () => {
    const row = await store.accessControl.get(keyOf(place));
    const left =
      permissions === undefined ? [] : (row?.permissions.filter((granted) => !permissions.includes(granted)) ?? []);
    if (row === undefined || left.length === 0) await store.accessControl.delete(keyOf(place));
    else await store.accessControl.put({ ...row, permissions: left });
  });
}

/** Whether the person has been granted the permission and the grant still holds. */
export async function isGranted(store: Store, place: GrantPlace, permission: string, now: number): Promise<boolean> {
  const row = await store.accessControl.get(keyOf(place));
  return row !== undefined && holds(row, now) && row.permissions.includes(permission);
}

/** Grants on a resource that still hold. */
export async function grantsOn(
  store: Store,
  resource: Pick<GrantPlace, 'resourceType' | 'resourceId'>,
  now: number,
): Promise<AccessControlRow[]> {
  const rows = await store.accessControl
    .where('[resourceType+resourceId]')
    .equals([resource.resourceType, resource.resourceId])
    .toArray();
  return rows.filter((row) => holds(row, now));
}

/** Grants to a person that still hold. */
export async function grantsTo(store: Store, userId: AccountId, now: number): Promise<AccessControlRow[]> {
  return (await store.accessControl.where('userId').equals(userId).toArray()).filter((row) => holds(row, now));
}

/** Deletes grants whose time is over. @returns how many. */
export const sweepGrants = (store: Store, now: number): Promise<number> =>
  Promise.resolve(store.accessControl.where('expiresAt').belowOrEqual(now).delete());

/** Whether a person's role allows something on this device; somebody unknown or deactivated may do nothing. */
export async function isPersonCapable(store: Store, userId: AccountId, capability: Capability): Promise<boolean> {
  const row = await store.users.get(userId);
  return row?.status === 'active' && isCapable(row.role, capability);
}

const holds = (row: AccessControlRow, now: number): boolean => row.expiresAt === undefined || row.expiresAt > now;
