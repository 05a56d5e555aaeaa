import { liveQuery } from 'dexie';
import type { Clock } from '../core/ports.ts';
import type { Fault } from '../core/result.ts';
import { storageFaultOf } from './faults.ts';

/** A query that failed though nothing it reads was changed since is tried again this often, ever later. */
const RETRIES = 6;
const FIRST_RETRY_MS = 250;

/**
 * Dexie's live query, going on after a failure: Dexie itself forgets what a query that failed has read, and one
 * that fails the first time is never asked again. See `Store.live` for what it promises.
 */
export function listenTo<T>(
  clock: Clock,
  query: () => Promise<T>,
  show: (value: T) => void,
  failed?: (fault: Fault) => void,
): () => void {
  let stop = () => {};
  let cancel = () => {};
  let failures = 0;
  const listen = () => {
    // Dexie follows a query through its awaits only where it sees that it is an async function.
    const subscription = liveQuery(async () => {
      try {
        return { value: await query() };
      } catch (thrown) {
        return { thrown };
      }
    }).subscribe((answer) => {
      cancel();
      if ('value' in answer) {
        failures = 0;
        show(answer.value);
      } else fail(answer.thrown);
    });
    stop = () => subscription.unsubscribe();
  };
  const fail = (thrown: unknown) => {
    if (failures < RETRIES)
      cancel = clock.after(FIRST_RETRY_MS * 4 ** failures, () => {
        stop();
        listen();
      });
    failures++;
    const fault = storageFaultOf(thrown);
    if (fault === undefined) throw thrown;
    failed?.(fault);
  };
  listen();
  return () => {
    cancel();
    stop();
  };
}
