import type { Fault, Result, Retry } from '../../core/result.ts';
import { err, ok } from '../../core/result.ts';

/** Everything that can be wrong with what MLS hands us, and what helps. */
const faults = {
  malformed: 'never',
  'unsupported-version': 'never',
  /** A key, tag or signature doesn't fit. */
  tampered: 'never',
  /** `detail` is the broken rule, see domain/commitPolicy.ts and {@link StructureRule}. */
  'policy-rejected': 'never',
  /** `detail` is "theirs ours". Behind: nothing to do. Ahead: commits are missing. */
  'wrong-epoch': 'after-sync',
  /** The Welcome is for none of the packages at hand. */
  'no-key-package': 'after-sync',
  'bad-certificate': 'never',
  'expired-key-package': 'after-sync',
  /** The committer's view of the group is another one than ours. */
  forked: 'after-sync',
  /** This device is no longer in the group. */
  'self-removed': 'never',
  /** The library refused; `detail` has its words. */
  invalid: 'never',
} as const satisfies Record<string, Retry>;

export type MlsFaultCode = keyof typeof faults;
export type MlsFault = Fault<MlsFaultCode>;

export const mlsFault = (code: MlsFaultCode, detail?: string): MlsFault => ({
  code,
  retry: faults[code],
  ...(detail === undefined ? {} : { detail }),
});

/**
 * Calls the library, and turns what it throws into a fault: the one place where that happens. Nothing
 * of ours may run inside `call` that could fail for a reason of its own.
 */
export async function askLibrary<T>(call: () => Promise<T>): Promise<Result<T, MlsFault>> {
  try {
    return ok(await call());
  } catch (thrown) {
    return err(translate(thrown));
  }
}

function translate(thrown: unknown): MlsFault {
  if (!(thrown instanceof Error)) return mlsFault('invalid');
  if (thrown.name === 'CryptoVerificationError') {
    return mlsFault(thrown.message === 'Could not verify confirmation tag' ? 'forked' : 'tampered', thrown.message);
  }
  if (thrown.name === 'CryptoError') return mlsFault('tampered', thrown.message);
  if (thrown.name === 'CodecError') return mlsFault('malformed', thrown.message);
  return mlsFault('invalid', thrown.message);
}
