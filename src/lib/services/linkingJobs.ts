import type { Bytes } from '../core/bytes.ts';
import type { ConversationId, DeviceId } from '../core/ids.ts';
import { deleteSetting, getSetting, setSetting } from '../db/settings.ts';
import type { Store } from '../db/store.ts';

/** Bringing a history from one own device to another, as it stands on disk: it goes on after a restart. */

interface Job {
  readonly rendezvous: string;
  readonly newKey: Bytes;
  readonly oldKey: Bytes;
  /** Number of the next box of the old device. */
  readonly n: number;
  /** Messages. */
  readonly done: number;
  readonly total: number;
}

/** On the old device. */
export interface Giving extends Job {
  readonly device: DeviceId;
  /** The person's yes with all that makes the device one of the account's, sealed: box 2, until it was left there. */
  readonly grant?: Bytes;
  /** When the device was let in: what came later it may have by itself. */
  readonly since: number;
  /** `rows`: all that is no message; `messages`: everything; `late`: what came meanwhile. */
  readonly phase: 'rows' | 'messages' | 'late';
  /** Conversations that are still to be given, the present one first, … */
  readonly left: readonly ConversationId[];
  /** … of which this place is the oldest that was given. */
  readonly before?: string;
}

/** On the new device. */
export type Taking = Job;

const GIVING = 'linkGiving';
const TAKING = 'linkTaking';

export const readGiving = (store: Store): Promise<Giving | undefined> => getSetting<Giving>(store, GIVING);
export const readTaking = (store: Store): Promise<Taking | undefined> => getSetting<Taking>(store, TAKING);
export const saveGiving = (store: Store, job: Giving, now: number): Promise<void> =>
  setSetting(store, GIVING, job, now);
export const saveTaking = (store: Store, job: Taking, now: number): Promise<void> =>
  setSetting(store, TAKING, job, now);
export const endGiving = (store: Store): Promise<void> => deleteSetting(store, GIVING);
export const endTaking = (store: Store): Promise<void> => deleteSetting(store, TAKING);
