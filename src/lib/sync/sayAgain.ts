import { base64urlFromBytes, concat, utf8 } from '../core/bytes.ts';
import { stampOf } from '../core/clock.ts';
import { bytesFromId, type AccountId, type ConversationId, type DeviceId, type MessageId } from '../core/ids.ts';
import { ok, type Result } from '../core/result.ts';
import { notesConversationId } from '../crypto/identity.ts';
import { sha256 } from '../crypto/primitives.ts';
import { takeAllowance } from '../db/allowance.ts';
import { changesOf, originalOf, sentAt } from '../db/changes/rows.ts';
import { messageById, wholeMessage } from '../db/messages/find.ts';
import { messageTables, type WholeMessage } from '../db/messages/whole.ts';
import { getSetting, setSetting } from '../db/settings.ts';
import type { MessageRow, OfflineOperationRow } from '../db/store.ts';
import type { Change } from '../domain/messageChanges.ts';
import { ASKED_A_DAY, askedWith } from './asking.ts';
import { compose, composeTables, nextSortKey, type Composer } from './compose.ts';
import {
  bytesFromContent,
  type ChangeContent,
  type Content,
  type MessageReference,
  type TextContent,
} from './content.ts';
import { fileContentOf } from './fileContent.ts';
import type { Progress, Wanted } from './intents.ts';
import { OWN_TOLD } from './queuePiece.ts';
import type { Session } from './session.ts';

const tables = [...composeTables, ...messageTables, 'groups'] as const;

/**
 * Says again what this very device said and somebody could not open, though their account was in the group by then.
 * What others said, what is gone, and what was said before they came is nobody's to have from here.
 */
export async function sayAgain(
  session: Session,
  { id, lane }: OfflineOperationRow,
  { account, device, ids }: Wanted<'again'>,
): Promise<Result<Progress, never>> {
  const { store, clock } = session;
  const conversationId = lane as ConversationId;
  await store.tx('rw', tables, async () => {
    if ((await store.offlineOperations.get(id)) === undefined) return;
    const now = clock.now();
    const limit = { wanted: ids.length, most: ASKED_A_DAY, now };
    const asked = ids.slice(0, await takeAllowance(store, `again/${device}`, limit));
    if (conversationId === notesConversationId(session.identity.account)) await tellAllAnew(session, device);
    for (const one of asked) {
      // What has not left yet is sealed for whoever is in the group when it does.
      if ((await store.offlineOperations.get(one)) !== undefined) continue;
      const said = await saidBy(session, conversationId, account, one);
      if (said === undefined) continue;
      const { sortKey } = await nextSortKey(session);
      const place = { id: answerId(id, one), sortKey, isMessage: false };
      await compose(session, conversationId, { k: 'again', i: one, o: bytesFromContent(said) }, place);
    }
    await store.offlineOperations.delete(id);
  });
  return ok('done');
}

/** An own device that missed something of what they keep together is told all of it, as one that is new. */
async function tellAllAnew({ store, clock }: Composer, device: DeviceId): Promise<void> {
  const told = (await getSetting<readonly DeviceId[]>(store, OWN_TOLD)) ?? [];
  if (!told.includes(device)) return;
  const others = told.filter((one) => one !== device);
  await setSetting(store, OWN_TOLD, others, clock.now());
}

/** The same for the same record and question: a question that comes twice is answered once. */
const answerId = (question: string, said: MessageId): MessageId =>
  base64urlFromBytes(
    sha256(concat(utf8('cairn/1 again\0'), utf8(question), bytesFromId(said))).slice(0, 16),
  ) as MessageId;

/** What this device said in that record, if the account may have it. */
async function saidBy(
  composer: Composer,
  conversationId: ConversationId,
  account: AccountId,
  id: MessageId,
): Promise<Content | undefined> {
  const { store } = composer;
  const question = await askedWith(store, conversationId, id);
  if (question !== undefined) return { k: 'ask', i: [...question] };
  const message = await wholeMessage(store, id);
  if (message !== undefined) {
    const { row } = message;
    const isOwn = row.deviceId === composer.identity.device && row.conversationId === conversationId;
    const isThere = !row.isDeleted && row.type !== 'system' && row.type !== 'encrypted';
    const may = isOwn && isThere && (await wasThere(composer, conversationId, account, sentAt(row)));
    return may ? textOf(composer, message) : undefined;
  }
  const targetId = (await store.messageChanges.get(id))?.messageId;
  const target = targetId === undefined ? undefined : await wholeMessage(store, targetId);
  const change = target === undefined ? undefined : changesOf(target).find((one) => one.id === id);
  if (target?.row.conversationId !== conversationId || change?.device !== composer.identity.device) return undefined;
  if (!(await wasThere(composer, conversationId, account, change.at))) return undefined;
  return contentOfChange(change, { i: target.row.id, s: sentAt(target.row) });
}

/**
 * Whether the account was in the conversation when this device wrote at that sort key. When somebody came is kept by
 * the clock that sort keys are made by, which never goes back.
 */
async function wasThere(
  { store, identity }: Composer,
  conversationId: ConversationId,
  account: AccountId,
  sortKey: string,
): Promise<boolean> {
  const conversation = await store.conversations.get(conversationId);
  if (conversation?.groupId === undefined) return account === identity.account || account === conversation?.contactId;
  const member = await store.groupMembers.get([conversation.groupId, account]);
  const stamp = stampOf(sortKey);
  return member !== undefined && stamp !== undefined && stamp.ms > member.joinedAt;
}

async function textOf({ store }: Composer, whole: WholeMessage): Promise<TextContent> {
  const { row, attachments } = whole;
  const files = (await Promise.all(attachments.map((one) => fileContentOf(store, one)))).filter(
    (file) => file !== undefined,
  );
  const replyAt = row.metadata?.['replyAt'];
  const head = row.parentMessageId === undefined ? undefined : await messageById(store, row.parentMessageId);
  return {
    k: 'text',
    s: sentAt(row),
    t: originalOf(whole),
    ...(row.replyTo === undefined || typeof replyAt !== 'string' ? {} : { r: { i: row.replyTo, s: replyAt } }),
    ...(head === undefined ? {} : { p: { i: head.id, s: sentAt(head) } }),
    ...(files.length === 0 ? {} : { a: files }),
    ...(row.metadata?.['isForwarded'] === true ? { f: true as const } : {}),
    ...lifetimeOf(row),
  };
}

const lifetimeOf = ({ expiresAt, timestamp }: MessageRow): { x?: number } =>
  expiresAt === undefined ? {} : { x: expiresAt - timestamp };

function contentOfChange(change: Change, m: MessageReference): ChangeContent | undefined {
  const s = change.at;
  switch (change.what) {
    case 'edit':
      return { k: 'edit', s, m, t: change.text, b: [...change.seen] };
    case 'delete':
      return { k: 'delete', s, m };
    case 'react':
    case 'unreact':
      return { k: 'react', s, m, e: change.emoji, on: change.what === 'react' };
    case 'pin':
    case 'unpin':
      return { k: 'pin', s, m, on: change.what === 'pin' };
  }
}
