import type { AccountId, ConversationId, DeviceId, MessageId } from '../core/ids.ts';
import { changeMessage } from '../db/changes/apply.ts';
import { sentAt } from '../db/changes/rows.ts';
import { keepWaiting, takeWaiting } from '../db/changes/waiting.ts';
import type { WholeMessage } from '../db/messages/whole.ts';
import { refusalOfChange, type Change } from '../domain/messageChanges.ts';
import type { Role } from '../domain/roles.ts';
import type { ChangeContent, MessageReference } from './content.ts';
import type { Outcome } from './outcomes.ts';
import type { Session } from './session.ts';

/** Who sent something. */
export interface Sender {
  readonly accountId: AccountId;
  readonly deviceId: DeviceId;
  /** In the group, as its log had it when this came; in a direct chat `member`. */
  readonly role: Role;
}

/** A change of somebody's, and the message it is about. */
export interface ReceivedChange {
  /** Names it in the answer. */
  readonly at: number;
  readonly target: MessageReference;
  readonly change: Change;
  readonly role: Role;
}

/** What a content of a record says, as a change. */
export function changeFrom(
  id: MessageId,
  sender: Pick<Sender, 'accountId' | 'deviceId'>,
  content: ChangeContent,
): Change {
  const origin = { id, user: sender.accountId, device: sender.deviceId, at: content.s };
  switch (content.k) {
    case 'edit':
      return { ...origin, what: 'edit', text: content.t, seen: content.b };
    case 'delete':
      return { ...origin, what: 'delete' };
    case 'react':
      return { ...origin, what: content.on ? 'react' : 'unreact', emoji: content.e };
    case 'pin':
      return { ...origin, what: content.on ? 'pin' : 'unpin' };
  }
}

/**
 * Applies changes to the messages they are about, inside the caller's transaction; those whose message is
 * not here wait for it.
 * @returns what became of each
 */
export async function applyChanges(
  session: Session,
  conversationId: ConversationId,
  received: readonly ReceivedChange[],
): Promise<Map<number, Outcome>> {
  const { store, clock } = session;
  const now = clock.now();
  const outcomes = new Map<number, Outcome>();
  const byTarget = Map.groupBy(received, ({ target }) => target.i);
  for (const [id, changes] of byTarget) {
    const choose = (whole: WholeMessage): Change[] =>
      changes.flatMap((one) => {
        const outcome = outcomeFor(conversationId, whole, one);
        outcomes.set(one.at, outcome ?? 'Applied');
        return outcome === undefined && !mustWait(whole, one) ? [one.change] : [];
      });
    const whole = await changeMessage(store, id, choose, { isOwn: false, now });
    for (const one of changes) {
      if (whole !== undefined && (outcomes.get(one.at) !== 'Applied' || !mustWait(whole, one))) continue;
      await keepWaiting(store, { id: one.change.id, conversationId, messageId: id, ...facts(one), receivedAt: now });
      outcomes.set(one.at, 'Applied');
    }
  }
  return outcomes;
}

/** Applies what waited for these messages, inside the caller's transaction. What they do not allow is over. */
export async function applyWaiting(
  session: Session,
  conversationId: ConversationId,
  ids: readonly MessageId[],
): Promise<void> {
  const waiting = await takeWaiting(session.store, conversationId, ids);
  const received = waiting.map(({ messageId, change, role, targetAt }, at) => ({
    at,
    target: { i: messageId, s: targetAt },
    change,
    role,
  }));
  await applyChanges(session, conversationId, received);
}

const facts = ({ change, role, target }: ReceivedChange) => ({ change, role, targetAt: target.s });

/** What is not understood yet can't be changed, but it can go. */
const mustWait = (whole: WholeMessage, { change }: ReceivedChange): boolean =>
  whole.row.type === 'encrypted' && change.what !== 'delete';

/** Why a change is refused; `undefined` where it may be. */
function outcomeFor(
  conversationId: ConversationId,
  { row, changes }: WholeMessage,
  { target, change, role }: ReceivedChange,
): Outcome | undefined {
  if (changes.some((known) => known.id === change.id)) return 'Duplicate';
  if (row.conversationId !== conversationId || row.type === 'system') return 'PolicyRejected';
  if (target.s !== sentAt(row)) return 'PolicyRejected';
  return refusalOfChange({ sender: row.senderId, at: target.s }, change, role) && 'PolicyRejected';
}
