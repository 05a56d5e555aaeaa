import type * as v from 'valibot';
import { equal } from '../core/bytes.ts';
import { err, ok } from '../core/result.ts';
import type * as protocol from '../protocol/account.ts';
import { relayFault } from '../protocol/errors.ts';
import type { Caller, Outcome, RelayContext } from './context.ts';

/** Where the caller's account is logged in. */
export async function listSessions(
  { store, clock }: RelayContext,
  { account, tokenHash }: Caller,
): Outcome<v.InferOutput<typeof protocol.listSessions.answer>> {
  const rows = await store.read(({ logins }) => logins.sessionsOf(account, clock.now()));
  return ok({
    sessions: rows.map(({ tokenHash: id, ...row }) => ({ id, ...row, isThis: equal(id, tokenHash) })),
  });
}

/** Ends a session of the caller's account, its own too. Errors: `not-found` (none of it has this id). */
export async function endSession(
  context: RelayContext,
  { account }: Caller,
  { id }: v.InferOutput<typeof protocol.endSession.request>,
): Outcome<Record<string, never>> {
  const device = await context.store.write(({ logins }) => logins.deleteSession(id, account));
  if (device === undefined) return err(relayFault('not-found', 'session'));
  // Sockets belong to devices: those of its other sessions open again.
  context.dismiss([device]);
  return ok({});
}
