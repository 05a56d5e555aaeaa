/** Of the IndexedDB database that page workers and the service worker share. */
export const STORE_NAME = 'cairn';
