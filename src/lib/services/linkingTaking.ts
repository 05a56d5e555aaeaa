import type { ConversationId } from '../core/ids.ts';
import { refuse, settle, unwrap, type Result } from '../core/result.ts';
import { linkUntrue, openBox } from '../crypto/linking.ts';
import { anyTable } from '../db/backup/anyTable.ts';
import { changeMessage, changeTables } from '../db/changes/apply.ts';
import { changesOf } from '../db/changes/rows.ts';
import { knownMessages } from '../db/messages/find.ts';
import { importMessages } from '../db/messages/importMessages.ts';
import { recountUnread } from '../db/messages/readState.ts';
import { messageTables, type WholeMessage } from '../db/messages/whole.ts';
import type { Store } from '../db/store.ts';
import { countReplies } from '../db/threads.ts';
import { limits } from '../protocol/limits.ts';
import { fromOldDevice, type FromOldDevice } from '../protocol/linking.ts';
import { valueFromCbor } from '../protocol/wire.ts';
import { applyWaiting } from '../sync/changes.ts';
import { contentTables } from '../sync/contents.ts';
import { createLine, newDeviceEnds } from '../sync/linkingLine.ts';
import type { Session } from '../sync/session.ts';
import type { Transport } from '../sync/transport.ts';
import { endTaking, readTaking, saveTaking } from './linkingJobs.ts';

/**
 * Takes the history that another device of the account brings, box by box, while the app is used. It goes on
 * where it was after a restart.
 * Refused: `link-expired` (the other device brought nothing for a day), `link-untrue`, `cancelled`.
 */
export async function takeAll(session: Session, transport: Transport, isOver: () => boolean): Promise<Result<void>> {
  const { store, clock, locks } = session;
  return locks.run('link-taking', async () => {
    const begun = await readTaking(store);
    if (begun === undefined) return settle(Promise.resolve());
    const line = createLine(newDeviceEnds(transport, begun.rendezvous), clock, { until: Infinity, isOver });
    const taken = await settle(async () => {
      for (let job = begun; ;) {
        const message = readBox(job.oldKey, job.n, unwrap(await line.hear(job.n)));
        if (message.k === 'end') return recountAll(session);
        const count = message.k === 'messages' ? await takeMessages(session, message) : 0;
        job = { ...job, n: job.n + 1, done: job.done + count };
        await saveTaking(store, job, clock.now());
      }
    });
    if (taken.ok || taken.error.code.startsWith('link-')) await endTaking(store);
    return taken;
  });
}

/** What the old device said in a box. Refused: `link-untrue`. */
export function readBox(key: Uint8Array, n: number, box: Uint8Array): FromOldDevice {
  const opened = openBox(Uint8Array.from(key), 'old', n, box);
  const message = opened === undefined ? undefined : valueFromCbor(fromOldDevice, opened, limits.entry);
  return message?.ok === true ? message.value : refuse(linkUntrue(`box ${n}`));
}

type Messages = Extract<FromOldDevice, { k: 'messages' }>;

/** @returns how many messages were brought. */
async function takeMessages(session: Session, { c, m, f }: Messages): Promise<number> {
  const { store, clock } = session;
  const conversationId = c as ConversationId;
  const wholes = await fitting(store, m as unknown as readonly WholeMessage[]);
  // A conversation that began after the rows were given comes with its group.
  if ((await store.conversations.get(conversationId)) === undefined) return m.length;
  await store.tx('rw', ['fileTransfers', 'contacts', 'groups'], async () => {
    for (const row of f) {
      if ((await store.fileTransfers.get(row['transferId'] as string)) === undefined)
        await anyTable(store, 'fileTransfers').add(row);
    }
  });
  const ids = wholes.map(({ row }) => row.id);
  const known = await knownMessages(store, ids);
  const fresh = wholes.filter(({ row }) => !known.has(row.id));
  await importMessages(store, conversationId, fresh);
  await store.tx('rw', [...contentTables, ...changeTables, ...messageTables], async () => {
    for (const whole of wholes) if (whole.changes.length > 0) await mergeChanges(store, whole, clock.now());
    await countReplies(
      store,
      fresh.map(({ row }) => row),
    );
    await applyWaiting(session, conversationId, ids);
  });
  return m.length;
}

/** Changes of a message that is here, joined with those that the other device knows of; pins are kept with them. */
async function mergeChanges(store: Store, whole: WholeMessage, now: number): Promise<void> {
  await changeMessage(store, whole.row.id, () => changesOf(whole), { isOwn: false, now });
}

/** Without what points at rows that this device does not have. */
async function fitting(store: Store, wholes: readonly WholeMessage[]): Promise<WholeMessage[]> {
  const devices = new Set<string>(await store.devices.toCollection().primaryKeys());
  return wholes.map((whole) => {
    const { deviceId, ...row } = whole.row;
    return deviceId === undefined || devices.has(deviceId) ? whole : { ...whole, row };
  });
}

/** Counted as they came in, old before new, and others meanwhile. */
async function recountAll({ store, clock }: Session): Promise<void> {
  for (const id of await store.conversations.toCollection().primaryKeys()) {
    await store.tx('rw', messageTables, () => recountUnread(store, id, clock.now()));
  }
}
