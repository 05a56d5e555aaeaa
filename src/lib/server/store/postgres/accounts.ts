import { bytesFromId, idFromBytes, type AccountId, type DeviceId } from '../../../core/ids.ts';
import type { AccountTables, DeviceRow } from '../port.ts';
import { blob, byteArrays, integer, text, type Row, type Statements } from './statements.ts';

export function createAccountTables(sql: Statements): AccountTables {
  return {
    async findDevice(device) {
      const row = await sql.one('SELECT * FROM devices WHERE id = $1', bytesFromId(device));
      return row === undefined ? undefined : deviceFromRow(row);
    },
    async insertAccount(account, accountKey, now) {
      await sql.run(
        'INSERT INTO accounts (id, account_key, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
        bytesFromId(account),
        accountKey,
        now,
      );
    },
    async insertDevice({ device, account, loginKey, certificate, sequence }, now) {
      await sql.run(
        `INSERT INTO devices (id, account, login_key, certificate, sequence, last_seen, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)`,
        bytesFromId(device),
        bytesFromId(account),
        loginKey,
        certificate,
        sequence,
        now,
      );
    },
    async replaceCertificate(device, { loginKey, certificate, sequence }) {
      await sql.run(
        'UPDATE devices SET login_key = $1, certificate = $2, sequence = $3 WHERE id = $4',
        loginKey,
        certificate,
        sequence,
        bytesFromId(device),
      );
    },
    async revokeDevice(device) {
      await sql.run(`UPDATE devices SET status = 'revoked' WHERE id = $1`, bytesFromId(device));
    },
    async activeDevices(account) {
      const rows = await sql.all(
        `SELECT d.id FROM devices d JOIN accounts a ON a.id = d.account
         WHERE d.account = $1 AND d.status = 'active' AND a.status = 'active' ORDER BY d.created_at, d.id`,
        bytesFromId(account),
      );
      return rows.map((row) => idFromBytes<DeviceId>(blob(row, 'id')));
    },
    async knownDevices(devices) {
      if (devices.length === 0) return new Set();
      const rows = await sql.all(
        'SELECT id FROM devices WHERE id = ANY($1::bytea[])',
        byteArrays(devices.map(bytesFromId)),
      );
      return new Set(rows.map((row) => idFromBytes<DeviceId>(blob(row, 'id'))));
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
