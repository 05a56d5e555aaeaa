import type * as v from 'valibot';
import { err, ok, type Result } from '../core/result.ts';
import { relayFault, type RelayFault } from '../protocol/errors.ts';
import { limits } from '../protocol/limits.ts';
import type { append } from '../protocol/requests.ts';
import type { Caller } from './context.ts';
import type { MemberRow, StreamRow, TakenEntry } from './store/streamRows.ts';

type AppendResult = v.InferOutput<typeof append.answer>['results'][number];
type RefusalCode = Extract<AppendResult, { ok: false }>['code'];

/** What is known of a stream when records for it are judged. */
export interface Bench {
  readonly row: StreamRow;
  /** The sender's last stay. */
  readonly member: MemberRow | undefined;
  /** What the stream has under an id. */
  readonly takenAs: (id: string) => TakenEntry | undefined;
}

export interface Judged<Record> {
  readonly results: AppendResult[];
  /** Those to be taken, with the numbers they get. */
  readonly fresh: readonly { readonly seq: number; readonly of: Record }[];
}

/**
 * Decides about each record of a request, in order; pure.
 * Errors: `forbidden` (the device is no member or was removed, or it is a mailbox).
 */
export function judge<Record extends { readonly id: string; readonly epoch: number }>(
  { row, member, takenAs }: Bench,
  caller: Pick<Caller, 'device'>,
  records: readonly Record[],
): Result<Judged<Record>, RelayFault> {
  if (row.kind === 'mailbox' || member === undefined) return err(relayFault('forbidden'));
  const isRemoved = member.until !== undefined;
  const results: AppendResult[] = [];
  const fresh = new Map<string, { seq: number; of: Record }>();
  for (const record of records) {
    const { id } = record;
    const verdict = results.at(-1)?.ok === false ? 'not-sent' : judgeOne(record);
    if (verdict === 'removed') return err(relayFault('forbidden', 'removed'));
    results.push(typeof verdict === 'number' ? { ok: true, id, seq: verdict } : { ok: false, id, code: verdict });
  }
  return ok({ results, fresh: [...fresh.values()] });

  /** The number that the record has or gets, or why it gets none. What was taken before is looked at first. */
  function judgeOne(record: Record): number | RefusalCode | 'removed' {
    const twin = fresh.get(record.id);
    if (twin !== undefined) return twin.seq;
    const before = takenAs(record.id);
    if (before !== undefined) {
      return before.sender === caller.device && before.kind === 'record' ? before.seq : 'conflict';
    }
    if (isRemoved) return 'removed';
    if (record.epoch > row.epoch) return 'future-epoch';
    if (record.epoch < row.fence || record.epoch < row.epoch - limits.epochsBack) return 'stale-epoch';
    const seq = row.head + fresh.size + 1;
    fresh.set(record.id, { seq, of: record });
    return seq;
  }
}
