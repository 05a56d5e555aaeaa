import type { Clock, Locks, Logger, Meter, Random } from '../core/ports.ts';
import type { Store } from '../db/store.ts';
import type { Identity } from './identity.ts';
import type { RelayClient } from './relayClient.ts';

/** An unlocked device with its relay: what every step of the engine works with. */
export interface Session {
  readonly store: Store;
  readonly relay: RelayClient;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly random: Random;
  readonly locks: Locks;
  readonly logger: Logger;
  readonly meter?: Meter;
}
