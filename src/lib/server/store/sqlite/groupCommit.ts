import type { DatabaseSync } from 'node:sqlite';
import type { Logger } from '../../../core/ports.ts';
import { Refusal } from '../../../core/result.ts';
import { relayFault, type RelayFault } from '../../../protocol/errors.ts';

export interface GroupCommit {
  /** Runs `work` in the next shared transaction and answers once that is committed. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when everything handed to {@link run} was answered; what comes later is refused. */
  drain(): Promise<void>;
}

export interface GroupCommitOptions {
  readonly mode: 'read' | 'write';
  /** Puts off the next transaction until everything that arrives together is in the queue. */
  readonly defer: (run: () => void) => void;
  readonly logger: Logger;
  /**
   * Resolves when what was committed is on the disk: nobody is answered before. Called right after a commit;
   * of a reader for what it saw. What it rejects with ends the queue: whether anything was kept is unknown
   * from there on.
   */
  readonly settled?: () => Promise<void>;
}

/** Bounds how long one transaction keeps the others waiting. */
const MOST_TOGETHER = 512;

interface Waiting {
  /** Runs the work and gives the function that tells its caller. */
  readonly perform: () => Promise<() => void>;
  readonly fail: (thrown: unknown) => void;
}

/**
 * Many callers, one transaction, one wait for the disk. Each piece of work stands on a savepoint of its
 * own, so one that is refused takes nothing of the others with it, and nobody hears anything, good or
 * bad, before the commit: even a refusal may rest on what an earlier one in the same batch wrote.
 *
 * The database is synchronous, so work that awaits only the database runs without anything in between.
 */
export function createGroupCommit(database: DatabaseSync, options: GroupCommitOptions): GroupCommit {
  const begin = database.prepare(options.mode === 'write' ? 'BEGIN IMMEDIATE' : 'BEGIN');
  const commit = database.prepare('COMMIT');
  const rollback = database.prepare('ROLLBACK');
  const savepoint = database.prepare('SAVEPOINT work');
  const release = database.prepare('RELEASE work');
  const undo = database.prepare('ROLLBACK TO work');
  const perform = options.mode === 'write' ? performOnSavepoint : performPlainly;

  const queue: Waiting[] = [];
  let running: Promise<void> | undefined;
  let closed = false;

  return { run, drain };

  function run<T>(work: () => Promise<T>): Promise<T> {
    if (closed) return Promise.reject(new Refusal(unavailable('closing')));
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    queue.push({
      perform: async () => {
        const value = await work();
        return () => resolve(value);
      },
      fail: reject,
    });
    running ??= new Promise<void>((begun) => options.defer(begun)).then(runAll);
    return promise;
  }

  async function drain(): Promise<void> {
    closed = true;
    await running;
  }

  async function runAll(): Promise<void> {
    while (queue.length > 0) await runBatch(queue.splice(0, MOST_TOGETHER));
    running = undefined;
  }

  async function runBatch(batch: readonly Waiting[]): Promise<void> {
    const answers: (() => void)[] = [];
    try {
      begin.run();
      for (const waiting of batch) answers.push(await perform(waiting));
      commit.run();
      await onDisk();
    } catch (thrown) {
      if (database.isTransaction) rollback.run();
      options.logger.log('error', 'store-failed', { message: thrown instanceof Error ? thrown.message : 'unknown' });
      for (const waiting of batch) waiting.fail(new Refusal(unavailable('store')));
      return;
    }
    for (const answer of answers) answer();
  }

  async function onDisk(): Promise<void> {
    try {
      await options.settled?.();
    } catch (thrown) {
      closed = true;
      throw thrown;
    }
  }

  /** Nothing to undo, and nothing that one could spoil for another. */
  async function performPlainly(waiting: Waiting): Promise<() => void> {
    try {
      return await waiting.perform();
    } catch (thrown) {
      return () => waiting.fail(thrown);
    }
  }

  async function performOnSavepoint(waiting: Waiting): Promise<() => void> {
    savepoint.run();
    try {
      const answer = await waiting.perform();
      release.run();
      return answer;
    } catch (thrown) {
      // A full disk or an I/O fault ends the whole transaction: then nothing of this batch is true.
      if (!database.isTransaction) throw thrown;
      undo.run();
      release.run();
      return () => waiting.fail(thrown);
    }
  }
}

const unavailable = (detail: string): RelayFault => ({ ...relayFault('unavailable', detail), retryAfter: 1 });
