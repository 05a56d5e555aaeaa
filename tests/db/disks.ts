import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { openStore, type Store, type StoreOptions } from '../../src/lib/db/store.ts';
import { countingRandom, standingClock, testSealer } from './fixtures.ts';

/** A disk of its own for each test. */
export const newDisk = () => ({ indexedDB: new IDBFactory(), IDBKeyRange });

export const lockedStore = (options: Partial<StoreOptions> = {}): Promise<Store> =>
  openStore({ name: 'cairn', clock: standingClock(), random: countingRandom(), ...newDisk(), ...options });

/** An unlocked store on a fresh disk, or on the one given. */
export async function unlockedStore(options: Partial<StoreOptions> = {}): Promise<Store> {
  const store = await lockedStore(options);
  store.unlock(testSealer());
  return store;
}
