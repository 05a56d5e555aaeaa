import type { Fault, Retry } from '../../core/result.ts';

/** Why a record didn't open. None of them changes the chain. */
export const senderKeyErrors = {
  /** Not a record: wrong length, or padding that nobody who follows the protocol writes. */
  malformed: 'never',
  /** A record of another protocol version. */
  'wrong-version': 'never',
  /** No signature of the sender covers it, or it doesn't open with the sender's key. */
  tampered: 'never',
  /** Its iteration was used before. */
  duplicate: 'never',
  /** More than {@link MAX_AHEAD} iterations after the last one opened. */
  'too-far-future': 'after-sync',
  /** Of another group, epoch, suite or leaf than the chain. */
  'wrong-epoch': 'after-sync',
  /** Signed by this very sender, in this epoch, over another history of the group. */
  forked: 'after-sync',
} as const satisfies Record<string, Retry>;

export type SenderKeyErrorCode = keyof typeof senderKeyErrors;
export type SenderKeyFault = Fault<SenderKeyErrorCode>;

/** How far a record may be ahead of the chain; the message keys in between are kept. */
export const MAX_AHEAD = 2_000;

export const senderKeyFault = (code: SenderKeyErrorCode, detail?: string): SenderKeyFault => ({
  code,
  retry: senderKeyErrors[code],
  ...(detail === undefined ? {} : { detail }),
});
