import type { ConversationId, DeviceId, GroupId, MessageId } from '../core/ids.ts';
import { err, ok, type Fault, type Result } from '../core/result.ts';
import { takeAllowance } from '../db/allowance.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import { getSetting, setSetting } from '../db/settings.ts';
import type { InboxRow, Store } from '../db/store.ts';
import { limits } from '../protocol/limits.ts';
import type { Sender } from './changes.ts';
import { compose, newMessageId, nextSortKey, type Composer } from './compose.ts';
import type { Said } from './content.ts';
import { contentFromBytes } from './contentKinds.ts';
import type { Outcome } from './outcomes.ts';
import { queueIntent } from './queueIntent.ts';
import type { Session } from './session.ts';

/**
 * Asking again: a device that was beside its group for a while, or was put back to an old state, can't open what was
 * said meanwhile. It asks, and whoever said it says it again (`sayAgain.ts`).
 */

/** Records that one device asks for, and one other answers to it, in a day. */
export const ASKED_A_DAY = 2_000;

/** What this device asked for in a conversation. */
interface Missed {
  /** The device that the relay named as the one that sent it, by record. */
  readonly of: Readonly<Record<string, DeviceId>>;
  /** The last question: whoever could not open that either asks for it. */
  readonly question: MessageId;
  readonly asked: readonly MessageId[];
}

const keyOf = (conversationId: ConversationId): string => `missed/${conversationId}`;

/** What a device may have missed, and not what it was never meant to read. */
const isMissed = (outcome: Outcome | undefined): boolean => outcome === 'SentBeforeJoin' || outcome === 'Forked';

/** Asks for what of these could not be opened, inside the caller's transaction; after the return, where there is one to come. */
export async function askAgain(
  composer: Composer,
  conversationId: ConversationId,
  rows: readonly InboxRow[],
  outcomes: ReadonlyMap<InboxRow, Outcome>,
): Promise<void> {
  const { store, identity, clock, random } = composer;
  const missed = rows.filter((row) => isMissed(outcomes.get(row)) && row.sender !== identity.device);
  if (missed.length === 0) return;
  const now = clock.now();
  const may = await takeAllowance(store, 'asking', { wanted: missed.length, most: ASKED_A_DAY, now });
  const known = Object.entries((await getSetting<Missed>(store, keyOf(conversationId)))?.of ?? {});
  for (let at = 0; at < may; at += limits.askedIds) {
    const run = missed.slice(at, Math.min(may, at + limits.askedIds));
    for (const { id, sender } of run) known.push([id, sender]);
    const asked = run.map(({ id }) => id as MessageId);
    const question = newMessageId(random);
    const of = Object.fromEntries(known.slice(-ASKED_A_DAY));
    await setSetting(store, keyOf(conversationId), { of, question, asked } satisfies Missed, now);
    const { sortKey } = await nextSortKey(composer);
    await compose(composer, conversationId, { k: 'ask', i: asked }, { id: question, sortKey, isMessage: false });
  }
}

/** What this device asked with that record, if that was its last question. */
export async function askedWith(
  store: Store,
  conversationId: ConversationId,
  id: MessageId,
): Promise<readonly MessageId[] | undefined> {
  const missed = await getSetting<Missed>(store, keyOf(conversationId));
  return missed?.question === id ? missed.asked : undefined;
}

/**
 * What a record says, and the id of the record in which it was said first. Refused: as `contentFromBytes` does;
 * `tampered` where what was asked for came from another device than the one that says it again.
 */
export async function saidIn(
  store: Store,
  conversationId: ConversationId,
  record: { readonly id: MessageId; readonly device: DeviceId; readonly bytes: Uint8Array },
): Promise<Result<{ readonly id: MessageId; readonly content: Said }, Fault>> {
  const content = contentFromBytes(record.bytes);
  if (!content.ok) return content;
  if (content.value.k !== 'again') return ok({ id: record.id, content: content.value });
  const { i: id, o } = content.value;
  const first = contentFromBytes(o);
  if (!first.ok) return first;
  if (first.value.k === 'again') return err({ code: 'malformed', retry: 'never' });
  const { of = {} } = (await getSetting<Missed>(store, keyOf(conversationId))) ?? {};
  if (Object.hasOwn(of, id) && of[id] !== record.device) return err({ code: 'tampered', retry: 'never' });
  return ok({ id, content: first.value });
}

/** Somebody asks: it is answered when the relay can be reached, inside the caller's transaction. */
export async function queueAnswers(
  session: Session,
  conversationId: ConversationId,
  { accountId: account, deviceId: device }: Pick<Sender, 'accountId' | 'deviceId'>,
  question: MessageId,
  ids: readonly MessageId[],
): Promise<void> {
  const groupId: GroupId | undefined = await groupOfConversation(session.store, conversationId);
  if (groupId === undefined || device === session.identity.device) return;
  await queueIntent(session, conversationId, { what: 'again', groupId, account, device, ids: [...ids] }, question);
}
