/**
 * Clears what an account leaves on a device beside the store: half-made backups, the push subscription, what is
 * shown in notifications and on the icon, and caches. The app itself stays, which is the same for everybody, so
 * that it starts without a network; so do language and look. What a browser lacks or refuses stops nothing.
 */
export async function clearBeside(): Promise<void> {
  sessionStorage.clear();
  await Promise.allSettled([clearFiles(), clearCaches(), clearWorker(), clearBadge()]);
}

async function clearFiles(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  for await (const name of (root as unknown as { keys(): AsyncIterable<string> }).keys())
    await root.removeEntry(name, { recursive: true });
}

async function clearCaches(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => !name.includes('precache')).map((name) => caches.delete(name)));
}

async function clearWorker(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  for (const shown of (await registration?.getNotifications()) ?? []) shown.close();
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
}

async function clearBadge(): Promise<void> {
  await navigator.clearAppBadge();
}
