import type * as v from 'valibot';
import type { DeviceId, StreamId } from '../core/ids.ts';
import { err, ok, refuse } from '../core/result.ts';
import { relayFault } from '../protocol/errors.ts';
import type {
  append as appendEndpoint,
  commit as commitEndpoint,
  offer as offerEndpoint,
} from '../protocol/requests.ts';
import { mailboxOf } from './accounts.ts';
import type { Ring } from './bus/port.ts';
import type { Caller, Outcome, RelayContext } from './context.ts';
import type { StreamRow, StreamTables, Tables } from './store/port.ts';

type Append = v.InferOutput<typeof appendEndpoint.request>;
type AppendAnswer = v.InferOutput<typeof appendEndpoint.answer>;
type AppendResult = AppendAnswer['results'][number];
type Offer = v.InferOutput<typeof offerEndpoint.request>;
type Commit = v.InferOutput<typeof commitEndpoint.request>;

/**
 * Takes sealed records into a stream, in order, up to the first that is refused; those behind it are
 * `not-sent`. A record that was taken before gets its first number again, whatever happened to the epoch
 * or to the sender's membership since: a retry is never refused and never taken twice.
 * Errors: `not-found` (no such stream), `forbidden` (the device is no member, or it is a mailbox).
 */
export async function append(
  context: RelayContext,
  caller: Caller,
  stream: StreamId,
  request: Append,
): Outcome<AppendAnswer> {
  const at = context.clock.now();
  const grown = await context.store.write(async ({ streams }) => {
    const { results, fresh, head } = await judge(streams, caller, stream, request.entries);
    if (fresh.length === 0) return { results, head: undefined };
    const sender = caller.device;
    const kind = 'record' as const;
    const rows = fresh.map(({ seq, of }) => ({
      seq,
      kind,
      id: of.id,
      epoch: of.epoch,
      sender,
      at,
      payload: of.payload,
    }));
    await streams.insertEntries(stream, rows);
    await streams.moveHead(stream, rows.length);
    return { results, head: head + rows.length };
  });
  if (grown.head !== undefined) context.bus.ring({ stream, head: grown.head });
  return ok({ results: grown.results });
}

/**
 * What {@link append} would answer now, without taking anything: a record that is not there yet has the
 * number 0. Errors: as for `append`.
 */
export async function offer(
  context: RelayContext,
  caller: Caller,
  stream: StreamId,
  request: Offer,
): Outcome<AppendAnswer> {
  return context.store.read(async ({ streams }) => {
    const { results, head } = await judge(streams, caller, stream, request.entries);
    return ok({ results: results.map((result) => (result.ok && result.seq > head ? { ...result, seq: 0 } : result)) });
  });
}

interface Judged<Record> {
  readonly results: AppendResult[];
  /** Those to be taken, with the numbers they get. */
  readonly fresh: readonly { readonly seq: number; readonly of: Record }[];
  /** The head of the stream as it is. */
  readonly head: number;
}

/** Decides about each record of a request, in order. */
async function judge<Record extends { readonly id: string; readonly epoch: number }>(
  streams: StreamTables,
  caller: Caller,
  stream: StreamId,
  records: readonly Record[],
): Promise<Judged<Record>> {
  const row = (await streams.lockStream(stream)) ?? refuse(relayFault('not-found', 'stream'));
  const member = await streams.findMember(stream, caller.device);
  if (row.kind === 'mailbox' || member === undefined) refuse(relayFault('forbidden'));
  const isRemoved = member.until !== undefined;

  const results: AppendResult[] = [];
  const fresh = new Map<string, { seq: number; of: Record }>();
  for (const record of records) {
    const { id } = record;
    const verdict = results.at(-1)?.ok === false ? 'not-sent' : await judgeOne(record);
    results.push(typeof verdict === 'number' ? { ok: true, id, seq: verdict } : { ok: false, id, code: verdict });
  }
  return { results, fresh: [...fresh.values()], head: row.head };

  /** The number that the record has or gets, or why it gets none. What was taken before is looked at first. */
  async function judgeOne(record: Record): Promise<number | RefusalCode> {
    const twin = fresh.get(record.id);
    if (twin !== undefined) return twin.seq;
    const before = await streams.findEntry(stream, record.id);
    if (before !== undefined) {
      return before.sender === caller.device && before.kind === 'record' ? before.seq : 'conflict';
    }
    if (isRemoved) refuse(relayFault('forbidden', 'removed'));
    if (record.epoch > row.epoch) return 'future-epoch';
    if (record.epoch < row.fence) return 'stale-epoch';
    const seq = row.head + fresh.size + 1;
    fresh.set(record.id, { seq, of: record });
    return seq;
  }
}

type RefusalCode = Extract<AppendResult, { ok: false }>['code'];

/**
 * Takes the one commit of an epoch: first wins. With it, and not without it, the readers are replaced, the
 * welcomes go to their mailboxes and the reservations are spent. A commit for epoch 0 of an unknown stream
 * creates it. The same commit again gets its first number.
 *
 * A new member reads what comes after the commit, the maker of a stream reads from the start, and a removed
 * member reads up to the commit that removed it.
 * Errors: `epoch-taken`, `future-epoch`, `not-found` (no such stream, or a device that nobody registered),
 * `forbidden` (the committer is no member), `conflict` (an id that is taken by something else),
 * `no-key-package` (a reservation that ended or is not the committer's), `bad-request` (the committer is not
 * among the members, or a welcome is for somebody who is not).
 */
export async function commit(
  context: RelayContext,
  caller: Caller,
  stream: StreamId,
  request: Commit,
): Outcome<{ seq: number }> {
  const members = new Set(request.members);
  if (!members.has(caller.device)) return err(relayFault('bad-request', 'members'));
  if (request.welcomes.some(({ device }) => !members.has(device))) return err(relayFault('bad-request', 'welcomes'));

  const now = context.clock.now();
  const { seq, rings } = await context.store.write(async (tables) => {
    const row = await tables.streams.lockStream(stream);
    const before = row === undefined ? undefined : await tables.streams.findEntry(stream, request.id);
    if (before !== undefined) {
      if (before.sender !== caller.device || before.kind !== 'commit') refuse(relayFault('conflict', 'id'));
      return { seq: before.seq, rings: [] };
    }
    const seq = await endEpoch(tables, caller, stream, row, request, now);
    await tables.streams.insertEntries(stream, [
      {
        seq,
        kind: 'commit',
        id: request.id,
        epoch: request.epoch,
        sender: caller.device,
        at: now,
        payload: request.payload,
      },
    ]);
    await replaceMembers(tables, stream, members, seq);
    for (const reservation of request.spends) {
      if (await tables.keyPackages.spendReservation(reservation, caller.device, stream, now)) continue;
      refuse(relayFault('no-key-package', 'reservation'));
    }
    return { seq, rings: [{ stream, head: seq }, ...(await deliverWelcomes(tables, caller, request, now))] };
  });
  for (const ring of rings) context.bus.ring(ring);
  return ok({ seq });
}

/** Wins the epoch for the caller, or refuses. Gives the commit's number. */
async function endEpoch(
  { streams }: Tables,
  caller: Caller,
  stream: StreamId,
  row: StreamRow | undefined,
  { epoch, fence }: Commit,
  now: number,
): Promise<number> {
  if (row === undefined) {
    if (epoch !== 0) refuse(relayFault('not-found', 'stream'));
    await streams.insertStream(stream, { kind: 'group', head: 1, epoch: 1, fence: fence ? 1 : 0 }, now);
    // The maker hears its own commit too, like every later committer.
    await streams.openMembers(stream, [caller.device], 0);
    return 1;
  }
  const member = await streams.findMember(stream, caller.device);
  if (row.kind === 'mailbox' || member === undefined || member.until !== undefined) refuse(relayFault('forbidden'));
  if (epoch > row.epoch) refuse(relayFault('future-epoch'));
  return (await streams.endEpoch(stream, epoch, fence)) ?? refuse(relayFault('epoch-taken'));
}

async function replaceMembers(
  { accounts, streams }: Tables,
  stream: StreamId,
  members: ReadonlySet<DeviceId>,
  seq: number,
): Promise<void> {
  const current = new Set<DeviceId>();
  for (const { device, until } of await streams.readersOf(stream, seq)) if (until === undefined) current.add(device);
  const added = [...members].filter((device) => !current.has(device));
  const removed = [...current].filter((device) => !members.has(device));
  if ((await accounts.knownDevices(added)).size < added.length) refuse(relayFault('not-found', 'device'));
  await streams.openMembers(stream, added, seq);
  await streams.closeMembers(stream, removed, seq);
}

/** Puts each welcome into the mailbox of its device. Mailboxes are locked in one order, so that commits never wait in a ring. */
async function deliverWelcomes({ streams }: Tables, caller: Caller, request: Commit, now: number): Promise<Ring[]> {
  const rings: Ring[] = [];
  for (const { id, device, payload } of request.welcomes.toSorted((a, b) => (a.device < b.device ? -1 : 1))) {
    const mailbox = mailboxOf(device);
    if ((await streams.lockStream(mailbox)) === undefined) refuse(relayFault('not-found', 'device'));
    if ((await streams.findEntry(mailbox, id)) !== undefined) refuse(relayFault('conflict', 'welcome'));
    const seq = await streams.moveHead(mailbox, 1);
    const epoch = request.epoch + 1;
    await streams.insertEntries(mailbox, [
      { seq, kind: 'welcome', id, epoch, sender: caller.device, at: now, payload },
    ]);
    rings.push({ stream: mailbox, head: seq });
  }
  return rings;
}
