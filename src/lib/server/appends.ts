import type * as v from 'valibot';
import type { AccountId, StreamId } from '../core/ids.ts';
import { err, faultOf, ok, type Result } from '../core/result.ts';
import { relayFault, type RelayFault } from '../protocol/errors.ts';
import type { append as appendEndpoint } from '../protocol/requests.ts';
import type { Fresh } from './bus/port.ts';
import type { Appends, Caller, RelayContext } from './context.ts';
import { judge } from './judge.ts';
import { recordKey, type EntryOf } from './store/appendTables.ts';
import type { Tables } from './store/port.ts';
import type { EntryRow, StreamRow, TakenEntry } from './store/streamRows.ts';

type Append = v.InferOutput<typeof appendEndpoint.request>;
type AppendAnswer = v.InferOutput<typeof appendEndpoint.answer>;

interface Waiting {
  readonly caller: Caller;
  readonly stream: StreamId;
  readonly entries: Append['entries'];
  readonly answer: (answer: Result<AppendAnswer, RelayFault>) => void;
  readonly fail: (thrown: unknown) => void;
}

/** What is bounded, so that nobody waits long for others: requests and bytes of payloads in one transaction. */
const MOST_TOGETHER = 512;
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * Appends that arrive while a transaction is under way go together into the next one, to whatever streams they
 * are: a few statements and one wait for the disk for all of them. Each is judged on its own, in the order they
 * came, and hears nothing before the commit.
 *
 * A stream that somebody else holds keeps none of the others waiting: what is for it goes alone.
 */
export function createAppends(context: Pick<RelayContext, 'store' | 'bus' | 'wake' | 'clock' | 'byStream'>): Appends {
  const { store } = context;
  const queue: Waiting[] = [];
  let isRunning = false;

  return {
    waiting: () => queue.length,
    take: (caller, stream, { entries }) =>
      new Promise((answer, fail) => {
        queue.push({ caller, stream, entries, answer, fail });
        if (!isRunning) void run();
      }),
  };

  async function run(): Promise<void> {
    isRunning = true;
    while (queue.length > 0) await takeTogether();
    isRunning = false;
  }

  async function takeTogether(): Promise<void> {
    let batch: Waiting[] | undefined;
    try {
      // Cut only now: while the transaction begins more arrive.
      const taken = await store.write((tables) => takeAll(context, tables, (batch ??= cut(queue)), 'free'));
      tell(taken);
    } catch (thrown) {
      const failed = batch ?? cut(queue);
      // A fault is everybody's. What breaks for another reason breaks only for whoever it is about.
      if (faultOf(thrown) !== undefined) for (const { fail } of failed) fail(thrown);
      else for (const waiting of failed) void takeAlone(waiting);
    }
  }

  async function takeAlone(waiting: Waiting): Promise<void> {
    try {
      tell(await store.write((tables) => takeAll(context, tables, [waiting], 'wait')));
    } catch (thrown) {
      waiting.fail(thrown);
    }
  }

  function tell({ answers, grown }: Taken): void {
    for (const [stream, { head, fresh, loud }] of grown) {
      context.bus.ring({ stream, head }, fresh);
      for (const by of loud) context.wake({ stream, head }, by);
    }
    for (const [waiting, answer] of answers) {
      if (answer === 'held') void takeAlone(waiting);
      else waiting.answer(answer);
    }
  }
}

function cut(queue: Waiting[]): Waiting[] {
  let [count, bytes] = [0, 0];
  for (const { entries } of queue.slice(0, MOST_TOGETHER)) {
    for (const { payload } of entries) bytes += payload.length;
    if (count > 0 && bytes > MOST_BYTES) break;
    count += 1;
  }
  return queue.splice(0, count);
}

interface Taken {
  readonly answers: ReadonlyMap<Waiting, Result<AppendAnswer, RelayFault> | 'held'>;
  readonly grown: ReadonlyMap<
    StreamId,
    {
      readonly head: number;
      readonly fresh: Fresh;
      /** Who sent something that is not quiet. */
      readonly loud: ReadonlySet<AccountId>;
    }
  >;
}

/** A stream while a batch is judged. */
interface Growing {
  readonly row: StreamRow;
  readonly entries: EntryRow[];
  readonly loud: Set<AccountId>;
}

/** With `free` an append to a stream that is held, or that does not exist, is `held`: to be tried alone. */
async function takeAll(
  { clock, byStream }: Pick<RelayContext, 'clock' | 'byStream'>,
  tables: Tables,
  batch: readonly Waiting[],
  lock: 'free' | 'wait',
): Promise<Taken> {
  const at = clock.now();
  // In one go, and the rows are held before the others are read.
  const [rows, stays, taken] = await Promise.all([
    lockRows(tables, new Set(batch.map(({ stream }) => stream)), lock),
    tables.appends.findStays(batch.map(({ stream, caller }) => ({ stream, device: caller.device }))),
    tables.appends.findTaken(batch.flatMap(({ stream, entries }) => entries.map(({ id }) => ({ stream, id })))),
  ]);
  const known = new Map<string, TakenEntry>(taken);
  const growing = new Map<StreamId, Growing>(
    [...rows].map(([stream, row]) => [stream, { row, entries: [], loud: new Set() }]),
  );
  const answers = new Map<Waiting, Result<AppendAnswer, RelayFault> | 'held'>();
  for (const [i, waiting] of batch.entries()) answers.set(waiting, judgeNext(waiting, stays[i]));

  const grown = [...growing].filter(([, { entries }]) => entries.length > 0);
  if (grown.length > 0) {
    await tables.appends.insertAll(
      grown.flatMap(([stream, { entries }]) => entries.map((entry): EntryOf => ({ stream, ...entry }))),
      grown.map(([stream, { entries }]) => ({ stream, by: entries.length })),
    );
  }
  return {
    answers,
    grown: new Map(
      grown.map(([stream, { row, entries, loud }]) => [
        stream,
        { head: row.head + entries.length, fresh: { epoch: row.epoch, entries }, loud },
      ]),
    ),
  };

  function judgeNext(
    { caller, stream, entries }: Waiting,
    stay: (typeof stays)[number],
  ): Result<AppendAnswer, RelayFault> | 'held' {
    const here = growing.get(stream);
    if (here === undefined) return lock === 'free' ? 'held' : err(relayFault('not-found', 'stream'));
    const row = { ...here.row, head: here.row.head + here.entries.length };
    const takenAs = (id: string) => known.get(recordKey({ stream, id }));
    const judged = judge({ row, member: stay, takenAs }, caller, entries);
    if (!judged.ok) return judged;
    const { results, fresh } = judged.value;
    if (fresh.length === 0) return ok({ results });
    // Only now: a stranger, or a retry, takes nothing from what the members may send.
    const wait = byStream.take(stream, fresh.length);
    if (wait > 0) return err({ ...relayFault('rate-limited', 'stream'), retryAfter: wait });
    for (const { seq, of } of fresh) {
      const { id, epoch, payload, quiet } = of;
      if (quiet !== true) here.loud.add(caller.account);
      here.entries.push({ seq, kind: 'record', id, epoch, sender: caller.device, at, payload });
      known.set(recordKey({ stream, id }), { seq, kind: 'record', sender: caller.device });
    }
    return ok({ results });
  }
}

async function lockRows(
  { appends, streams }: Tables,
  wanted: ReadonlySet<StreamId>,
  lock: 'free' | 'wait',
): Promise<ReadonlyMap<StreamId, StreamRow>> {
  if (lock === 'free') return appends.lockFree([...wanted]);
  const rows = new Map<StreamId, StreamRow>();
  for (const stream of wanted) {
    const row = await streams.lockStream(stream);
    if (row !== undefined) rows.set(stream, row);
  }
  return rows;
}
