import type { CDPSession } from '@playwright/test';
import type { Person } from './fixtures.ts';

/** What the browser does to the service worker of the app, with no page of ours open. */

/** Wakes it as for a Background Sync. */
export async function dispatchSync(person: Person): Promise<void> {
  const { cdp, target } = await serviceWorkerOf(person);
  await cdp.send('ServiceWorker.dispatchSyncEvent', { ...target, tag: 'cairn-outbox', lastChance: false });
}

/** Wakes it as a push service does with a message that says nothing. */
export async function pushTo(person: Person): Promise<void> {
  const { cdp, target } = await serviceWorkerOf(person);
  await cdp.send('ServiceWorker.deliverPushMessage', { ...target, data: '' });
}

/** Asked from a page that is not ours. */
async function serviceWorkerOf(
  person: Person,
): Promise<{ cdp: CDPSession; target: { origin: string; registrationId: string } }> {
  const blank = await person.context.newPage();
  const cdp = await person.context.newCDPSession(blank);
  const registration = new Promise<string>((resolve) => {
    cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const ours = registrations.find(
        ({ scopeURL, isDeleted }) => !isDeleted && scopeURL.startsWith(person.cable.origin),
      );
      if (ours !== undefined) resolve(ours.registrationId);
    });
  });
  await cdp.send('ServiceWorker.enable');
  return { cdp, target: { origin: person.cable.origin, registrationId: await registration } };
}

/** How many entries wait unread in Ana's inbox, read beside the app. */
export async function collected(person: Person): Promise<number> {
  const beside = await person.context.newPage();
  await beside.goto(`${person.cable.origin}/manifest.webmanifest`);
  const count = await beside.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const opening = indexedDB.open('cairn');
        opening.onerror = () => reject(new Error('no store'));
        opening.onsuccess = () => {
          const counting = opening.result.transaction('inbox').objectStore('inbox').count();
          counting.onsuccess = () => {
            opening.result.close();
            resolve(counting.result);
          };
        };
      }),
  );
  await beside.close();
  return count;
}
