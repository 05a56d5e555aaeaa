import type { Retry } from '../core/result.ts';

/** What can become of an entry that a device received: a closed list (protocol §4.5), each with its retry rule. */
export const outcomes = {
  Applied: 'never',
  Duplicate: 'never',
  OwnEcho: 'never',
  StaleEpoch: 'never',
  FutureEpoch: 'after-sync',
  TooFarFuture: 'never',
  Malformed: 'never',
  UnsupportedVersion: 'never',
  Tampered: 'never',
  SentBeforeJoin: 'never',
  PolicyRejected: 'never',
  IdentityChanged: 'person',
  OrphanWelcome: 'never',
  Forked: 'after-sync',
  StateTorn: 'now',
} as const satisfies Record<string, Retry>;

export type Outcome = keyof typeof outcomes;

/** The outcome of a record or commit that was refused with this fault code. */
export function outcomeOfFault(code: string): Outcome {
  return BY_CODE[code] ?? 'Malformed';
}

const BY_CODE: Readonly<Record<string, Outcome>> = {
  malformed: 'Malformed',
  invalid: 'Tampered',
  'wire-too-large': 'Malformed',
  'wrong-version': 'UnsupportedVersion',
  'unsupported-version': 'UnsupportedVersion',
  tampered: 'Tampered',
  duplicate: 'Duplicate',
  'too-far-future': 'TooFarFuture',
  'wrong-epoch': 'StaleEpoch',
  forked: 'Forked',
  'policy-rejected': 'PolicyRejected',
  'bad-certificate': 'IdentityChanged',
  'expired-key-package': 'PolicyRejected',
  'no-key-package': 'OrphanWelcome',
};
