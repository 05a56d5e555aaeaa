import { createContext } from 'svelte';
import type { ConversationId, MessageId } from '../../core/ids.ts';
import type { CairnClient, ConversationView, MessageItem } from '../../services/client.ts';
import { live } from '../live.svelte.ts';
import { createComposing, type Composing } from './composing.svelte.ts';

/** The conversation on the screen, shared by its panes. */
export interface OpenConversation {
  readonly id: ConversationId;
  /** `undefined` until the first answer, and when {@link isGone}. */
  readonly view: ConversationView | undefined;
  readonly isGone: boolean;
  /** What was read when it was opened: the line above new messages stays there while one reads. */
  readonly lastRead: string | undefined;
  /** Sort key of the first unread message then, where it came late and stands before that. */
  readonly late: string | undefined;
  readonly isLoadingOlder: boolean;
  /** The message whose surroundings are on the screen, where that is not the end. */
  readonly around: MessageId | undefined;
  /** How many messages were there before one asked for older ones. */
  readonly nearby: number;
  /** What the next text is about. */
  readonly composing: Composing;
  /** What was chosen to be done something with together; `undefined` while nothing is being chosen. */
  readonly selected: readonly MessageItem[] | undefined;
  select(messages: readonly MessageItem[] | undefined): void;
  /** The message to bring into sight, until it is. */
  readonly jumpTo: MessageId | undefined;
  jump(to: MessageId | undefined): void;
  /** Shows one page more of the past, if there is one and none is on its way. */
  showOlder(): void;
  /** The same towards the present. */
  showNewer(): void;
  /** Leaves the end for the surroundings of a message. */
  showAround(message: MessageId): void;
  /** Goes back to the end. */
  toNewest(): void;
  /** What is looked at stays unread: the person has said so. */
  readonly keepsUnread: boolean;
  /** Draws the line above new messages behind this sort key, and keeps what follows unread. */
  keepUnread(lastRead: string): void;
  /** Takes the line above new messages away, as after an answer. */
  forgetUnreadLine(): void;
}

export const [useConversation, setConversation] = createContext<OpenConversation>();

/** Messages shown at first, and added with each step into the past. */
export const PAGE = 60;
/** New messages are all shown at once, up to this many. */
const UNREAD_AT_ONCE = 600;

/**
 * Call while a component starts; the watch ends with it.
 * @param at the message to open it at, instead of its end.
 */
export function openConversation(client: CairnClient, id: ConversationId, at?: MessageId): OpenConversation {
  let limit = $state(PAGE);
  let nearby = $state(PAGE);
  let lastRead = $state.raw<string>();
  let late = $state.raw<string>();
  let jumpTo = $state(at);
  let around = $state(at);
  let keepsUnread = $state(false);
  let selected = $state.raw<readonly MessageItem[]>();
  let isFirst = true;

  const answer = live<{ view: ConversationView | undefined; limit: number; around: MessageId | undefined }>(() => {
    const [wanted, middle] = [limit, around];
    return (show) =>
      client.watchConversation(
        id,
        wanted,
        (view) => {
          if (isFirst && view !== undefined) {
            isFirst = false;
            if (view.unread > 0) lastRead = view.lastReadSortKey;
            late = view.late[0]?.sortKey;
            if (view.unread >= wanted) {
              // All of them are shown, or none: the list opens at the first.
              limit = nearby = Math.min(view.unread + PAGE, UNREAD_AT_ONCE);
              return;
            }
          }
          show({ view, limit: wanted, around: middle });
        },
        middle,
      );
  });

  const view = $derived(answer.value?.view);
  const isLoading = $derived(
    answer.value !== undefined && (answer.value.limit < limit || answer.value.around !== around),
  );
  const isLoadingOlder = $derived(view?.hasOlder === true && isLoading);

  return {
    id,
    composing: createComposing(),
    get jumpTo() {
      return jumpTo;
    },
    jump(to) {
      jumpTo = to;
    },
    get selected() {
      return selected;
    },
    select(messages) {
      selected = messages;
    },
    get view() {
      return view;
    },
    get isGone() {
      return answer.value !== undefined && view === undefined;
    },
    get late() {
      return late;
    },
    get lastRead() {
      return lastRead;
    },
    get isLoadingOlder() {
      return isLoadingOlder;
    },
    get nearby() {
      return nearby;
    },
    showOlder() {
      if (view?.hasOlder === true && !isLoading) limit += PAGE;
    },
    get around() {
      return answer.value?.around;
    },
    showNewer() {
      if (view?.hasNewer === true && !isLoading) limit += PAGE;
    },
    showAround(message) {
      [around, limit] = [message, PAGE];
    },
    toNewest() {
      if (around === undefined) return;
      [around, limit] = [undefined, PAGE];
    },
    get keepsUnread() {
      return keepsUnread;
    },
    keepUnread(before) {
      [lastRead, late, keepsUnread] = [before, undefined, true];
    },
    forgetUnreadLine() {
      [lastRead, late, keepsUnread] = [undefined, undefined, false];
    },
  };
}
