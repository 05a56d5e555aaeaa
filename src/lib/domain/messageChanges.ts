import type { AccountId, DeviceId } from '../core/ids.ts';
import { may, type Role } from './roles.ts';

/**
 * What people do to a message after it was sent. A message is its text as it was sent and the set of
 * changes that reached this device, whatever their order and however often: everybody who has the same
 * set sees the same message (protocol §5).
 */
export type Change = ChangeOrigin & ChangeDetail;

interface ChangeOrigin {
  readonly id: string;
  readonly user: AccountId;
  readonly device: DeviceId;
  /** Sort key of the change: the clock of its device, and later than everything its author had seen. */
  readonly at: string;
}

export type ChangeDetail =
  | {
      readonly what: 'edit';
      readonly text: string;
      /** `at` of the edits that the author had before their eyes; none: the text as it was sent. */
      readonly seen: readonly string[];
    }
  | { readonly what: 'delete' }
  | { readonly what: 'react' | 'unreact'; readonly emoji: string }
  | { readonly what: 'pin' | 'unpin' };

export type ChangeKind = ChangeDetail['what'];
export type Edit = Change & { readonly what: 'edit' };

/** A message with its changes applied. */
export interface ChangedMessage {
  /** The changes that still matter, in the order of their clocks: all that a later merge needs. */
  readonly log: readonly Change[];
  /** `undefined` once it is deleted. */
  readonly text: string | undefined;
  /** The edit that is in force. */
  readonly edit: Edit | undefined;
  readonly deletion: Change | undefined;
  /** In the order in which each emoji was first given; people in the order of their reactions. */
  readonly reactions: readonly Reaction[];
  readonly pin: Change | undefined;
  /**
   * Edits that were written without knowing of each other and that no later one takes up: two or more, the
   * one in force among them. Empty where nothing is in conflict.
   */
  readonly conflicts: readonly Edit[];
}

export interface Reaction {
  readonly emoji: string;
  readonly givers: readonly { readonly user: AccountId; readonly at: string }[];
}

/** Texts kept in the history of one message, and emoji that one person's choices about it are kept of. */
const MOST_EDITS = 100;
const MOST_EMOJI = 32;

/**
 * Applies changes to a message: commutative, associative and idempotent. Last writer wins, by clock and
 * then device; deletion wins over everything.
 * @param original the text as it was sent
 * @param changes those of an earlier merge's `log` and new ones, in any order
 */
export function mergeChanges(original: string, changes: readonly Change[]): ChangedMessage {
  const inOrder = once([...changes].sort(byClock));
  const deletion = inOrder.find((change) => change.what === 'delete');
  if (deletion !== undefined) {
    return {
      log: [deletion],
      text: undefined,
      edit: undefined,
      deletion,
      reactions: [],
      pin: undefined,
      conflicts: [],
    };
  }
  const edits = inOrder.filter((change) => change.what === 'edit').slice(-MOST_EDITS);
  const pinning = inOrder.filter((change) => change.what === 'pin' || change.what === 'unpin').slice(-1);
  const choices = newestChoices(inOrder);
  const edit = edits.at(-1);
  const taken = new Set(edits.flatMap((one) => one.seen));
  const heads = edits.filter((one) => !taken.has(one.at));
  return {
    log: [...edits, ...pinning, ...choices].sort(byClock),
    text: edit?.text ?? original,
    edit,
    deletion: undefined,
    reactions: reactionsOf(choices),
    pin: pinning.find((change) => change.what === 'pin'),
    conflicts: heads.length > 1 ? heads : [],
  };
}

/**
 * Why this person may not change this message so; `undefined` where they may. Only the author edits. The
 * author deletes, and so does who may delete any message. A guest does not pin.
 * @param message who sent it, and its sort key as they sent it
 * @param role of the one who changes it, when the change was taken; in a direct chat `member`
 */
export function refusalOfChange(
  message: { readonly sender: AccountId; readonly at: string },
  change: Change,
  role: Role,
): 'dated-before' | 'not-the-author' | 'not-allowed' | undefined {
  if (clockOf(change.at) <= clockOf(message.at)) return 'dated-before';
  const isAuthor = change.user === message.sender;
  if (change.what === 'edit') return isAuthor ? undefined : 'not-the-author';
  if (change.what === 'delete') return isAuthor || may(role, 'delete-any-message') ? undefined : 'not-allowed';
  if (change.what === 'pin' || change.what === 'unpin') return may(role, 'pin-message') ? undefined : 'not-allowed';
  return undefined;
}

/** Without repetitions. */
function once(inOrder: readonly Change[]): Change[] {
  const seen = new Set<string>();
  return inOrder.filter(({ id }) => !seen.has(id) && seen.add(id));
}

/** What each person thinks of each emoji now, given or taken back; of each person the newest. */
function newestChoices(inOrder: readonly Change[]): Choice[] {
  const latest = new Map<string, Choice>();
  for (const change of inOrder) {
    if (change.what === 'react' || change.what === 'unreact') latest.set(`${change.user} ${change.emoji}`, change);
  }
  const counts = new Map<AccountId, number>();
  return [...latest.values()]
    .sort(byClock)
    .reverse()
    .filter(({ user }) => {
      const count = (counts.get(user) ?? 0) + 1;
      counts.set(user, count);
      return count <= MOST_EMOJI;
    })
    .reverse();
}

function reactionsOf(choices: readonly Choice[]): Reaction[] {
  const byEmoji = new Map<string, { user: AccountId; at: string }[]>();
  for (const { what, emoji, user, at } of choices) {
    if (what === 'react') byEmoji.set(emoji, [...(byEmoji.get(emoji) ?? []), { user, at }]);
  }
  return [...byEmoji].map(([emoji, givers]) => ({ emoji, givers }));
}

type Choice = Change & { readonly what: 'react' | 'unreact' };

/** The part of a sort key before the device: hybrid logical time. */
const clockOf = (key: string): string => key.slice(0, 16);

const byClock = (a: Change, b: Change): number =>
  a.at < b.at ? -1 : a.at > b.at ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
