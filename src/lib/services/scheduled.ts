import { utf8 } from '../core/bytes.ts';
import { newId, type ConversationId, type MessageId } from '../core/ids.ts';
import { err, refuse, settle, type Result } from '../core/result.ts';
import { discardOperation, discardTables } from '../db/discard.ts';
import { messageById } from '../db/messages/find.ts';
import { recordFailed, SCHEDULED } from '../db/outbox.ts';
import type { OfflineOperationRow, Store } from '../db/store.ts';
import { limits } from '../protocol/limits.ts';
import { nextSortKey, type Composer } from '../sync/compose.ts';
import type { FileContent } from '../sync/content.ts';
import type { Session } from '../sync/session.ts';
import { sealFiles } from './files.ts';
import { maySend, sendText, type About } from './messages.ts';
import type { ScheduledInput, ScheduledItem } from './messagingClient.ts';
import { sentFile } from './sentFile.ts';

/**
 * Messages that go at a time of their own. Until then each is an operation of the outbox, sealed at rest like all
 * of it, and no record of a sender chain: it is sealed for the others only when it goes, by whoever has the vault
 * open then, with the keys and for the members of that moment.
 */

/** What such an operation holds. */
interface Planned extends About {
  readonly text: string;
  readonly files?: readonly { readonly transferId: string; readonly content: FileContent }[];
}

/** The furthest ahead: a year. */
const FURTHEST_MS = 366 * 24 * 60 * 60_000;

/**
 * Puts a message aside until `at`, and empties the draft. Works offline.
 * Refused: `empty`, `too-long`, `too-many-files`, `too-large`, `not-found`, `not-a-member`, `time-not-ahead`.
 * @returns the id of what waits.
 */
export async function sendLater(
  composer: Composer,
  conversationId: ConversationId,
  at: number,
  { text: input, files = [], ...about }: ScheduledInput,
): Promise<Result<string>> {
  const { store, identity, clock, random } = composer;
  const text = input.trim();
  if (text === '' && files.length === 0) return err({ code: 'empty', retry: 'never' });
  if (utf8(text).length > limits.text) return err({ code: 'too-long', retry: 'person' });
  if (!isAhead(at, clock.now())) return err(NOT_AHEAD);
  const sealed = files.length === 0 ? { ok: true as const, value: [] } : await sealFiles(composer, files);
  if (!sealed.ok) return sealed;
  const planned: Planned = {
    ...about,
    text,
    ...(files.length === 0 ? {} : { files: sealed.value.map(({ transferId, content }) => ({ transferId, content })) }),
  };
  const id = newId<string>(random);
  const kept = await settle(
    store.tx('rw', scheduleTables, async () => {
      if ((await store.conversations.get(conversationId)) === undefined) return refuse(NOT_FOUND);
      if (!(await maySend(composer, conversationId))) return refuse({ code: 'not-a-member', retry: 'person' });
      const { sortKey } = await nextSortKey(composer);
      const now = clock.now();
      await store.offlineOperations.add({
        id,
        userId: identity.account,
        deviceId: identity.device,
        operationType: SCHEDULED,
        operationData: planned,
        lane: conversationId,
        sortKey,
        createdAt: now,
        retryCount: 0,
        maxRetries: 0,
        nextAttemptAt: at,
        status: 'pending',
      });
      await store.conversations.update(conversationId, { draft: '', updatedAt: now });
      return id;
    }),
  );
  if (!kept.ok) await store.fileTransfers.bulkDelete(sealed.value.map(({ transferId }) => transferId));
  return kept;
}

const scheduleTables = [
  'offlineOperations',
  'settings',
  'conversations',
  'groups',
  'groupMembers',
  'mlsGroups',
] as const;

/** What waits for its time in a conversation, the next one first. */
export async function listScheduled({ store }: Pick<Session, 'store'>, id: ConversationId): Promise<ScheduledItem[]> {
  const rows = (await scheduledRows(store)).filter(({ lane }) => lane === id);
  return rows
    .map((row) => ({
      id: row.id,
      text: plannedOf(row).text,
      files: (plannedOf(row).files ?? []).map(({ content }) => content.n),
      at: row.nextAttemptAt,
      ...(row.status === 'failed' && row.errorMessage !== undefined ? { reason: row.errorMessage } : {}),
    }))
    .sort((a, b) => a.at - b.at);
}

/** When the next one goes: milliseconds since the epoch, `undefined` where none waits. */
export async function nextScheduled(store: Store): Promise<number | undefined> {
  const times = (await scheduledRows(store)).flatMap((row) => (row.status === 'failed' ? [] : [row.nextAttemptAt]));
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Gives it another text; its files and its time stay. Refused: `not-found`, `empty`, `too-long`. */
export const rewordScheduled = ({ store, locks }: Session, id: string, input: string): Promise<Result<void>> =>
  // Whoever sends holds this lock: afterwards it has either gone with the old text, or will go with the new one.
  locks.run('scheduled', () =>
    settle(
      store.tx('rw', ['offlineOperations'], async () => {
        const planned = plannedOf(await scheduledRow(store, id));
        const text = input.trim();
        if (text === '' && planned.files === undefined) return refuse({ code: 'empty', retry: 'never' });
        if (utf8(text).length > limits.text) return refuse({ code: 'too-long', retry: 'person' });
        await store.offlineOperations.update(id, { operationData: { ...planned, text } satisfies Planned });
      }),
    ),
  );

/** Gives it another time; one that failed waits again. Refused: `not-found`, `time-not-ahead`. */
export const reschedule = ({ store, clock }: Composer, id: string, at: number): Promise<Result<void>> =>
  settle(
    store.tx('rw', ['offlineOperations'], async () => {
      await scheduledRow(store, id);
      if (!isAhead(at, clock.now())) return refuse(NOT_AHEAD);
      await store.offlineOperations.update(id, { nextAttemptAt: at, status: 'pending' });
    }),
  );

/**
 * Sends it now. The message and the end of what waited are one transaction: it goes once, whatever breaks off in
 * between and however many tabs try. A refusal stays with it for the person to decide. Refused: `not-found`, and
 * as sending a text.
 */
export const sendScheduled = (session: Session, id: string): Promise<Result<MessageId>> =>
  session.locks.run('scheduled', () =>
    settle(async () => {
      const { store } = session;
      const row = await scheduledRow(store, id);
      const { text, files = [], ...about } = plannedOf(row);
      const attached = files.map(({ transferId, content }) => sentFile(transferId, content));
      const sent = await sendText(session, row.lane as ConversationId, text, await standing(store, about), attached, {
        isAside: true,
        within: async () => {
          await scheduledRow(store, id);
          await store.offlineOperations.delete(id);
        },
      });
      if (sent.ok) return sent.value;
      if ((await store.offlineOperations.get(id)) !== undefined) await recordFailed(store, row, sent.error.code);
      return refuse(sent.error);
    }),
  );

/** Sends everything whose time has come, in the order of the times. */
export async function sendDue(session: Session): Promise<void> {
  const { store, clock, logger } = session;
  const due = (await scheduledRows(store))
    .filter((row) => row.status !== 'failed' && row.nextAttemptAt <= clock.now())
    .sort((a, b) => a.nextAttemptAt - b.nextAttemptAt);
  for (const { id } of due) {
    const sent = await sendScheduled(session, id);
    if (!sent.ok) logger.log('info', 'scheduled-refused', { code: sent.error.code });
  }
}

/** Takes it off. Refused: `not-found`. @returns its text, to be written on. */
export const cancelScheduled = ({ store }: Composer, id: string): Promise<Result<string>> =>
  settle(
    store.tx('rw', discardTables, async () => {
      const { text } = plannedOf(await scheduledRow(store, id));
      await discardOperation(store, id);
      return text;
    }),
  );

/** What it answers may be gone by now; it goes all the same. */
async function standing(store: Store, { replyTo, parent }: About): Promise<About> {
  const isThere = async (id: MessageId) => (await messageById(store, id)) !== undefined;
  return {
    ...(replyTo !== undefined && (await isThere(replyTo)) ? { replyTo } : {}),
    ...(parent !== undefined && (await isThere(parent)) ? { parent } : {}),
  };
}

const scheduledRows = (store: Store): Promise<OfflineOperationRow[]> =>
  store.offlineOperations.where('operationType').equals(SCHEDULED).toArray();

async function scheduledRow(store: Store, id: string): Promise<OfflineOperationRow> {
  const row = await store.offlineOperations.get(id);
  return row?.operationType === SCHEDULED ? row : refuse(NOT_FOUND);
}

const plannedOf = ({ operationData }: OfflineOperationRow): Planned => operationData as Planned;

const isAhead = (at: number, now: number): boolean => Number.isSafeInteger(at) && at > now && at <= now + FURTHEST_MS;

const NOT_FOUND = { code: 'not-found', retry: 'never' } as const;
const NOT_AHEAD = { code: 'time-not-ahead', retry: 'person' } as const;
