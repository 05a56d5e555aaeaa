import { utf8 } from '../core/bytes.ts';
import type { DeviceId } from '../core/ids.ts';
import { err, ok, settle, type Result } from '../core/result.ts';
import { ed25519 } from '../crypto/primitives.ts';
import { appendAudit, auditTables } from '../db/auditLog.ts';
import { getDevice, listDevices, revokeDevice, updateDevice } from '../db/devices.ts';
import { loadKeyRow } from '../db/keyStore.ts';
import { listDevices as askDevices, revocationToSign, revokeOwnDevice } from '../protocol/account.ts';
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

/** Takes from the relay which devices there are and when they were seen. It says nothing about who may read. */
export async function refreshDevices({ store, identity, relay }: Session): Promise<Result<void>> {
  const answer = await relay.call(askDevices, askDevices.path, {});
  if (!answer.ok) return answer;
  return settle(
    store.tx('rw', ['devices', 'users'], async () => {
      for (const { device, lastSeen, createdAt } of answer.value.devices) {
        const known = await getDevice(store, device);
        // One that the account's key did not speak for here comes with a group, and a warning.
        if (known?.userId !== identity.account) continue;
        await updateDevice(store, device, { lastSeen: Math.max(lastSeen, createdAt) });
      }
    }),
  );
}

/** Refused: `not-found`, `bad-name`. */
export async function renameDevice({ store, identity }: Session, id: DeviceId, wanted: string): Promise<Result<void>> {
  const name = wanted.trim().normalize('NFC');
  if (utf8(name).length > limits.name) return err({ code: 'bad-name', retry: 'person' });
  if ((await getDevice(store, id))?.userId !== identity.account) return err({ code: 'not-found', retry: 'never' });
  return settle(store.tx('rw', ['devices', 'users'], () => updateDevice(store, id, { deviceName: name })));
}

/**
 * Ends a device of the own account. The relay ends its sessions at once, and no group seals for it any more
 * once its leaf is removed. Refused: `not-found`, `own-device`, `network` and what the relay refuses.
 */
export async function revokeDeviceForGood(session: Session, id: DeviceId): Promise<Result<void>> {
  const { store, identity, relay, clock } = session;
  const { account } = identity;
  if (id === identity.device) return err({ code: 'own-device', retry: 'person' });
  if ((await getDevice(store, id))?.userId !== account) return err({ code: 'not-found', retry: 'never' });
  const key = (await loadKeyRow(store, 'identity'))?.key;
  if (key === undefined) throw new Error('an account without its key');
  const signature = ed25519.sign(revocationToSign(account, id), key);
  const ended = await relay.call(revokeOwnDevice, revokeOwnDevice.path, { account, device: id, signature });
  // One that never came to the relay can't come any more either: its row says so to whoever adds devices.
  if (!ended.ok && ended.error.code !== 'not-found') return ended;
  const stored = await settle(
    store.tx('rw', ['devices', 'users', 'mlsGroups', ...queueTables, ...auditTables], async () => {
      await revokeDevice(store, id);
      await queueDeviceRemovals(session, id);
      const entry = { eventType: 'device', action: 'revoke', resourceId: id, success: true } as const;
      await appendAudit(store, entry, clock.now());
    }),
  );
  return stored.ok ? ok(undefined) : stored;
}
