import { settleStorage } from '../db/faults.ts';
import { uncounted } from '../db/messages/previews.ts';
import type { Session } from '../sync/session.ts';

/** Long enough after unlocking that whoever came to read or write is not held up. */
const FIRST_MS = 20_000;
const AGAIN_MS = 5 * 60_000;
/** Between two steps, so that whatever else wants to write comes first. */
const BREATH_MS = 50;

/**
 * Packs older messages into blocks while the app is open, in one tab at a time and in small steps; before
 * that, at once, counts what nobody has counted yet, because the list of conversations shows it.
 * @returns what ends it.
 */
export function keepPacked(session: Session): () => void {
  const { store, clock, locks, logger } = session;
  let over = false;
  let cancel = () => {};

  const breathe = (ms: number) => new Promise<void>((resolve) => (cancel = clock.after(ms, resolve)));
  const told = async (work: () => Promise<void>): Promise<void> => {
    const result = await settleStorage(work);
    if (!result.ok && !over) logger.log('warn', 'packing-failed', { code: result.error.code });
  };

  const count = async () => {
    const ids = await uncounted(store);
    if (ids.length === 0) return;
    const { recount } = await import('../db/messages/recount.ts');
    for (const id of ids) if (!over) await recount(store, id);
  };
  const packAll = async (since: number) => {
    const ids = await store.conversations.where('lastActivity').aboveOrEqual(since).primaryKeys();
    const { compactStep, isDue } = await import('../db/messages/compact.ts');
    for (const id of ids) {
      if (over || !(await isDue(store, id))) continue;
      for (let from: string | undefined = ''; from !== undefined && !over;) {
        from = await compactStep(store, id, from);
        await breathe(BREATH_MS);
      }
    }
  };

  const run = async () => {
    await told(count);
    await breathe(FIRST_MS);
    for (let since = 0; !over;) {
      const now = clock.now();
      await told(() => locks.run('packing', () => packAll(since)));
      since = now;
      await breathe(AGAIN_MS);
    }
  };
  void run();
  return () => {
    over = true;
    cancel();
  };
}
