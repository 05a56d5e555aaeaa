import type { Bytes } from '../core/bytes.ts';
import type { AccountId, DeviceId } from '../core/ids.ts';
import type { Fault, Result } from '../core/result.ts';
import type { MlsGroup } from '../crypto/mls/index.ts';
import type { GroupData } from '../domain/groupData.ts';
import type { Claim } from './claims.ts';
import type { Intent, Person } from './intents.ts';
import type { CallFault } from './relayClient.ts';

/** The commit that an intent asks of a group as it is now. */
export interface Plan {
  readonly group: MlsGroup;
  readonly adds?: readonly Claim[];
  readonly removes?: readonly AccountId[];
  /** A single device, where the account stays. */
  readonly removesDevice?: DeviceId;
  readonly data?: GroupData;
  readonly leaveNotes?: readonly Bytes[];
  /** Accounts that leave by those notes. */
  readonly leaving?: readonly AccountId[];
  /** What goes to a member's own mailbox with the commit, made from the state after it. */
  readonly answer?: { readonly device: DeviceId; seal(next: MlsGroup): Promise<Bytes> };
  /** People who can't be added with this commit, and why not. */
  readonly leftOver?: readonly { readonly people: readonly Person[]; readonly reason: 'later' | 'removed-meanwhile' }[];
}

export type Planned = Result<Plan | undefined, CallFault | Fault>;

/** Intents that a commit carries out; the others have ways of their own. */
export type Committing = Exclude<Intent, { what: 'leave' | 'rejoin' | 'join' | 'again' }>;
