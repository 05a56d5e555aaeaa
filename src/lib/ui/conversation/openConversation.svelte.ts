import { createContext } from 'svelte';
import type { ConversationId } from '../../core/ids.ts';
import type { CairnClient, ConversationView } from '../../services/client.ts';
import { live } from '../live.svelte.ts';

/** The conversation on the screen, shared by its panes. */
export interface OpenConversation {
  readonly id: ConversationId;
  /** `undefined` until the first answer, and when {@link isGone}. */
  readonly view: ConversationView | undefined;
  readonly isGone: boolean;
  /** What was read when it was opened: the line above new messages stays there while one reads. */
  readonly lastRead: string | undefined;
  readonly isLoadingOlder: boolean;
  /** How many messages were there before one asked for older ones. */
  readonly nearby: number;
  /** Shows one page more of the past, if there is one and none is on its way. */
  showOlder(): void;
  /** Takes the line above new messages away, as after an answer. */
  forgetUnreadLine(): void;
}

export const [useConversation, setConversation] = createContext<OpenConversation>();

/** Messages shown at first, and added with each step into the past. */
export const PAGE = 60;
/** New messages are all shown at once, up to this many. */
const UNREAD_AT_ONCE = 600;

/** Call while a component starts; the watch ends with it. */
export function openConversation(client: CairnClient, id: ConversationId): OpenConversation {
  let limit = $state(PAGE);
  let nearby = $state(PAGE);
  let lastRead = $state.raw<string>();
  let isFirst = true;

  const answer = live<{ view: ConversationView | undefined }>(() => {
    const wanted = limit;
    return (show) =>
      client.watchConversation(id, wanted, (view) => {
        if (isFirst && view !== undefined) {
          isFirst = false;
          if (view.unread > 0) lastRead = view.lastReadSortKey;
          if (view.unread >= wanted) limit = nearby = Math.min(view.unread + PAGE, UNREAD_AT_ONCE);
        }
        show({ view });
      });
  });

  const view = $derived(answer.value?.view);
  const isLoadingOlder = $derived(view !== undefined && view.hasOlder && view.messages.length < limit);

  return {
    id,
    get view() {
      return view;
    },
    get isGone() {
      return answer.value !== undefined && view === undefined;
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
      if (view?.hasOlder === true && !isLoadingOlder) limit += PAGE;
    },
    forgetUnreadLine() {
      lastRead = undefined;
    },
  };
}
