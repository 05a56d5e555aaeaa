import { err, ok } from '../core/result.ts';
import { membersOf, type MlsGroup } from '../crypto/mls/index.ts';
import { listDevices } from '../db/devices.ts';
import type { OfflineOperationRow } from '../db/store.ts';
import { claimPackages } from './claims.ts';
import type { Wanted } from './intents.ts';
import type { Planned } from './planned.ts';
import type { Session } from './session.ts';

/** The commit that adds the devices of this account that a group has not yet, or removes one that was revoked. */
export async function planOwnDevices(
  session: Session,
  operation: OfflineOperationRow,
  wanted: Wanted<'devices'> | Wanted<'revoke'>,
  group: MlsGroup,
): Promise<Planned> {
  const { identity, store } = session;
  const present = new Set<string>(membersOf(group).map(({ device }) => device));
  if (wanted.what === 'revoke') {
    return ok(present.has(wanted.device) ? { group, removesDevice: wanted.device } : undefined);
  }
  const own = await listDevices(store, identity.account, 'active');
  if (own.every(({ id }) => present.has(id))) return ok(undefined);
  const self = { account: identity.account, ...identity.card };
  const claimed = await claimPackages(session, operation.id, [self]);
  if (!claimed.ok) return claimed;
  const adds = claimed.value.claims.filter(({ device }) => !present.has(device));
  // Those that are here already had packages to spare; the one that is not has published none yet.
  return adds.length === 0 ? err({ code: 'no-key-package', retry: 'after-sync' }) : ok({ group, adds });
}
