import { bytesFromId, idFromBytes, type KeyPackageRef } from '../../../core/ids.ts';
import type { KeyPackageRow, KeyPackageTables } from '../port.ts';
import { blob, flag, integer, text, type Row, type Statements } from './statements.ts';

const COLUMNS = 'ref, suite, not_after, last_resort, bytes';

export function createKeyPackageTables(sql: Statements): KeyPackageTables {
  return {
    async insertPackages(device, rows, now) {
      for (const row of rows) {
        const added = await sql.run(
          `INSERT INTO key_packages (device, ref, suite, last_resort, not_after, status, bytes, created_at)
           VALUES ($1, $2, $3, $4, $5, 'available', $6, $7) ON CONFLICT (device, ref) DO NOTHING`,
          bytesFromId(device),
          row.ref,
          row.suite,
          row.lastResort,
          row.notAfter,
          row.bytes,
          now,
        );
        if (added === 0 || !row.lastResort) continue;
        await sql.run(
          `UPDATE key_packages SET status = 'expired'
           WHERE device = $1 AND suite = $2 AND last_resort AND status = 'available' AND ref <> $3`,
          bytesFromId(device),
          row.suite,
          row.ref,
        );
      }
    },
    async retirePackages(device) {
      await sql.run(
        `UPDATE key_packages SET status = 'expired' WHERE device = $1 AND status IN ('available', 'reserved')`,
        bytesFromId(device),
      );
    },
    async countPackages(device, now) {
      const rows = await sql.all(
        `SELECT suite, count(*) FILTER (WHERE NOT last_resort) AS available, bool_or(last_resort) AS resort
         FROM key_packages WHERE device = $1 AND status = 'available' AND not_after > $2 GROUP BY suite ORDER BY suite`,
        bytesFromId(device),
        now,
      );
      return rows.map((row) => ({
        suite: integer(row, 'suite'),
        available: integer(row, 'available'),
        lastResort: flag(row, 'resort'),
      }));
    },
    async findClaim(device, { claim, suite, holder, at }) {
      const values = [bytesFromId(device), bytesFromId(claim), bytesFromId(holder), at, suite];
      const row =
        (await sql.one(
          `SELECT ${COLUMNS}, reservation, reservation_expires_at AS ends FROM key_packages
           WHERE device = $1 AND claim = $2 AND status = 'reserved' AND reserved_by = $3 AND reservation_expires_at > $4
             AND suite = $5`,
          ...values,
        )) ??
        (await sql.one(
          `SELECT p.ref, p.suite, p.not_after, p.last_resort, p.bytes, u.reservation, u.expires_at AS ends
           FROM last_resort_uses u JOIN key_packages p ON p.device = u.device AND p.ref = u.ref
           WHERE u.device = $1 AND u.claim = $2 AND u.spent_at IS NULL AND u.reserved_by = $3 AND u.expires_at > $4
             AND p.suite = $5`,
          ...values,
        ));
      if (row === undefined) return undefined;
      return {
        taken: packageFromRow(row),
        reservation: idFromBytes<string>(blob(row, 'reservation')),
        expiresAt: integer(row, 'ends'),
      };
    },
    async reservePackage(device, { id, claim, suite, holder, holderAccount, at, expiresAt }) {
      const row = await sql.one(
        `UPDATE key_packages SET status = 'reserved', reservation = $1, claim = $2, reserved_by = $3,
           reserved_by_account = $4, reserved_at = $5, reservation_expires_at = $6
         WHERE device = $7 AND ref = (
           SELECT ref FROM key_packages
           WHERE device = $7 AND suite = $8 AND status = 'available' AND NOT last_resort AND not_after > $5
           ORDER BY not_after, created_at, ref LIMIT 1 FOR UPDATE)
         RETURNING ${COLUMNS}`,
        bytesFromId(id),
        bytesFromId(claim),
        bytesFromId(holder),
        bytesFromId(holderAccount),
        at,
        expiresAt,
        bytesFromId(device),
        suite,
      );
      return row === undefined ? undefined : packageFromRow(row);
    },
    async useLastResort(device, { id, claim, suite, holder, at, expiresAt }) {
      const row = await sql.one(
        `SELECT ${COLUMNS} FROM key_packages
         WHERE device = $1 AND suite = $3 AND status = 'available' AND last_resort AND not_after > $2 LIMIT 1`,
        bytesFromId(device),
        at,
        suite,
      );
      if (row === undefined) return undefined;
      await sql.run(
        `INSERT INTO last_resort_uses (reservation, device, ref, reserved_by, expires_at, claim)
         VALUES ($1, $2, $3, $4, $5, $6)`,
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
      const row = await sql.one(
        `SELECT count(*) AS reserved FROM key_packages
         WHERE device = $1 AND reserved_by_account = $2 AND reserved_at > $3`,
        bytesFromId(device),
        bytesFromId(holderAccount),
        since,
      );
      return row === undefined ? 0 : integer(row, 'reserved');
    },
    async countAllReservations(device, since) {
      const row = await sql.one(
        'SELECT count(*)::bigint AS reserved FROM key_packages WHERE device = $1 AND reserved_at > $2',
        bytesFromId(device),
        since,
      );
      return row === undefined ? 0 : integer(row, 'reserved');
    },
    async spendReservation(id, holder, stream, now) {
      const values = [now, bytesFromId(stream), bytesFromId(id), bytesFromId(holder)];
      const spent = await sql.run(
        `UPDATE key_packages SET status = 'spent', spent_at = $1, spent_stream = $2
         WHERE reservation = $3 AND status = 'reserved' AND reserved_by = $4 AND reservation_expires_at > $1`,
        ...values,
      );
      if (spent === 1) return true;
      const used = await sql.run(
        `UPDATE last_resort_uses SET spent_at = $1, spent_stream = $2
         WHERE reservation = $3 AND spent_at IS NULL AND reserved_by = $4 AND expires_at > $1`,
        ...values,
      );
      return used === 1;
    },
    async sweepPackages(now, device) {
      const where = device === undefined ? '' : 'device = $2 AND';
      const values = device === undefined ? [now] : [now, bytesFromId(device)];
      // The holder's account stays: giving a package back does not give the claim budget back.
      await sql.run(
        `UPDATE key_packages SET status = 'available', reservation = NULL, claim = NULL, reserved_by = NULL,
           reservation_expires_at = NULL
         WHERE ${where} status = 'reserved' AND reservation_expires_at <= $1`,
        ...values,
      );
      await sql.run(
        `UPDATE key_packages SET status = 'expired' WHERE ${where} status = 'available' AND not_after <= $1`,
        ...values,
      );
      await sql.run(`DELETE FROM last_resort_uses WHERE ${where} spent_at IS NULL AND expires_at <= $1`, ...values);
    },
  };
}

const packageFromRow = (row: Row): KeyPackageRow => ({
  ref: text(row, 'ref') as KeyPackageRef,
  suite: integer(row, 'suite'),
  notAfter: integer(row, 'not_after'),
  lastResort: flag(row, 'last_resort'),
  bytes: blob(row, 'bytes'),
});
