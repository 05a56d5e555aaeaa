import { m } from '../paraglide/messages.js';

/** Why an entry of a conversation can't be read: words for the closed list of outcomes (protocol §4.5). */
const words = {
  Applied: m.outcome_applied,
  Duplicate: m.outcome_duplicate,
  OwnEcho: m.outcome_own_echo,
  StaleEpoch: m.outcome_stale_epoch,
  FutureEpoch: m.outcome_future_epoch,
  TooFarFuture: m.outcome_too_far_future,
  Malformed: m.outcome_malformed,
  UnsupportedVersion: m.outcome_unsupported_version,
  Tampered: m.outcome_tampered,
  SentBeforeJoin: m.outcome_sent_before_join,
  PolicyRejected: m.outcome_policy_rejected,
  IdentityChanged: m.outcome_identity_changed,
  OrphanWelcome: m.outcome_orphan_welcome,
  Forked: m.outcome_forked,
  StateTorn: m.outcome_state_torn,
} as const satisfies Record<string, () => string>;

export type OutcomeCode = keyof typeof words;

export const outcomeCodes = Object.keys(words) as readonly OutcomeCode[];

export const isOutcomeCode = (code: string): code is OutcomeCode => Object.hasOwn(words, code);

/** One or two sentences for an outcome. */
export const wordsOfOutcome = (code: OutcomeCode): string => words[code]();
