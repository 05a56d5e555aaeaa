import { base64urlFromBytes, bytesFromBase64url } from '../core/bytes.ts';
import type { DeviceId } from '../core/ids.ts';
import { ok, settle, type Result } from '../core/result.ts';
import { appendAudit, listAudit } from '../db/auditLog.ts';
import { listDevices } from '../db/devices.ts';
import { replaceSessions, revokeSession, sessionsOf } from '../db/sessions.ts';
import * as protocol from '../protocol/account.ts';
import type { Session } from '../sync/session.ts';
import type { SessionItem, SignInItem } from './accountClient.ts';
import type { Viewer } from './viewer.ts';

/** Where the account is logged in at the relay, and how this device was opened. */

export async function viewSessions({ store, identity }: Viewer): Promise<SessionItem[]> {
  const rows = await sessionsOf(store, identity.account, store.clock.now());
  const devices = new Map((await listDevices(store, identity.account)).map((device) => [device.id, device]));
  return [...Map.groupBy(rows, ({ deviceId }) => deviceId)]
    .map(([device, held]) => ({
      device,
      name: devices.get(device)?.deviceName ?? '',
      platform: devices.get(device)?.platform ?? '',
      isThisDevice: device === identity.device,
      since: Math.max(...held.map(({ createdAt }) => createdAt)),
      expiresAt: Math.max(...held.map(({ expiresAt }) => expiresAt)),
    }))
    .sort((a, b) => Number(b.isThisDevice) - Number(a.isThisDevice) || b.since - a.since);
}

/** Takes from the relay where the account is logged in. @returns how many sessions are of unknown devices. */
export async function refreshSessions({ store, identity, relay }: Session): Promise<Result<number>> {
  const { account } = identity;
  const answer = await relay.call(protocol.listSessions, protocol.listSessions.path, {});
  if (!answer.ok) return answer;
  const known = new Set((await listDevices(store, account)).map(({ id }) => id));
  const rows = answer.value.sessions.flatMap(({ id, device, isThis: _asks, ...times }) => {
    const tokenHash = base64urlFromBytes(id);
    return known.has(device) ? [{ id: tokenHash, tokenHash, deviceId: device, ...times }] : [];
  });
  const stored = await settle(replaceSessions(store, account, rows));
  return stored.ok ? ok(answer.value.sessions.length - rows.length) : stored;
}

/** Refused: `network`, what the relay refuses; what was ended before that stays so. */
export async function endSessions(session: Session, device: DeviceId): Promise<Result<void>> {
  const { store, identity, relay, clock } = session;
  const rows = await sessionsOf(store, identity.account, clock.now());
  for (const { id } of rows.filter(({ deviceId }) => deviceId === device)) {
    const hash = bytesFromBase64url(id) ?? new Uint8Array(32);
    const ended = await relay.call(protocol.endSession, protocol.endSession.path, { id: hash });
    // One that is over already is not shown any longer either.
    if (!ended.ok && ended.error.code !== 'not-found') return ended;
    await revokeSession(store, id);
  }
  const entry = { eventType: 'device', action: 'end-sessions', resourceId: device, success: true } as const;
  const noted = await settle(appendAudit(store, entry, clock.now()));
  return noted.ok ? ok(undefined) : noted;
}

/** The newest first. */
export async function listSignIns({ store }: Viewer, limit: number): Promise<SignInItem[]> {
  const rows = await listAudit(store, { limit: Infinity });
  return rows
    .filter(({ eventType }) => eventType === 'authentication')
    .slice(0, limit)
    .map(({ logId, timestamp, action, success, details }) => {
      const failures = (details as { readonly failures?: unknown } | undefined)?.failures;
      return {
        id: logId,
        at: timestamp,
        action,
        success,
        ...(typeof failures === 'number' ? { failures } : {}),
      };
    });
}
