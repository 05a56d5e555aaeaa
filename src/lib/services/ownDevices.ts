import { equal, utf8 } from '../core/bytes.ts';
import type { DeviceId } from '../core/ids.ts';
import { err, settle, type Result } from '../core/result.ts';
import { isEndedBy, signRevocation } from '../crypto/revocation.ts';
import { appendAudit, auditTables } from '../db/auditLog.ts';
import { getDevice, listDevices, revokeDevice, updateDevice } from '../db/devices.ts';
import { loadKeyRow } from '../db/keyStore.ts';
import type { DeviceRow } from '../db/store.ts';
import { findRevocation, listDevices as askDevices, revokeOwnDevice } from '../protocol/account.ts';
import { certificateFromBytes, type Certificate } from '../protocol/certificate.ts';
import { limits } from '../protocol/limits.ts';
import { queueDeviceRemovals } from '../sync/ownDevices.ts';
import { queueTables } from '../sync/queueIntent.ts';
import type { Session } from '../sync/session.ts';
import type { OwnDeviceItem } from './devicesClient.ts';
import type { Viewer } from './viewer.ts';

/** The devices of the own account, this one first, then the one seen last; those that were revoked at the end. */
export async function listOwnDevices({ store, identity }: Viewer): Promise<OwnDeviceItem[]> {
  const rows = await listDevices(store, identity.account);
  const items = rows.map((row) => ({
    id: row.id,
    name: row.deviceName,
    platform: row.platform ?? '',
    since: row.createdAt,
    lastSeen: row.lastSeen,
    isThis: row.id === identity.device,
    isRevoked: row.status === 'revoked',
  }));
  const rank = ({ isThis, isRevoked }: OwnDeviceItem): number => (isThis ? 0 : isRevoked ? 2 : 1);
  return items.sort((a, b) => rank(a) - rank(b) || b.lastSeen - a.lastSeen);
}

/**
 * Takes from the relay which devices there are and when they were seen. It says nothing about who may read.
 * @param platform what this device runs on now: it stays on the person's own devices.
 */
export async function refreshDevices(session: Session, platform: string): Promise<Result<void>> {
  const { store, identity, relay } = session;
  const own = await getDevice(store, identity.device);
  if (own !== undefined && own.platform !== platform)
    await settle(store.tx('rw', ['devices', 'users'], () => updateDevice(store, own.id, { platform })));
  const answer = await relay.call(askDevices, askDevices.path, {});
  if (!answer.ok) return answer;
  const { devices } = answer.value;
  for (const { device, isRevoked } of devices) if (isRevoked) await takeRevocation(session, device);
  return settle(
    store.tx('rw', ['devices', 'users'], async () => {
      for (const { device, lastSeen, createdAt } of devices) {
        const known = await getDevice(store, device);
        // One that the account's key did not speak for here comes with a group, and a warning.
        if (known?.userId !== identity.account) continue;
        await updateDevice(store, device, { lastSeen: Math.max(lastSeen, createdAt) });
      }
    }),
  );
}

/** Another device of the account ended this one: here it is ended too, once what was signed is verified. */
async function takeRevocation(session: Session, id: DeviceId): Promise<void> {
  const { store, identity, relay } = session;
  const row = await getDevice(store, id);
  if (row?.userId !== identity.account || row.status === 'revoked' || id === identity.device) return;
  const known = certificateOf(row);
  if (known === undefined || !equal(known.accountKey, identity.accountKey)) return;
  const said = await relay.call(findRevocation, findRevocation.path, { device: id });
  if (said.ok && isEndedBy(said.value, known)) await endHere(session, id);
}

/** Refused: `not-found`, `bad-name`. */
export async function renameDevice({ store, identity }: Session, id: DeviceId, wanted: string): Promise<Result<void>> {
  const name = wanted.trim().normalize('NFC');
  if (utf8(name).length > limits.name) return err({ code: 'bad-name', retry: 'person' });
  if ((await getDevice(store, id))?.userId !== identity.account) return err({ code: 'not-found', retry: 'never' });
  return settle(store.tx('rw', ['devices', 'users'], () => updateDevice(store, id, { deviceName: name })));
}

/**
 * Ends a device of the own account. The relay ends its sessions at once and hands it what was signed, upon which
 * it clears itself; no group seals for it any more once its leaf is removed. Refused: `not-found`, `own-device`, `network` and what the relay refuses.
 */
export async function revokeDeviceForGood(session: Session, id: DeviceId): Promise<Result<void>> {
  const { store, identity, relay, clock } = session;
  const { account } = identity;
  if (id === identity.device) return err({ code: 'own-device', retry: 'person' });
  const row = await getDevice(store, id);
  if (row?.userId !== account) return err({ code: 'not-found', retry: 'never' });
  const key = (await loadKeyRow(store, 'identity'))?.key;
  if (key === undefined) throw new Error('an account without its key');
  // Of what it has been up to now, whichever clock was ahead when it was linked.
  const at = Math.max(clock.now(), certificateOf(row)?.notBefore ?? 0);
  const request = { account, device: id, ...signRevocation(account, id, at, key) };
  const ended = await relay.call(revokeOwnDevice, revokeOwnDevice.path, request);
  // One that never came to the relay can't come any more either: its row says so to whoever adds devices.
  if (!ended.ok && ended.error.code !== 'not-found') return ended;
  return endHere(session, id);
}

/** No group of this device has that one any more. */
async function endHere(session: Session, id: DeviceId): Promise<Result<void>> {
  const { store, clock } = session;
  return settle(
    store.tx('rw', ['devices', 'users', 'mlsGroups', ...queueTables, ...auditTables], async () => {
      await revokeDevice(store, id);
      await queueDeviceRemovals(session, id);
      const entry = { eventType: 'device', action: 'revoke', resourceId: id, success: true } as const;
      await appendAudit(store, entry, clock.now());
    }),
  );
}

function certificateOf({ certificate }: DeviceRow): Certificate | undefined {
  const decoded = certificate === undefined ? undefined : certificateFromBytes(certificate);
  return decoded?.ok === true ? decoded.value : undefined;
}
