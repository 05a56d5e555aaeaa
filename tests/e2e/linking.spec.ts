import type { Page } from '@playwright/test';
import { expect, getToKnow, goTo, message, openChat, send, startDirect, test } from './fixtures.ts';
import { linkBrowser } from './linked.ts';

/** The tables of this browser's databases that hold anything. */
const tablesWithRows = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const full: string[] = [];
    for (const { name } of await indexedDB.databases()) {
      const opened = Promise.withResolvers<IDBDatabase>();
      const request = indexedDB.open(name ?? '');
      request.onsuccess = () => opened.resolve(request.result);
      request.onerror = () => opened.reject(new Error(name));
      const database = await opened.promise;
      for (const store of database.objectStoreNames) {
        const counted = Promise.withResolvers<number>();
        const counting = database.transaction(store).objectStore(store).count();
        counting.onsuccess = () => counted.resolve(counting.result);
        if ((await counted.promise) > 0) full.push(store);
      }
      database.close();
    }
    return full;
  });

test('a second browser is linked by code and digits, has the history, and clears itself once it is removed', async ({
  join: meet,
}) => {
  const ana = await meet('Ana');
  const bo = await meet('Bo');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'from before');

  const { page } = ana;
  await goTo(page, 'You');
  await page.getByRole('link', { name: 'Your devices' }).click();
  await page.getByRole('button', { name: 'Link a device' }).click();
  const dialog = page.getByRole('dialog', { name: 'Link a device' });
  await dialog.getByRole('textbox', { name: 'Link code' }).fill('cairn1-link:no');
  await dialog.getByRole('button', { name: 'Link', exact: true }).click();
  await expect(dialog.getByText('code', { exact: false }).first()).toBeVisible();
  await page.keyboard.press('Escape');
  const fresh = await linkBrowser(ana);
  const phone = fresh.page;

  await openChat(phone, 'Bo');
  await expect(message(phone, 'from before')).toBeVisible();
  await send(phone, 'from the phone');
  await openChat(bo.page, 'Ana');
  await expect(message(bo.page, 'from the phone')).toBeVisible();
  await openChat(page, 'Bo');
  await expect(message(page, 'from the phone')).toBeVisible();
  await send(bo.page, 'to both of you');
  await expect(message(page, 'to both of you')).toBeVisible();
  await expect(message(phone, 'to both of you')).toBeVisible();

  await goTo(page, 'You');
  await page.getByRole('link', { name: 'Your devices' }).click();
  const list = page.getByRole('list', { name: 'Your devices' });
  await expect(list.getByRole('listitem')).toHaveCount(2);
  await list
    .getByRole('button', { name: /^Rename/ })
    .last()
    .click();
  await page.getByRole('textbox', { name: 'Device name' }).fill('Old phone');
  await page.getByRole('button', { name: 'Save' }).click();
  await list.getByRole('button', { name: 'Remove Old phone' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(list.getByText('Revoked')).toBeVisible();
  await expect(phone.getByRole('heading', { name: 'This device was removed from your account' })).toBeVisible();
  await expect(message(phone, 'to both of you')).toBeHidden();
  await openChat(page, 'Bo');
  await send(page, 'not for the phone');
  await expect(message(bo.page, 'not for the phone')).toBeVisible();
  await expect(message(phone, 'not for the phone')).toBeHidden();
  await phone.reload();
  await phone.getByRole('button', { name: 'Continue' }).click();
  await expect(phone.getByRole('button', { name: 'I have an account' })).toBeVisible();
  await phone.reload();
  await expect(phone.getByRole('button', { name: 'I have an account' })).toBeVisible();
  expect(await tablesWithRows(phone)).toEqual(['schemaMigrations']);
  await fresh.close();
});
