import type * as v from 'valibot';
import type { StreamId } from '../core/ids.ts';
import { ok } from '../core/result.ts';
import { limits } from '../protocol/limits.ts';
import type { catchUp as catchUpEndpoint, Entry } from '../protocol/requests.ts';
import { mailboxOf } from './accounts.ts';
import type { Caller, Outcome, RelayContext } from './context.ts';
import type { Tables } from './store/port.ts';

type CatchUp = v.InferOutput<typeof catchUpEndpoint.request>;
type CatchUpAnswer = v.InferOutput<typeof catchUpEndpoint.answer>;

/** Streams whose next entry did not fit any more before an answer counts as full. */
const MOST_MISFITS = 16;

/** A stream with something new, and what was read of it so far. */
interface Reading {
  readonly stream: StreamId;
  /** The reader has everything up to here. */
  after: number;
  readonly last: number;
  readonly entries: Entry[];
}

/**
 * What is new for the caller's device behind its cursors: the mailbox first, then the other streams,
 * each with an equal share in each answer, begun at a random one, so that no busy stream can keep a
 * quiet one waiting. Entries of a stream are in order and without gaps, but for what came between a removal
 * of the device and its next invitation.
 *
 * A cursor before the point where the device was let in counts as that point; one beyond the end is
 * answered with the end. Where entries behind the cursor are gone because they were too old, the answer names
 * the first that is there, and goes on with that one.
 */
export async function catchUp(context: RelayContext, caller: Caller, { cursors }: CatchUp): Outcome<CatchUpAnswer> {
  const turn = context.random.bytes(4).reduce((number, byte) => number * 256 + byte, 0);
  return context.store.read(async (tables) => {
    const mailbox = mailboxOf(caller.device);
    const waiting: Reading[] = [];
    const begun = new Set<StreamId>();
    const ends: Record<StreamId, number> = {};
    const trimmed: Record<StreamId, number> = {};
    let later = false;
    for (const stay of await tables.streams.readableStreams(caller.device)) {
      const { stream, since, last } = stay;
      const shown = cursors[stream] ?? 0;
      if (shown > stay.passed && stay.passed < last) context.passed.note(stream, caller.device, Math.min(shown, last));
      const from = Math.max(since, shown);
      if (from <= Math.max(last, stay.trimmed)) delete ends[stream];
      else if (!begun.has(stream)) ends[stream] = last;
      if (from < Math.min(last, stay.trimmed)) trimmed[stream] = stay.trimmed + 1;
      const after = Math.max(from, stay.trimmed);
      if (after >= last) continue;
      // What came while the device was out is not for it: the stay after that is another answer's.
      if (begun.has(stream)) {
        later = true;
        continue;
      }
      begun.add(stream);
      const reading: Reading = { stream, after, last, entries: [] };
      if (stream === mailbox) waiting.unshift(reading);
      else waiting.push(reading);
    }
    const answer = inTurn(waiting, mailbox, turn);
    const left = await readShares(tables, answer, mailbox);
    return ok({
      entries: answer.flatMap(({ entries }) => entries),
      more: left || later,
      ...(Object.keys(ends).length > 0 && { ends }),
      ...(Object.keys(trimmed).length > 0 && { trimmed }),
    });
  });
}

/** The mailbox, then the others from a point that `turn` chooses. */
function inTurn(waiting: readonly Reading[], mailbox: StreamId, turn: number): Reading[] {
  const [first, ...rest] = waiting;
  const others = first?.stream === mailbox ? rest : waiting;
  const start = others.length === 0 ? 0 : turn % others.length;
  const rotated = [...others.slice(start), ...others.slice(0, start)];
  return first?.stream === mailbox ? [first, ...rotated] : rotated;
}

/**
 * Reads round by round, in equal shares, until the answer is full or nothing is left. Gives whether
 * something is. An entry larger than its stream's share is read when it fits into what the answer has
 * left, and the first entry of an answer always fits: every answer that says `more` makes progress.
 */
async function readShares({ streams }: Tables, readings: readonly Reading[], mailbox: StreamId): Promise<boolean> {
  let entries: number = limits.catchUpEntries;
  let bytes: number = limits.catchUpBytes;
  let misfits = 0;
  let open = readings;
  while (open.length > 0 && entries > 0 && misfits < MOST_MISFITS) {
    const shares = open.length;
    const fitting: Reading[] = [];
    for (const reading of open) {
      if (entries === 0 || misfits === MOST_MISFITS) return true;
      const part = shares > 1 && reading.stream === mailbox ? 1 / 2 : 1 / shares;
      const rows = await streams.entriesBetween(reading.stream, reading, {
        entries: Math.min(entries, Math.max(1, Math.floor(limits.catchUpEntries * part))),
        bytes: Math.min(bytes, Math.floor(limits.catchUpBytes * part)),
        firstBytes: entries === limits.catchUpEntries ? limits.entry : bytes,
      });
      for (const row of rows) {
        reading.entries.push({ stream: reading.stream, ...row });
        reading.after = row.seq;
        bytes = Math.max(0, bytes - row.payload.length);
        entries -= 1;
      }
      if (rows.length === 0) misfits += 1;
      else if (reading.after < reading.last) fitting.push(reading);
    }
    open = fitting;
  }
  return open.length > 0 || misfits > 0;
}
