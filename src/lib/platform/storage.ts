import type { StorageDevice } from '../services/room.ts';

/** The browser's storage manager, in pages and workers. Old browsers have none. */
const manager = (navigator as { readonly storage?: StorageManager }).storage;

export const storageDevice: StorageDevice = {
  async estimate() {
    const { usage, quota } = (await manager?.estimate?.()) ?? {};
    return usage === undefined || quota === undefined ? undefined : { usage, quota };
  },
  isPersisted: async () => (await manager?.persisted?.()) ?? false,
};

/** Asks the browser to keep the store also when room gets short. Pages only. @returns whether it will. */
export const persistStorage = async (): Promise<boolean> => (await manager?.persist?.()) ?? false;
