import { settle, type Result } from '../core/result.ts';
import { settleStorage } from '../db/faults.ts';
import type { Engine } from '../sync/engine.ts';
import type { Session } from '../sync/session.ts';
import type { Transport } from '../sync/transport.ts';
import type { TransferState } from './devicesClient.ts';
import { endGiving, endTaking, readGiving, readTaking } from './linkingJobs.ts';
import type { Viewer } from './viewer.ts';

/** The history that is on its way between own devices. */

/** For people; `undefined` where none is. */
export async function readPair({ store }: Viewer): Promise<TransferState | undefined> {
  const [giving, taking] = await Promise.all([readGiving(store), readTaking(store)]);
  const job = taking ?? giving;
  if (job === undefined) return undefined;
  const direction = taking === undefined ? 'giving' : 'taking';
  // What came meanwhile is given on top.
  return { direction, done: Math.min(job.done, job.total), total: job.total };
}

/** What was brought stays. */
export const stopTransfer = ({ store }: Session): Promise<Result<void>> =>
  settle(
    store.tx('rw', ['settings'], async () => {
      await endGiving(store);
      await endTaking(store);
    }),
  );

/**
 * Brings and takes histories for as long as the vault is open, and goes on with what a restart broke off.
 * @returns what ends it.
 */
export function keepLinking(session: Session, transport: Transport, engine: Pick<Engine, 'poke'>): () => void {
  const { store, logger } = session;
  let over = false;
  const running = new Set<string>();

  const run = async (what: 'giving' | 'taking', rendezvous: string) => {
    if (running.has(what)) return;
    running.add(what);
    const isStopped = { value: false };
    const stop = store.live(
      () => (what === 'giving' ? readGiving(store) : readTaking(store)),
      (job) => {
        isStopped.value = job?.rendezvous !== rendezvous;
      },
    );
    const isOver = () => over || isStopped.value;
    const settled =
      what === 'giving'
        ? await import('./linkingGiving.ts').then(({ giveAll }) =>
            settleStorage(() => giveAll(session, engine, isOver)),
          )
        : await import('./linkingTaking.ts').then(({ takeAll }) =>
            settleStorage(() => takeAll(session, transport, isOver)),
          );
    stop();
    running.delete(what);
    const done = settled.ok ? settled.value : settled;
    if (!done.ok && !over) logger.log('warn', `link-${what}-ended`, { code: done.error.code });
    if (!over) engine.poke();
  };

  const stop = store.live(
    async () => {
      const [giving, taking] = await Promise.all([readGiving(store), readTaking(store)]);
      return [giving?.rendezvous, taking?.rendezvous] as const;
    },
    ([giving, taking]) => {
      if (over) return;
      if (giving !== undefined) void run('giving', giving);
      if (taking !== undefined) void run('taking', taking);
    },
  );
  return () => {
    over = true;
    stop();
  };
}
