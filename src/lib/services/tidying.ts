import { settleStorage } from '../db/faults.ts';
import type { Session } from '../sync/session.ts';

/** Long enough after unlocking that whoever came to read or write is not held up. */
const FIRST_MS = 2 * 60_000;
const AGAIN_MS = 6 * 60 * 60_000;

/**
 * Runs the retention policies that are due and takes lapsed reservations of key packages back, in one tab at
 * a time, while the app is open.
 * @returns what ends it.
 */
export function keepTidy(session: Session): () => void {
  const { store, clock, locks, logger } = session;
  let over = false;
  const tidy = async () => {
    const { releaseReservations } = await import('../db/keyPackages.ts');
    const { sweepImports } = await import('./importConversation.ts');
    const { runRetention } = await import('../db/retention.ts');
    const { tellOfDamage } = await import('./maintenance.ts');
    await settleStorage(() => tellOfDamage(session));
    const tidied = await settleStorage(() =>
      locks.run('retention', async () => {
        await releaseReservations(store, clock.now());
        await runRetention(store, clock.now(), { onlyDue: true });
        await sweepImports(session);
      }),
    );
    if (over) return;
    if (!tidied.ok) logger.log('warn', 'retention-failed', { code: tidied.error.code });
    cancel = clock.after(AGAIN_MS, () => void tidy());
  };
  let cancel = clock.after(FIRST_MS, () => void tidy());
  return () => {
    over = true;
    cancel();
  };
}
