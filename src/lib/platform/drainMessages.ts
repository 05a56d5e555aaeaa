/** Tag of the Background Sync that sends the outbox. */
export const DRAIN_TAG = 'cairn-outbox';
/** From a page to the service worker: send what waits. The other way round: there is something to open. */
export const DRAIN_MESSAGE = 'cairn-drain';
