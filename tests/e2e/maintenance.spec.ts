import { expect, goTo, test, type Person } from './fixtures.ts';

/** Changes the store beneath the app, as a fault of the disk or another version would. */
const onStore = <T>(person: Person, work: (db: IDBDatabase) => Promise<T>): Promise<T> =>
  person.page.evaluate(
    `(async () => {
      const db = await new Promise((resolve, reject) => {
        const request = indexedDB.open('cairn');
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const answer = await (${work.toString()})(db);
      db.close();
      return answer;
    })()`,
  );

test('the store is shown as a picture, checked, and mended where it is damaged', async ({ join }) => {
  const ana = await join('Ana');
  const { page } = ana;
  await goTo(page, 'You');
  await page.getByRole('link', { name: 'Storage and maintenance' }).click();
  const use = page.getByRole('list', { name: 'Storage use' });
  await expect(use.getByText('Keys', { exact: true })).toBeVisible();
  await use.getByText('Keys', { exact: true }).click();
  await expect(use.getByText('keyPackages')).toBeVisible();

  await page.getByRole('button', { name: 'Check everything' }).click();
  await expect(page.getByText('Everything is in order.')).toBeVisible();

  await onStore(
    ana,
    (db) =>
      new Promise<void>((resolve, reject) => {
        const trans = db.transaction('settings', 'readwrite');
        trans.objectStore('settings').put({ key: 'damaged', createdAt: 1, updatedAt: 1, $sealed: new Uint8Array(40) });
        trans.oncomplete = () => resolve();
        trans.onerror = () => reject(trans.error ?? new Error('write'));
      }),
  );
  await page.getByRole('button', { name: 'Check everything' }).click();
  await expect(page.getByRole('list', { name: 'Findings' }).getByRole('listitem')).toHaveText([
    'settings: altered or damaged, can’t be opened: 1',
  ]);
  await page.getByRole('button', { name: 'Repair' }).click();
  await expect(page.getByText('Mended: 1.')).toBeVisible();
  await expect(page.getByText('Rows that a repair moved out of the way and kept: 1')).toBeVisible();
  await page.getByRole('button', { name: 'Check everything' }).click();
  await expect(page.getByText('Everything is in order.')).toBeVisible();

  const days = page.getByRole('combobox', { name: 'Days: Audit log' });
  await days.selectOption({ label: 'Days: 30' });
  await page.getByRole('button', { name: 'Tidy up now' }).click();
  await expect(page.getByText(/^Deleted: /)).toBeVisible();
  await page.goto(new URL('/', page.url()).href);
  await ana.unlock();
  await goTo(page, 'You');
  await page.getByRole('link', { name: 'Storage and maintenance' }).click();
  await expect(days).toHaveValue('30');

  await page.getByRole('link', { name: 'Audit log' }).click();
  await expect(page.getByRole('list', { name: 'Audit log' })).toContainText('maintenance · repair');
  await page.getByRole('checkbox', { name: 'Only what failed' }).check();
  await expect(page.getByRole('list', { name: 'Audit log' })).not.toContainText('maintenance · repair');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  expect((await download).suggestedFilename()).toBe('cairn-audit-log.jsonl');
});

test('whether the browser keeps the store is shown, asked for, and refused in words', async ({ join }) => {
  const ana = await join('Ana');
  const { page, context } = ana;
  // Chromium alone decides whether it keeps a store, and asks nobody. This is what it would decide.
  const browser = await context.browser()!.newBrowserCDPSession();
  const { targetInfo } = await (await context.newCDPSession(page)).send('Target.getTargetInfo');
  const decide = (setting: 'granted' | 'denied') =>
    browser.send('Browser.setPermission', {
      permission: { name: 'persistent-storage' },
      setting,
      origin: ana.cable.origin,
      ...(targetInfo.browserContextId && { browserContextId: targetInfo.browserContextId }),
    });
  const open = async () => {
    await goTo(page, 'You');
    await page.getByRole('link', { name: 'Storage and maintenance' }).click();
  };
  const ask = page.getByRole('button', { name: 'Ask the browser to keep it' });

  await decide('denied');
  await open();
  await expect(page.getByText('This browser may throw out what Cairn stores')).toBeVisible();
  await ask.click();
  await expect(page.getByText('The browser did not agree.')).toBeVisible();

  await decide('granted');
  await page.goto(new URL('/', page.url()).href);
  await ana.unlock();
  await open();
  await expect(page.getByText('This browser keeps what Cairn stores')).toBeVisible();
  await expect(ask).toBeHidden();
});

test('a store that a newer Cairn used is left alone, and says so', async ({ join }) => {
  const ana = await join('Ana');
  const { page } = ana;
  // In a tab without the app, which would end the script when it reloads.
  const beside = await page.context().newPage();
  await beside.goto(new URL('/icon.svg', page.url()).href);
  const newer = () =>
    beside.evaluate(
      () =>
        new Promise<number>((resolve, reject) => {
          const request = indexedDB.open('cairn', 1_000);
          request.onsuccess = () => {
            resolve(request.result.version);
            request.result.close();
          };
          request.onerror = () => reject(request.error ?? new Error('open'));
        }),
    );
  expect(await newer()).toBe(1_000);
  await expect(page.getByText('A newer version of Cairn has used this storage.')).toBeVisible();
  expect(await newer()).toBe(1_000);
});

test('an upgrade that another tab holds up says which tabs to close, and goes on once they are', async ({ join }) => {
  const ana = await join('Ana');
  const { page } = ana;
  const other = await ana.newTab();
  // The other tab holds a store of an older version and does not let go of it.
  await other.goto(`${new URL(page.url()).origin}/manifest.webmanifest`);
  await page.goto('about:blank');
  await other.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        const gone = indexedDB.deleteDatabase('cairn');
        gone.onerror = () => reject(gone.error ?? new Error('delete'));
        gone.onsuccess = () => {
          const request = indexedDB.open('cairn', 10);
          request.onupgradeneeded = () => request.result.createObjectStore('schemaMigrations', { keyPath: 'version' });
          request.onsuccess = () => {
            Object.assign(globalThis, { held: request.result });
            resolve();
          };
        };
      }),
  );
  await page.goto(new URL('/', other.url()).href);
  await expect(page.getByRole('heading', { name: 'Close other tabs' })).toBeVisible();
  await other.close();
  await expect(page.getByRole('heading', { name: 'Close other tabs' })).toBeHidden();
});

test('a store that the browser threw out is told, and a backup offered', async ({ join }) => {
  const ana = await join('Ana');
  const { page } = ana;
  await page
    .evaluate(
      () =>
        new Promise<void>((resolve) => {
          const request = indexedDB.deleteDatabase('cairn');
          request.onsuccess = () => resolve();
        }),
    )
    .catch(() => undefined);
  // The app lets go of the store and reloads by itself.
  await expect(page.getByRole('heading', { name: 'Your data is gone from this browser' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Restore a backup' })).toBeVisible();
  await page.getByRole('button', { name: 'Start again without it' }).click();
  await expect(page.getByRole('button', { name: 'Create account' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('button', { name: 'Create account' })).toBeVisible();
});
