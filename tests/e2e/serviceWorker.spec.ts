import { readdirSync } from 'node:fs';
import { connection, expect, getToKnow, goTo, message, openChat, send, startDirect, test } from './fixtures.ts';
import { collected, dispatchSync } from './serviceWorkers.ts';

test('the service worker sends what waits with no page open and the app locked', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'first');
  await openChat(bo.page, 'Ana');
  await expect(message(bo.page, 'first')).toBeVisible();

  await ana.cable.cut();
  await send(ana.page, 'from nobody’s page');
  await expect(connection(ana.page)).toContainText('1 waiting');
  await ana.page.goto('about:blank');
  await ana.cable.mend();
  await dispatchSync(ana);
  await expect(message(bo.page, 'from nobody’s page')).toBeVisible();

  // What came meanwhile was collected unread, and opens with the vault.
  await send(bo.page, 'while you were away');
  await expect(message(bo.page, 'while you were away')).toHaveAttribute('data-state', 'sent');
  await dispatchSync(ana);
  await expect.poll(() => collected(ana)).toBeGreaterThan(0);
  await ana.cable.cut();
  await ana.page.goto(ana.cable.origin);
  await ana.unlock();
  await openChat(ana.page, 'Bo');
  await expect(message(ana.page, 'while you were away')).toBeVisible();
  await expect(message(ana.page, 'from nobody’s page')).toHaveAttribute('data-state', /sent|delivered|read/);
});

test('a locked page sends what waits where the browser has no Background Sync', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await ana.context.addInitScript(() => Reflect.deleteProperty(ServiceWorkerRegistration.prototype, 'sync'));
  await ana.page.reload();
  await ana.unlock();
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'first');
  await openChat(bo.page, 'Ana');
  await expect(message(bo.page, 'first')).toBeVisible();

  await ana.cable.cut();
  await send(ana.page, 'sealed, then locked');
  await goTo(ana.page, 'You');
  await ana.page.getByRole('button', { name: 'Lock now' }).click();
  await expect(ana.page.getByRole('button', { name: 'Unlock' })).toBeVisible();
  await ana.cable.mend();
  await expect(message(bo.page, 'sealed, then locked')).toBeVisible({ timeout: 60_000 });
});

test('everything that the app loads later is kept, parts of the worker too, and loads without a relay', async ({
  relay,
  join,
}) => {
  const ana = await join('Ana');
  const { page } = ana;
  const kept = await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    const caches = await Promise.all((await globalThis.caches.keys()).map((name) => globalThis.caches.open(name)));
    const requests = await Promise.all(caches.map((cache) => cache.keys()));
    return requests.flat().map(({ url }) => new URL(url).pathname);
  });
  const built = readdirSync('build/client/_app/immutable', { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(?:br|gz)$/.test(entry.name))
    .map((entry) => `${entry.parentPath}/${entry.name}`.replace('build/client', ''));
  const partsOfWorker = built.filter((path) => path.includes('/workers/chunks/'));
  expect(partsOfWorker.length).toBeGreaterThan(0);
  expect(built.filter((path) => !kept.includes(path))).toEqual([]);

  // What the browser kept by itself must not stand in for what we keep.
  const cdp = await ana.context.newCDPSession(page);
  await cdp.send('Network.clearBrowserCache');
  await ana.quit();
  await relay.stop();
  await ana.reopen();
  await ana.unlock();
  const loaded = await ana.page
    .workers()[0]
    ?.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname));
  expect(partsOfWorker.filter((path) => loaded?.includes(path))).not.toEqual([]);
});
