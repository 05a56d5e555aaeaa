import { m } from '../paraglide/messages.js';

/**
 * Words for people for every fault that can reach the page: what happened, what was kept, what to do.
 * A code without words does not compile (see `wordsOfFault`), and a test holds this list against the
 * error lists of the layers below.
 */
const words = {
  'bad-request': m.fault_bad_request,
  'too-large': m.fault_too_large,
  'unsupported-version': m.fault_unsupported_version,
  unauthorized: m.fault_unauthorized,
  'unknown-device': m.fault_unknown_device,
  'revoked-device': m.fault_revoked_device,
  forbidden: m.fault_forbidden,
  'not-found': m.fault_not_found,
  conflict: m.fault_conflict,
  'epoch-taken': m.fault_epoch_taken,
  'stale-epoch': m.fault_stale_epoch,
  'future-epoch': m.fault_future_epoch,
  'no-key-package': m.fault_no_key_package,
  'rate-limited': m.fault_rate_limited,
  unavailable: m.fault_unavailable,
  network: m.fault_network,
  gap: m.fault_gap,
  'torn-state': m.fault_torn_state,
  malformed: m.fault_malformed,
  'wire-too-large': m.fault_wire_too_large,
  'wrong-version': m.fault_wrong_version,
  'bad-signature': m.fault_bad_signature,
  'weak-passphrase': m.fault_weak_passphrase,
  'bad-name': m.fault_bad_name,
  exists: m.fault_exists,
  'wrong-passphrase': m.fault_wrong_passphrase,
  'too-soon': m.fault_too_soon,
  'no-account': m.fault_no_account,
  'damaged-vault': m.fault_damaged_vault,
  'kdf-too-weak': m.fault_kdf_too_weak,
  'own-code': m.fault_own_code,
  'no-members': m.fault_no_members,
  empty: m.fault_empty,
  'too-long': m.fault_too_long,
  'not-a-member': m.fault_not_a_member,
  'storage-connection': m.fault_storage_connection,
  'storage-query': m.fault_storage_query,
  duplicate: m.fault_duplicate,
  validation: m.fault_validation,
  serialisation: m.fault_serialisation,
  constraint: m.fault_constraint,
  timeout: m.fault_timeout,
  'storage-full': m.fault_storage_full,
  unsupported: m.fault_unsupported,
  locked: m.fault_locked,
  'sealed-value-damaged': m.fault_sealed_value_damaged,
  'store-newer': m.fault_store_newer,
  tampered: m.fault_tampered,
  'too-far-future': m.fault_too_far_future,
  'wrong-epoch': m.fault_wrong_epoch,
  forked: m.fault_forked,
  'policy-rejected': m.fault_policy_rejected,
  'bad-certificate': m.fault_bad_certificate,
  'expired-key-package': m.fault_expired_key_package,
  'self-removed': m.fault_self_removed,
  invalid: m.fault_invalid,
} as const satisfies Record<string, () => string>;

export type FaultCode = keyof typeof words;

export const faultCodes = Object.keys(words) as readonly FaultCode[];

export const isFaultCode = (code: string): code is FaultCode => Object.hasOwn(words, code);

/** One or two sentences for a known code. */
export const wordsOfFault = (code: FaultCode): string => words[code]();
