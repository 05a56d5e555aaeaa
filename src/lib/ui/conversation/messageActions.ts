import type { MessageItem } from '../../services/client.ts';

/** What the menu of a message leads to. */
export type MessageAction =
  'reply' | 'react' | 'edit' | 'forward' | 'pin' | 'thread' | 'select' | 'unread' | 'info' | 'delete';

/** What the lists of messages ask of `MessageActions.svelte`. */
export interface Asked {
  readonly message: MessageItem;
  /** Where its menu opens: the pointer, or its bubble. Without it: all there is to know about the message. */
  readonly anchor?: DOMRect;
}
