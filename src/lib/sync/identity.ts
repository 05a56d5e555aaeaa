import type { Bytes } from '../core/bytes.ts';
import type { AccountId, DeviceId } from '../core/ids.ts';
import type { NameCard } from '../protocol/certificate.ts';

/** Who this device is, as long as the vault is open. */
export interface Identity {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly card: NameCard;
  readonly accountKey: Bytes;
  /** Encoded device certificate. */
  readonly certificate: Bytes;
  /** Ed25519 key of MLS leaves and message records. */
  readonly signaturePublic: Bytes;
  readonly signaturePrivate: Bytes;
}
