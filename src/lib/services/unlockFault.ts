import type { Fault } from '../core/result.ts';

/** Why the vault stays closed to whoever gave a passphrase. */
export type UnlockFault = Fault<
  'wrong-passphrase' | 'too-soon' | 'no-account' | 'damaged-vault' | 'migration-failed'
> & {
  /** When the next try is allowed: milliseconds since the epoch. */
  readonly retryAt?: number;
};
