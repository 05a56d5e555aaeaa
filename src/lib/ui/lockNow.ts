import type { Clock } from '../core/ports.ts';
import type { CairnClient } from '../services/client.ts';
import type { Session } from './client.ts';

/** Nothing keeps a person from locking for longer. */
const LONGEST_MS = 1_000;

/** Locks; what could still be undone goes first, or it would wait for the next unlock. */
export async function lockNow(
  client: Pick<CairnClient, 'letGo'>,
  session: Pick<Session, 'lock'>,
  clock: Clock,
): Promise<void> {
  const late = Promise.withResolvers<undefined>();
  const cancel = clock.after(LONGEST_MS, () => late.resolve(undefined));
  // Whatever keeps it from going: locking is never in question.
  await Promise.race([client.letGo().catch(() => undefined), late.promise]);
  cancel();
  await session.lock();
}
