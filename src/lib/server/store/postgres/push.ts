import { bytesFromId, idFromBytes, type DeviceId } from '../../../core/ids.ts';
import type { PushTables } from '../noticeTables.ts';
import { blob, byteArrays, text, type Statements } from './statements.ts';

export function createPushTables(sql: Statements): PushTables {
  return {
    async replaceSubscription({ device, endpoint, p256dh, auth }) {
      await sql.run(
        `INSERT INTO push_subscriptions (device, endpoint, p256dh, auth) VALUES ($1, $2, $3, $4)
         ON CONFLICT (device) DO UPDATE SET endpoint = excluded.endpoint, p256dh = excluded.p256dh, auth = excluded.auth`,
        bytesFromId(device),
        endpoint,
        p256dh,
        auth,
      );
    },
    async deleteSubscription(device) {
      await sql.run('DELETE FROM push_subscriptions WHERE device = $1', bytesFromId(device));
    },
    async subscriptionsOf(devices) {
      if (devices.length === 0) return [];
      const rows = await sql.all(
        'SELECT * FROM push_subscriptions WHERE device = ANY($1::bytea[])',
        byteArrays(devices.map(bytesFromId)),
      );
      return rows.map((row) => ({
        device: idFromBytes<DeviceId>(blob(row, 'device')),
        endpoint: text(row, 'endpoint'),
        p256dh: blob(row, 'p256dh'),
        auth: blob(row, 'auth'),
      }));
    },
    async keepKey(name, fresh) {
      await sql.run('INSERT INTO relay_keys (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING', name, fresh);
      const row = await sql.one('SELECT value FROM relay_keys WHERE name = $1', name);
      return row === undefined ? fresh : text(row, 'value');
    },
  };
}
