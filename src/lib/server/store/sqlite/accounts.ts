import { bytesFromId, idFromBytes, type AccountId, type DeviceId } from '../../../core/ids.ts';
import type { AccountTables, DeviceRow } from '../port.ts';
import { blob, integer, text, type Row, type Statements } from './statements.ts';

export function createAccountTables(sql: Statements): AccountTables {
  return {
    async findDevice(device) {
      const row = sql.one('SELECT * FROM devices WHERE id = ?', bytesFromId(device));
      return row === undefined ? undefined : deviceFromRow(row);
    },
    async insertAccount(account, accountKey, now) {
      sql.run(
        'INSERT INTO accounts (id, account_key, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
        bytesFromId(account),
        accountKey,
        now,
      );
    },
    async insertDevice({ device, account, loginKey, certificate, sequence }, now) {
      sql.run(
        `INSERT INTO devices (id, account, login_key, certificate, sequence, last_seen, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
        bytesFromId(device),
        bytesFromId(account),
        loginKey,
        certificate,
        sequence,
        now,
        now,
      );
    },
    async replaceCertificate(device, { loginKey, certificate, sequence }) {
      sql.run(
        'UPDATE devices SET login_key = ?, certificate = ?, sequence = ? WHERE id = ?',
        loginKey,
        certificate,
        sequence,
        bytesFromId(device),
      );
    },
    async revokeDevice(device) {
      sql.run(`UPDATE devices SET status = 'revoked' WHERE id = ?`, bytesFromId(device));
    },
    async activeDevices(account) {
      return sql
        .all(
          `SELECT d.id FROM devices d JOIN accounts a ON a.id = d.account
           WHERE d.account = ? AND d.status = 'active' AND a.status = 'active' ORDER BY d.created_at, d.id`,
          bytesFromId(account),
        )
        .map((row) => idFromBytes<DeviceId>(blob(row, 'id')));
    },
    async knownDevices(devices) {
      return new Set(
        devices.filter((device) => sql.one('SELECT 1 FROM devices WHERE id = ?', bytesFromId(device)) !== undefined),
      );
    },
  };
}

const deviceFromRow = (row: Row): DeviceRow => ({
  device: idFromBytes<DeviceId>(blob(row, 'id')),
  account: idFromBytes<AccountId>(blob(row, 'account')),
  loginKey: blob(row, 'login_key'),
  certificate: blob(row, 'certificate'),
  sequence: integer(row, 'sequence'),
  status: text(row, 'status') === 'active' ? 'active' : 'revoked',
});
