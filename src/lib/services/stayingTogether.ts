import type { DeviceId } from '../core/ids.ts';
import { settle } from '../core/result.ts';
import { notesConversationId } from '../crypto/identity.ts';
import { listDevices } from '../db/devices.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import { wishesIn } from '../db/outbox.ts';
import { ensureNotes } from '../db/roster.ts';
import { getSetting, setSetting } from '../db/settings.ts';
import { newId } from '../core/ids.ts';
import type { Engine } from '../sync/engine.ts';
import { entriesFromBytes } from '../sync/ownPiece.ts';
import { queueIntent } from '../sync/queueIntent.ts';
import { OWN_STATE, OWN_TOLD, type QueuedPiece } from '../sync/queuePiece.ts';
import type { Session } from '../sync/session.ts';
import {
  beginOwnState,
  differences,
  hasSettling,
  ownTables,
  settleWaiting,
  takeEntries,
  tellAll,
  tellChanges,
} from './ownState.ts';

/** What somebody does in one go leaves in one piece: this long after the last of it, … */
const PAUSE_MS = 600;
/** … and no later than this after the first. */
const LONGEST_PAUSE_MS = 3_000;

/**
 * Keeps this device together with the others of its account, for as long as the vault is open: what is changed here is
 * put in the outbox, what they changed is put together with it, and whoever is new is told everything.
 * @returns what ends it.
 */
export function stayTogether(session: Session, engine: Pick<Engine, 'poke'>): () => void {
  const { store, clock, locks, logger } = session;
  let isOver = false;
  let cancelTelling = () => {};
  let firstSeen: number | undefined;
  let tail: Promise<unknown> = Promise.resolve();
  const stops: (() => void)[] = [];

  /** One after the other, in whichever tab. */
  const run = (what: string, work: () => Promise<unknown>): void => {
    tail = tail.then(async () => {
      if (isOver) return;
      try {
        const done = await settle(() => locks.run('own-state', work));
        if (!done.ok && !isOver) logger.log('warn', 'staying-paused', { what, code: done.error.code });
      } catch (thrown) {
        // Once the vault is closed, rows come without what is sealed in them. Nothing of it was written.
        if (!isOver) logger.log('error', 'staying-broke', { what, error: String(thrown) });
      }
      engine.poke();
    });
  };
  const whenThere = (query: () => Promise<boolean>, act: () => void): void => {
    stops.push(store.live(query, (isThere) => isThere && !isOver && act()));
  };

  const tellSoon = (): void => {
    cancelTelling();
    firstSeen ??= clock.now();
    const wait = Math.max(0, Math.min(PAUSE_MS, firstSeen + LONGEST_PAUSE_MS - clock.now()));
    cancelTelling = clock.after(wait, () => {
      firstSeen = undefined;
      run('tell', () => tellChanges(session));
    });
  };

  run('begin', async () => {
    await beginOwnState(session);
    if (isOver) return;
    whenThere(
      () => lacksGroup(session),
      () => run('group', () => wishGroup(session)),
    );
    // Also what changed a second time while the first is waited for: the answer is another one.
    stops.push(
      store.live(
        () => differences(session),
        (found) => found.size > 0 && !isOver && tellSoon(),
      ),
    );
    whenThere(
      () => hasPieces(session),
      () => run('take', () => takePieces(session, () => isOver)),
    );
    whenThere(
      () => hasSettling(session),
      () => run('settle', () => store.tx('rw', ownTables, () => settleWaiting(session))),
    );
    whenThere(
      async () => (await untold(session)).length > 0,
      () => run('tell all', () => tellNew(session)),
    );
  });

  return () => {
    isOver = true;
    cancelTelling();
    for (const stop of stops) stop();
  };
}

/** Whether there are several devices and no group of theirs, nor a wish for one. */
async function lacksGroup({ store, identity }: Session): Promise<boolean> {
  const lane = notesConversationId(identity.account);
  if ((await listDevices(store, identity.account, 'active')).length < 2) return false;
  if ((await groupOfConversation(store, lane)) !== undefined) return false;
  return (await wishesIn(store, lane)).every(({ operationType }) => operationType !== 'own');
}

const wishGroup = (session: Session): Promise<void> =>
  session.store.tx('rw', ownTables, async () => {
    if (!(await lacksGroup(session))) return;
    const lane = notesConversationId(session.identity.account);
    await ensureNotes(session.store, lane, session.clock.now());
    await queueIntent(session, lane, { what: 'own', groupId: newId(session.random) });
  });

const pieces = ({ store }: Session) =>
  store.syncOperations
    .where('[status+createdAt]')
    .between(['pending', -Infinity], ['pending', Infinity])
    .filter(({ operationType, resourceType }) => operationType === 'pull' && resourceType === OWN_STATE);

const hasPieces = async (session: Session): Promise<boolean> => (await pieces(session).count()) > 0;

async function takePieces(session: Session, isOver: () => boolean): Promise<void> {
  const { store } = session;
  for (let row = await pieces(session).first(); row !== undefined && !isOver(); row = await pieces(session).first()) {
    const read = entriesFromBytes((row.operationData as QueuedPiece).piece);
    const { id } = row;
    await store.tx('rw', ownTables, async () => {
      if ((await store.syncOperations.get(id)) === undefined) return;
      if (read.ok) await takeEntries(session, read.value);
      await store.syncOperations.delete(id);
    });
    if (!read.ok) session.logger.log('warn', 'own-piece-refused', { code: read.error.code });
  }
}

/** Devices in the own group that were not told all that is known here. */
async function untold({ store, identity }: Session): Promise<DeviceId[]> {
  const groupId = await groupOfConversation(store, notesConversationId(identity.account));
  const epoch = groupId === undefined ? 0 : ((await store.mlsGroups.get(groupId))?.epoch ?? 0);
  if (groupId === undefined || epoch === 0) return [];
  const chains = await store.senderKeys.where('[groupId+epoch]').equals([groupId, epoch]).toArray();
  const told = new Set(await getSetting<readonly DeviceId[]>(store, OWN_TOLD));
  return chains.map(({ deviceId }) => deviceId).filter((id) => id !== identity.device && !told.has(id));
}

const tellNew = (session: Session): Promise<void> =>
  session.store.tx('rw', ownTables, async () => {
    const { store, clock } = session;
    const fresh = await untold(session);
    if (fresh.length === 0) return;
    await tellAll(session);
    const told = (await getSetting<readonly DeviceId[]>(store, OWN_TOLD)) ?? [];
    await setSetting(store, OWN_TOLD, [...told, ...fresh], clock.now());
  });
