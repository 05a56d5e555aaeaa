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
import { doorBehind } from './groupInfos.ts';
import type { Ring } from './bus/port.ts';
import type { Caller, Outcome, RelayContext } from './context.ts';
import { judge } from './judge.ts';
import type { Tables } from './store/port.ts';
import type { StreamRow } from './store/streamRows.ts';

type AppendAnswer = v.InferOutput<typeof appendEndpoint.answer>;
type Offer = v.InferOutput<typeof offerEndpoint.request>;
type Commit = v.InferOutput<typeof commitEndpoint.request>;

/**
 * What `Appends.take` would answer now, without taking anything: a record that is not there yet has the
 * number 0. Errors: as there.
 */
export async function offer(
  context: RelayContext,
  caller: Caller,
  stream: StreamId,
  request: Offer,
): Outcome<AppendAnswer> {
  return context.store.read(async ({ streams }) => {
    const ids = request.entries.map(({ id }) => id);
    const [row, member, taken] = await Promise.all([
      streams.lockStream(stream),
      streams.findMember(stream, caller.device),
      streams.findEntries(stream, ids),
    ]);
    if (row === undefined) return err(relayFault('not-found', 'stream'));
    const judged = judge({ row, member, takenAs: (id) => taken.get(id) }, caller, request.entries);
    if (!judged.ok) return judged;
    const results = judged.value.results.map((result) =>
      result.ok && result.seq > row.head ? { ...result, seq: 0 } : result,
    );
    return ok({ results });
  });
}

/**
 * Takes the one commit of an epoch: first wins. With it, and not without it, the readers are replaced, the
 * welcomes go to their mailboxes and the reservations are spent. A commit for epoch 0 of an unknown stream
 * creates it. The same commit again gets its first number.
 *
 * A new member reads what comes after the commit, the maker of a stream reads from the start, and a removed
 * member reads up to the commit that removed it. Whoever comes by the group's link shows its token, and
 * brings one device: its own.
 * Errors: `epoch-taken`, `future-epoch`, `not-found` (no such stream, or a device that nobody registered),
 * `forbidden` (the committer is no member and shows no token that is good), `conflict` (an id that is taken by something else),
 * `no-key-package` (a reservation that ended or is not the committer's), `bad-request` (the committer is not
 * among the members, a welcome is for somebody who is not, or somebody who comes by the link changes more than
 * that).
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
  const { seq, rings, welcomes } = await context.store.write(async (tables) => {
    const row = await tables.streams.lockStream(stream);
    const before =
      row === undefined ? undefined : (await tables.streams.findEntries(stream, [request.id])).get(request.id);
    if (before !== undefined) {
      if (before.sender !== caller.device || before.kind !== 'commit') refuse(relayFault('conflict', 'id'));
      return { seq: before.seq, rings: [], welcomes: [] };
    }
    const seq = await endEpoch(tables, caller, stream, row, request, now);
    if (request.through !== undefined) await holdToComing(tables, caller, stream, request, seq);
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
    await tables.streams.replaceInfo(stream, request.info);
    if (request.through === undefined) await tables.streams.replaceDoor(stream, request.door);
    for (const reservation of request.spends) {
      if (await tables.keyPackages.spendReservation(reservation, caller.device, stream, now)) continue;
      refuse(relayFault('no-key-package', 'reservation'));
    }
    const welcomes = await deliverWelcomes(tables, caller, request, now);
    return { seq, rings: [{ stream, head: seq }, ...welcomes], welcomes };
  });
  for (const ring of rings) context.bus.ring(ring);
  for (const ring of welcomes) context.wake(ring, caller.account);
  return ok({ seq });
}

/** Wins the epoch for the caller, or refuses. Gives the commit's number. */
async function endEpoch(
  { streams }: Tables,
  caller: Caller,
  stream: StreamId,
  row: StreamRow | undefined,
  { epoch, fence, through }: Commit,
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
  const isIn = member !== undefined && member.until === undefined;
  const mayCome = !isIn && through !== undefined && (await doorBehind(streams, stream, through)) !== undefined;
  if (row.kind === 'mailbox' || (!isIn && !mayCome)) refuse(relayFault('forbidden'));
  if (epoch > row.epoch) refuse(relayFault('future-epoch'));
  return (await streams.endEpoch(stream, epoch, fence)) ?? refuse(relayFault('epoch-taken'));
}

/** The relay can't read what a stranger commits: it holds them to adding their own device and no more. */
async function holdToComing(
  { streams }: Tables,
  { device }: Caller,
  stream: StreamId,
  request: Commit,
  seq: number,
): Promise<void> {
  const present = (await streams.readersOf(stream, seq)).filter(({ until }) => until === undefined);
  const named = new Set(request.members);
  const isAlone = present.every((one) => named.has(one.device)) && named.size === present.length + 1;
  const isBare = request.welcomes.length === 0 && request.spends.length === 0 && request.door === undefined;
  if (!isAlone || present.some((one) => one.device === device) || !isBare) {
    refuse(relayFault('bad-request', 'through'));
  }
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
    if ((await streams.findEntries(mailbox, [id])).size > 0) refuse(relayFault('conflict', 'welcome'));
    const seq = await streams.moveHead(mailbox, 1);
    const epoch = request.epoch + 1;
    await streams.insertEntries(mailbox, [
      { seq, kind: 'welcome', id, epoch, sender: caller.device, at: now, payload },
    ]);
    rings.push({ stream: mailbox, head: seq });
  }
  return rings;
}
