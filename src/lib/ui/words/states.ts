import type { MessageState } from '../../services/client.ts';
import { m } from '../paraglide/messages.js';

const explanations = {
  queued: m.state_queued_long,
  sent: m.state_sent_long,
  delivered: m.state_delivered_long,
  read: m.state_read_long,
  failed: m.state_failed_long,
  stale: m.state_stale_long,
} as const satisfies Record<MessageState, () => string>;

/** A state in whole sentences, for people who ask. */
export const explainState = (state: MessageState): string => explanations[state]();
