import { Refusal } from '../../../core/result.ts';
import { relayFault, type RelayFault } from '../../../protocol/errors.ts';

/**
 * What a thrown value of the driver means for the transaction it ended.
 * - `again`: somebody else was first (unique key, deadlock, serialization). Run again, it sees what they did.
 * - `unavailable`: the database is gone, full, closing or too slow. Nobody knows whether a commit got through.
 * - `other`: not the database's doing, or a bug.
 * Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html, and those of the driver and of sockets.
 */
export function kindOfFault(thrown: unknown): 'again' | 'unavailable' | 'other' {
  if (thrown instanceof Refusal || !(thrown instanceof Error) || !('code' in thrown)) return 'other';
  const code = String(thrown.code);
  if (AGAIN.has(code)) return 'again';
  const isGone =
    UNAVAILABLE.has(code.slice(0, 2)) || /^(CONNECTION|CONNECT|ECONN|EPIPE|ETIMEDOUT|EHOST|ENOT)/.test(code);
  return isGone || code === '55P03' ? 'unavailable' : 'other';
}

/** Unique violation, serialization failure, deadlock. */
const AGAIN: ReadonlySet<string> = new Set(['23505', '40001', '40P01']);
/** Connection exception, read-only server, insufficient resources, operator intervention, system error. */
const UNAVAILABLE: ReadonlySet<string> = new Set(['08', '25', '53', '57', '58']);

export const unavailable = (detail: string): RelayFault => ({ ...relayFault('unavailable', detail), retryAfter: 1 });
