import { settle, unwrap, type Result } from '../core/result.ts';
import { sealBox } from '../crypto/linking.ts';
import { LAST } from '../db/messages/archive.ts';
import { scan, wholesOf } from '../db/messages/scan.ts';
import type { WholeMessage } from '../db/messages/whole.ts';
import type { FromOldDevice } from '../protocol/linking.ts';
import { cborFromValue } from '../protocol/wire.ts';
import { createLine, oldDeviceEnds, type LinkLine } from '../sync/linkingLine.ts';
import type { Engine } from '../sync/engine.ts';
import type { Session } from '../sync/session.ts';
import { endGiving, readGiving, saveGiving, type Giving } from './linkingJobs.ts';
import { beginOwnState } from './ownState.ts';
import { inBoxes, linkedTables, rowsToGive, transfersToGive } from './linkingRows.ts';

/** Messages that are read at once. */
const PAGE = 128;
/** Clocks of others may be behind by so much. */
const CLOCKS_MS = 5 * 60_000;
const WAIT_MS = 1_000;

/**
 * Brings a linked device all that is here, box by box: rows first, then each conversation from its newest
 * message, then what came while the groups did not have the device yet. It goes on where it was after a
 * restart; what is given twice is taken once.
 * Refused: `link-expired` (the device did not fetch for a day), `cancelled`.
 */
export async function giveAll(
  session: Session,
  engine: Pick<Engine, 'poke'>,
  isOver: () => boolean,
): Promise<Result<void>> {
  const { store, clock, locks } = session;
  return locks.run('link-giving', async () => {
    const job = await readGiving(store);
    if (job === undefined) return settle(Promise.resolve());
    const ends = oldDeviceEnds(session.relay, job.rendezvous);
    const line = createLine(ends, clock, { until: Infinity, isOver });
    const given = await settle(() => createGift(session, engine, line, job).all(isOver));
    // What is over for good is not begun again.
    if (given.ok || given.error.code.startsWith('link-')) await endGiving(store);
    return given;
  });
}

type Given = Extract<FromOldDevice, { k: 'messages' }>['m'];

function createGift(session: Session, engine: Pick<Engine, 'poke'>, line: LinkLine, begun: Giving) {
  const { store, clock, random } = session;
  let job = begun;
  const save = async (next: Partial<Giving>): Promise<void> => {
    job = { ...job, ...next };
    await saveGiving(store, job, clock.now());
  };
  const say = async (message: FromOldDevice, next: Partial<Giving> = {}): Promise<void> => {
    unwrap(await line.say(job.n, sealBox(random, job.oldKey, 'old', job.n, cborFromValue(message))));
    await save({ ...next, n: job.n + 1 });
  };

  const giveRows = async (): Promise<void> => {
    for (const table of linkedTables) {
      for (const rows of inBoxes(await rowsToGive(store, table))) await say({ k: 'rows', t: table, r: rows });
    }
    const total = await countMessages(session);
    await say({ k: 'ready', messages: total }, { total, phase: 'messages', left: await conversations(session) });
  };

  /** @param floor sort key; what is older is not given. */
  const giveMessages = async (floor: string): Promise<void> => {
    for (let [id] = job.left; id !== undefined; [id] = job.left) {
      const span = { conversationId: id, after: floor, before: job.before ?? LAST };
      const wholes = await wholesOf(store, await scan(store, span, 'down', PAGE));
      for (const run of inBoxes(wholes)) {
        const before = run.at(-1)?.row.sortKey;
        const mine = run.filter(isSettled);
        const files = mine.flatMap(({ attachments }) => attachments.flatMap(({ transferId }) => transferId ?? []));
        const message: FromOldDevice = {
          k: 'messages',
          c: id,
          m: mine as unknown as Given,
          f: await transfersToGive(store, files),
        };
        await say(message, { done: job.done + run.length, ...(before === undefined ? {} : { before }) });
      }
      if (wholes.length === PAGE) continue;
      const { before: _done, ...rest } = job;
      job = rest;
      await save({ left: job.left.slice(1) });
    }
  };

  /** Until every group has the device, what is said there reaches it only from here. */
  const letAllIn = async (isOver: () => boolean): Promise<void> => {
    for (let tries = 1; !isOver(); tries++) {
      const wishes = await store.offlineOperations.where('operationType').equals('devices').toArray();
      if (wishes.every(({ status }) => status === 'failed')) return;
      await new Promise<void>((resume) => void clock.after(WAIT_MS, resume));
      // It may have published only now what it is added by: asked ever less often.
      if (Number.isInteger(Math.log2(tries))) engine.poke();
    }
  };

  return {
    async all(isOver: () => boolean): Promise<void> {
      if (job.grant !== undefined) {
        unwrap(await line.say(2, job.grant));
        const { grant: _given, ...rest } = job;
        job = rest;
        await save({ n: 3 });
      }
      if (job.phase === 'rows') {
        // What is changed from now on reaches the device as a change.
        await beginOwnState(session);
        await giveRows();
      }
      if (job.phase === 'messages') {
        await giveMessages('');
        await letAllIn(isOver);
        if (isOver()) unwrap({ ok: false, error: { code: 'cancelled', retry: 'now' } });
        await save({ phase: 'late', left: await conversations(session) });
      }
      await giveMessages((job.since - CLOCKS_MS).toString(16).padStart(12, '0'));
      await say({ k: 'end' });
    },
  };
}

/** What waits to be sent comes to the other device with its group. */
const isSettled = ({ row }: WholeMessage): boolean =>
  !row.isOutgoing || !['queued', 'failed', 'stale'].includes(row.status);

/** Those with the newest messages first. */
const conversations = async ({ store }: Session): Promise<Giving['left']> =>
  await store.conversations.orderBy('lastActivity').reverse().primaryKeys();

async function countMessages({ store }: Session): Promise<number> {
  let archived = 0;
  await store.messagesArchive.each(({ count }) => {
    archived += count;
  });
  return archived + (await store.messages.count());
}
