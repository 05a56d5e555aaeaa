import type { DeviceId } from '../core/ids.ts';
import { err, ok } from '../core/result.ts';
import { relayFault } from '../protocol/errors.ts';
import type { Caller, RelayContext, Sessions } from './context.ts';
import { sha256 } from './sha256.ts';

/**
 * For so long the store is not asked again. Whatever ends sessions here, or says so over the bus, takes
 * effect at once; this bounds what the bus lost, and what other processes on the same store did.
 */
export const SESSION_KEPT_MS = 5_000;
const MOST_KEPT = 50_000;

export function createSessions({ store, clock }: Pick<RelayContext, 'store' | 'clock'>): Sessions {
  const known = new Map<string, { readonly caller: Caller; readonly until: number }>();
  const tokensOf = new Map<DeviceId, Set<string>>();
  /** Counts what was forgotten: an answer that was asked for before is not kept. */
  let turn = 0;

  return {
    authenticate: async (token) => {
      if (token === undefined) return err(relayFault('unauthorized'));
      const tokenHash = sha256(token);
      const key = Buffer.from(tokenHash.buffer, tokenHash.byteOffset, tokenHash.length).toString('latin1');
      const now = clock.now();
      const kept = known.get(key);
      if (kept !== undefined && kept.until > now && kept.caller.expiresAt > now) return ok(kept.caller);
      drop(key);
      const asked = turn;
      const session = await store.read(({ logins }) => logins.findSession(tokenHash));
      if (session === undefined || session.expiresAt <= clock.now()) return err(relayFault('unauthorized'));
      if (session.status === 'revoked') return err(relayFault('revoked-device'));
      const { device, account, expiresAt } = session;
      const caller: Caller = { device, account, tokenHash, expiresAt };
      if (asked === turn) keep(key, caller, clock.now() + SESSION_KEPT_MS);
      return ok(caller);
    },
    forget: (devices) => {
      turn += 1;
      for (const device of devices) for (const key of [...(tokensOf.get(device) ?? [])]) drop(key);
    },
  };

  function keep(key: string, caller: Caller, until: number): void {
    if (known.size >= MOST_KEPT) for (const oldest of known.keys()) if (known.size >= MOST_KEPT) drop(oldest);
    known.set(key, { caller, until });
    const tokens = tokensOf.get(caller.device);
    if (tokens === undefined) tokensOf.set(caller.device, new Set([key]));
    else tokens.add(key);
  }

  function drop(key: string): void {
    const kept = known.get(key);
    if (kept === undefined) return;
    known.delete(key);
    const tokens = tokensOf.get(kept.caller.device);
    tokens?.delete(key);
    if (tokens?.size === 0) tokensOf.delete(kept.caller.device);
  }
}
