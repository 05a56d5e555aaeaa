import { newId, type AccountId } from '../core/ids.ts';
import { found, refuseStorage } from './faults.ts';
import type { SessionRow, Store } from './store.ts';

/** Logins of devices. A session whose time is over is never handed out, swept or not. */

/** @param session with the hash of its token; the token itself is never stored. Refused: `duplicate`, `constraint`. */
export async function createSession(
  store: Store,
  session: Pick<SessionRow, 'userId' | 'deviceId' | 'tokenHash' | 'expiresAt'> &
    Pick<Partial<SessionRow>, 'refreshToken'>,
  now: number,
): Promise<SessionRow> {
  const row: SessionRow = { id: newId<never>(store.random), ...session, lastActivity: now, createdAt: now };
  await store.sessions.add(row);
  return row;
}

export async function sessionByTokenHash(
  store: Store,
  tokenHash: string,
  now: number,
): Promise<SessionRow | undefined> {
  const row = await store.sessions.where('tokenHash').equals(tokenHash).first();
  return row !== undefined && row.expiresAt > now ? row : undefined;
}

/** A person's sessions that still hold, the latest used first. */
export async function sessionsOf(store: Store, userId: AccountId, now: number): Promise<SessionRow[]> {
  const rows = await store.sessions.where('userId').equals(userId).toArray();
  return rows.filter((row) => row.expiresAt > now).sort((a, b) => b.lastActivity - a.lastActivity);
}

/** The session was used. Refused: `not-found`, `constraint` on `expiresAt` once it has expired. */
export const touchSession = (store: Store, id: string, now: number): Promise<void> =>
  changeLive(store, id, now, { lastActivity: now });

/** A new token takes the place of the old one, which is worth nothing from here on. Refused as {@link touchSession}, and `duplicate`. */
export const refreshSession = (
  store: Store,
  id: string,
  next: Pick<SessionRow, 'tokenHash' | 'expiresAt'> & Pick<Partial<SessionRow>, 'refreshToken'>,
  now: number,
): Promise<void> => changeLive(store, id, now, { ...next, lastActivity: now });

async function changeLive(store: Store, id: string, now: number, changes: Partial<SessionRow>): Promise<void> {
  await store.tx('rw', ['sessions'], async () => {
    const row = await store.sessions.get(id);
    if (row !== undefined && row.expiresAt <= now) {
      refuseStorage('constraint', { entity: 'sessions', field: 'expiresAt', detail: 'expired' });
    }
    found('sessions', await store.sessions.update(id, changes));
  });
}

/** Puts what the relay says in the place of what was known of a person's sessions. Refused: `constraint`, `duplicate`. */
export async function replaceSessions(
  store: Store,
  userId: AccountId,
  rows: readonly Omit<SessionRow, 'userId' | 'refreshToken'>[],
): Promise<void> {
  await store.tx('rw', ['sessions', 'users', 'devices'], async () => {
    await revokeSessionsOf(store, userId);
    await store.sessions.bulkAdd(rows.map((row) => ({ ...row, userId })));
  });
}

export async function revokeSession(store: Store, id: string): Promise<void> {
  await store.sessions.delete(id);
}

/** Ends all sessions of a person, but the one they sit in. @returns how many. */
export async function revokeSessionsOf(store: Store, userId: AccountId, except?: string): Promise<number> {
  return store.sessions
    .where('userId')
    .equals(userId)
    .filter((row) => row.id !== except)
    .delete();
}

/** Deletes sessions whose time is over. @returns how many. */
export async function sweepSessions(store: Store, now: number): Promise<number> {
  return store.sessions.where('expiresAt').belowOrEqual(now).delete();
}
