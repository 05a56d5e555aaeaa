import { utf8 } from '../core/bytes.ts';
import type { ConversationId, MessageId } from '../core/ids.ts';
import { err, refuse, settle, type Result } from '../core/result.ts';
import { changeMessage, changeTables } from '../db/changes/apply.ts';
import { changesOf, sentAt } from '../db/changes/rows.ts';
import { alterMessage } from '../db/messages/alter.ts';
import { readyForText } from '../db/messages/bodies.ts';
import { wholeMessage } from '../db/messages/find.ts';
import type { WholeMessage } from '../db/messages/whole.ts';
import { discardOperation, discardTables } from '../db/discard.ts';
import { getSetting, setSetting } from '../db/settings.ts';
import { uncountReply } from '../db/threads.ts';
import { refusalOfChange, type Change } from '../domain/messageChanges.ts';
import { isReaction } from '../domain/reaction.ts';
import type { Role } from '../domain/roles.ts';
import { limits } from '../protocol/limits.ts';
import { changeFrom } from '../sync/changes.ts';
import {
  compose,
  composeTables,
  newMessageId,
  nextSortKey,
  sealAhead,
  stampAfter,
  type Composer,
} from '../sync/compose.ts';
import type { ChangeContent } from '../sync/content.ts';
import { maySend } from './messages.ts';

/**
 * What a person does to a message that was sent: done here at once, told to the others when it can be. All
 * are refused with `not-found`, `not-allowed`, `not-a-member`.
 */

/** Gives an own message another text. The same text again is no change. Refused also: `empty`, `too-long`. */
export async function editMessage(composer: Composer, id: MessageId, input: string): Promise<Result<void>> {
  const text = input.trim();
  if (text === '') return err({ code: 'empty', retry: 'never' });
  if (utf8(text).length > limits.text) return err({ code: 'too-long', retry: 'person' });
  await readyForText(text.length * 3);
  return change(composer, id, (whole) =>
    whole.row.content === text ? undefined : { k: 'edit', t: text, b: headsOf(changesOf(whole)) },
  );
}

/**
 * Takes a message away: from this device alone, or from everybody. One that the relay refused has never left
 * this device and goes with its place in the outbox.
 */
export async function deleteMessage(composer: Composer, id: MessageId, from: 'me' | 'everyone'): Promise<Result<void>> {
  const { store } = composer;
  const unsent = await settle(
    store.tx('rw', [...changeTables, ...discardTables, 'threads'], async () => {
      const operations = await store.offlineOperations.where('messageId').equals(id).toArray();
      const failed = operations.find((operation) => operation.status === 'failed');
      const whole = await wholeMessage(store, id);
      if (whole === undefined) return refuse({ code: 'not-found', retry: 'never' });
      if (failed === undefined && from === 'everyone') return false;
      if (failed !== undefined) await discardOperation(store, failed.id);
      else await alterMessage(store, id, () => undefined);
      await uncountReply(store, whole.row);
      await store.pinnedMessages.delete([whole.row.conversationId, id]);
      return true;
    }),
  );
  if (!unsent.ok) return unsent;
  return unsent.value ? { ok: true, value: undefined } : change(composer, id, () => ({ k: 'delete' }));
}

/** Gives up an operation of the outbox, of whatever kind. Refused: `not-found`. */
export const discard = ({ store }: Composer, operation: string): Promise<Result<void>> =>
  settle(store.tx('rw', discardTables, () => discardOperation(store, operation)));

/** Refused also: `bad-reaction`. */
export async function setReaction(
  composer: Composer,
  id: MessageId,
  emoji: string,
  on: boolean,
): Promise<Result<void>> {
  if (!isReaction(emoji)) return err({ code: 'bad-reaction', retry: 'person' });
  const done = await change(composer, id, () => ({ k: 'react', e: emoji, on }));
  if (!done.ok || !on) return done;
  const { store, clock } = composer;
  return settle(
    store.tx('rw', ['settings'], async () => {
      const recents = [emoji, ...(await recentReactions(composer)).filter((one) => one !== emoji)];
      await setSetting(store, RECENTS, recents.slice(0, 16), clock.now());
    }),
  );
}

/** The emoji that this person gave lately, the latest first. */
export const recentReactions = async ({ store }: Pick<Composer, 'store'>): Promise<readonly string[]> =>
  (await getSetting<readonly string[]>(store, RECENTS)) ?? [];

const RECENTS = 'recentReactions';

export const setPin = (composer: Composer, id: MessageId, on: boolean): Promise<Result<void>> =>
  change(composer, id, () => ({ k: 'pin', on }));

/** Content without what every change has: its stamp and its target. */
type Wish = ChangeContent extends infer C ? (C extends ChangeContent ? Omit<C, 's' | 'm'> : never) : never;

async function change(
  composer: Composer,
  id: MessageId,
  wish: (whole: WholeMessage) => Wish | undefined,
): Promise<Result<void>> {
  const { store, identity, clock, random } = composer;
  return settle(async () => {
    const whole = (await wholeMessage(store, id)) ?? refuse({ code: 'not-found', retry: 'never' });
    const wanted = wish(whole);
    if (wanted === undefined) return;
    const { conversationId } = whole.row;
    const target = sentAt(whole.row);
    const { sortKey } = await store.tx('rw', ['settings'], () => nextSortKey(composer));
    const seen = [target, ...whole.changes.map((row) => row.timestamp)].reduce((a, b) => (a > b ? a : b));
    const content = {
      ...wanted,
      s: stampAfter(sortKey, seen, identity.device),
      m: { i: id, s: target },
    } as ChangeContent;
    const changeId = newMessageId(random);
    const made = changeFrom(changeId, { accountId: identity.account, deviceId: identity.device }, content);
    const ahead = await sealAhead(composer, conversationId, content, changeId);
    await store.tx('rw', [...composeTables, ...changeTables, 'groupMembers', 'devices', 'users'], async () => {
      if (!(await maySend(composer, conversationId))) return refuse({ code: 'not-a-member', retry: 'person' });
      const role = await ownRole(composer, conversationId);
      const after = await changeMessage(store, id, (now) => allowed(now, made, role), {
        isOwn: true,
        now: clock.now(),
      });
      if (after === undefined) return refuse({ code: 'not-found', retry: 'never' });
      const place = { id: changeId, sortKey, isMessage: false, change: { what: made.what, target: id }, ahead };
      await compose(composer, conversationId, content, place);
    });
  });
}

/** The change, where the rules allow it. */
function allowed({ row }: WholeMessage, made: Change, role: Role): readonly Change[] {
  const isOpen = row.type !== 'system' && row.type !== 'encrypted' && !row.isDeleted;
  const refused = !isOpen || refusalOfChange({ sender: row.senderId, at: sentAt(row) }, made, role) !== undefined;
  return refused ? refuse({ code: 'not-allowed', retry: 'never' }) : [made];
}

/** The edits that no other takes up: what the next one knows of. */
function headsOf(changes: readonly Change[]): string[] {
  const edits = changes.filter((one) => one.what === 'edit');
  const taken = new Set(edits.flatMap((one) => one.seen));
  return edits
    .map((one) => one.at)
    .filter((at) => !taken.has(at))
    .slice(-16);
}

/** In a direct chat nobody is above the other; in a group that is still to be made, its maker is its owner. */
async function ownRole({ store, identity }: Composer, id: ConversationId): Promise<Role> {
  const conversation = await store.conversations.get(id);
  if (conversation?.groupId === undefined) return 'member';
  return (await store.groupMembers.get([conversation.groupId, identity.account]))?.role ?? 'owner';
}
