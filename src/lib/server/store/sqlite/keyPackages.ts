import { bytesFromId, idFromBytes, type KeyPackageRef } from '../../../core/ids.ts';
import type { KeyPackageRow, KeyPackageTables } from '../port.ts';
import { blob, integer, text, type Row, type Statements } from './statements.ts';

const COLUMNS = 'ref, suite, not_after, last_resort, bytes';

export function createKeyPackageTables(sql: Statements): KeyPackageTables {
  return {
    async insertPackages(device, rows, now) {
      for (const row of rows) {
        const added = sql.run(
          `INSERT INTO key_packages (device, ref, suite, last_resort, not_after, status, bytes, created_at)
           VALUES (?, ?, ?, ?, ?, 'available', ?, ?) ON CONFLICT (device, ref) DO NOTHING`,
          bytesFromId(device),
          row.ref,
          row.suite,
          row.lastResort ? 1 : 0,
          row.notAfter,
          row.bytes,
          now,
        );
        if (added === 0 || !row.lastResort) continue;
        sql.run(
          `UPDATE key_packages SET status = 'expired'
           WHERE device = ? AND suite = ? AND last_resort = 1 AND status = 'available' AND ref <> ?`,
          bytesFromId(device),
          row.suite,
          row.ref,
        );
      }
    },
    async retirePackages(device) {
      sql.run(
        `UPDATE key_packages SET status = 'expired' WHERE device = ? AND status IN ('available', 'reserved')`,
        bytesFromId(device),
      );
    },
    async countPackages(device, now) {
      const rows = sql.all(
        `SELECT suite, sum(last_resort = 0) AS available, max(last_resort) AS resort FROM key_packages
         WHERE device = ? AND status = 'available' AND not_after > ? GROUP BY suite ORDER BY suite`,
        bytesFromId(device),
        now,
      );
      return rows.map((row) => ({
        suite: integer(row, 'suite'),
        available: integer(row, 'available'),
        lastResort: integer(row, 'resort') === 1,
      }));
    },
    async findClaim(device, { claim, suite, holder, at }) {
      const values = [bytesFromId(device), bytesFromId(claim), bytesFromId(holder), at, suite];
      const row =
        sql.one(
          `SELECT ${COLUMNS}, reservation, reservation_expires_at AS ends FROM key_packages
           WHERE device = ? AND claim = ? AND status = 'reserved' AND reserved_by = ? AND reservation_expires_at > ?
             AND suite = ?`,
          ...values,
        ) ??
        sql.one(
          `SELECT p.ref, p.suite, p.not_after, p.last_resort, p.bytes, u.reservation, u.expires_at AS ends
           FROM last_resort_uses u JOIN key_packages p ON p.device = u.device AND p.ref = u.ref
           WHERE u.device = ? AND u.claim = ? AND u.spent_at IS NULL AND u.reserved_by = ? AND u.expires_at > ?
             AND p.suite = ?`,
          ...values,
        );
      if (row === undefined) return undefined;
      return {
        taken: packageFromRow(row),
        reservation: idFromBytes<string>(blob(row, 'reservation')),
        expiresAt: integer(row, 'ends'),
      };
    },
    async reservePackage(device, { id, claim, suite, holder, holderAccount, at, expiresAt }) {
      const row = sql.one(
        `UPDATE key_packages SET status = 'reserved', reservation = ?, claim = ?, reserved_by = ?, reserved_by_account = ?,
           reserved_at = ?, reservation_expires_at = ?
         WHERE rowid = (
           SELECT rowid FROM key_packages
           WHERE device = ? AND suite = ? AND status = 'available' AND last_resort = 0 AND not_after > ?
           ORDER BY not_after, rowid LIMIT 1)
         RETURNING ${COLUMNS}`,
        bytesFromId(id),
        bytesFromId(claim),
        bytesFromId(holder),
        bytesFromId(holderAccount),
        at,
        expiresAt,
        bytesFromId(device),
        suite,
        at,
      );
      return row === undefined ? undefined : packageFromRow(row);
    },
    async useLastResort(device, { id, claim, suite, holder, at, expiresAt }) {
      const row = sql.one(
        `SELECT ${COLUMNS} FROM key_packages
         WHERE device = ? AND suite = ? AND status = 'available' AND last_resort = 1 AND not_after > ? LIMIT 1`,
        bytesFromId(device),
        suite,
        at,
      );
      if (row === undefined) return undefined;
      sql.run(
        `INSERT INTO last_resort_uses (reservation, device, ref, reserved_by, expires_at, claim)
         VALUES (?, ?, ?, ?, ?, ?)`,
        bytesFromId(id),
        bytesFromId(device),
        text(row, 'ref'),
        bytesFromId(holder),
        expiresAt,
        bytesFromId(claim),
      );
      return packageFromRow(row);
    },
    async countReservations(device, holderAccount, since) {
      const row = sql.one(
        `SELECT count(*) AS reserved FROM key_packages
         WHERE device = ? AND reserved_by_account = ? AND reserved_at > ?`,
        bytesFromId(device),
        bytesFromId(holderAccount),
        since,
      );
      return row === undefined ? 0 : integer(row, 'reserved');
    },
    async countAllReservations(device, since) {
      const row = sql.one(
        'SELECT count(*) AS reserved FROM key_packages WHERE device = ? AND reserved_at > ?',
        bytesFromId(device),
        since,
      );
      return row === undefined ? 0 : integer(row, 'reserved');
    },
    async spendReservation(id, holder, stream, now) {
      const values = [now, bytesFromId(stream), bytesFromId(id), bytesFromId(holder), now];
      const spent = sql.run(
        `UPDATE key_packages SET status = 'spent', spent_at = ?, spent_stream = ?
         WHERE reservation = ? AND status = 'reserved' AND reserved_by = ? AND reservation_expires_at > ?`,
        ...values,
      );
      if (spent === 1) return true;
      return (
        sql.run(
          `UPDATE last_resort_uses SET spent_at = ?, spent_stream = ?
           WHERE reservation = ? AND spent_at IS NULL AND reserved_by = ? AND expires_at > ?`,
          ...values,
        ) === 1
      );
    },
    async sweepPackages(now, device) {
      const only = device === undefined ? null : bytesFromId(device);
      const where = device === undefined ? '? IS NULL' : 'device = ?';
      // The holder's account stays: giving a package back does not give the claim budget back.
      sql.run(
        `UPDATE key_packages SET status = 'available', reservation = NULL, claim = NULL, reserved_by = NULL,
           reservation_expires_at = NULL
         WHERE ${where} AND status = 'reserved' AND reservation_expires_at <= ?`,
        only,
        now,
      );
      sql.run(
        `UPDATE key_packages SET status = 'expired' WHERE ${where} AND status = 'available' AND not_after <= ?`,
        only,
        now,
      );
      sql.run(`DELETE FROM last_resort_uses WHERE ${where} AND spent_at IS NULL AND expires_at <= ?`, only, now);
    },
  };
}

const packageFromRow = (row: Row): KeyPackageRow => ({
  ref: text(row, 'ref') as KeyPackageRef,
  suite: integer(row, 'suite'),
  notAfter: integer(row, 'not_after'),
  lastResort: integer(row, 'last_resort') === 1,
  bytes: blob(row, 'bytes'),
});
