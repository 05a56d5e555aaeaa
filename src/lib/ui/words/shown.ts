import type { MessageState } from '../../services/client.ts';
import { m } from '../paraglide/messages.js';
import { shownLocale } from './locale.ts';

const states = {
  queued: m.state_queued,
  sent: m.state_sent,
  delivered: m.state_delivered,
  read: m.state_read,
  failed: m.state_failed,
  stale: m.state_stale,
} as const satisfies Record<MessageState, () => string>;

/** A state in a few words, for the description of a message. */
export const sayState = (state: MessageState): string => states[state]();

/** `Ana, Bo and Chloé`, in the way of the language. */
export const sayNames = (names: readonly string[]): string =>
  new Intl.ListFormat(shownLocale(), { style: 'long', type: 'conjunction' }).format(names);
