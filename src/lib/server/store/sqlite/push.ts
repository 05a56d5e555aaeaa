import { bytesFromId } from '../../../core/ids.ts';
import type { PushTables } from '../noticeTables.ts';
import { blob, text, type Statements } from './statements.ts';

export function createPushTables(sql: Statements): PushTables {
  return {
    async replaceSubscription({ device, endpoint, p256dh, auth }) {
      sql.run(
        `INSERT INTO push_subscriptions (device, endpoint, p256dh, auth) VALUES (?, ?, ?, ?)
         ON CONFLICT (device) DO UPDATE SET endpoint = excluded.endpoint, p256dh = excluded.p256dh, auth = excluded.auth`,
        bytesFromId(device),
        endpoint,
        p256dh,
        auth,
      );
    },
    async deleteSubscription(device) {
      sql.run('DELETE FROM push_subscriptions WHERE device = ?', bytesFromId(device));
    },
    async subscriptionsOf(devices) {
      return devices.flatMap((device) => {
        const row = sql.one('SELECT * FROM push_subscriptions WHERE device = ?', bytesFromId(device));
        if (row === undefined) return [];
        return [{ device, endpoint: text(row, 'endpoint'), p256dh: blob(row, 'p256dh'), auth: blob(row, 'auth') }];
      });
    },
    async keepKey(name, fresh) {
      sql.run('INSERT INTO relay_keys (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING', name, fresh);
      const row = sql.one('SELECT value FROM relay_keys WHERE name = ?', name);
      return row === undefined ? fresh : text(row, 'value');
    },
  };
}
