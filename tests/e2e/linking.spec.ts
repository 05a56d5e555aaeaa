import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { expect, getToKnow, goTo, message, openChat, PASSPHRASE, send, startDirect, test } from './fixtures.ts';

/** A browser that has never been here. */
async function freshBrowser(origin: string): Promise<{ page: Page; close(): Promise<void> }> {
  const profile = mkdtempSync(join(tmpdir(), 'cairn-linked-'));
  const context = await chromium.launchPersistentContext(profile, chromiumLaunch());
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto(origin);
  return {
    page,
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

const digits = (page: Page) => page.getByRole('group', { name: 'Digits to compare' });

test('a second browser is linked by code and digits, has the history, and is removed again', async ({ join: meet }) => {
  const ana = await meet('Ana');
  const bo = await meet('Bo');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'from before');

  const fresh = await freshBrowser(ana.cable.origin);
  const phone = fresh.page;
  await phone.getByRole('button', { name: 'I have an account' }).click();
  await phone.getByRole('button', { name: 'Link to another device' }).click();
  await phone.getByLabel('New passphrase', { exact: true }).fill(PASSPHRASE);
  await phone.getByLabel('Repeat new passphrase').fill(PASSPHRASE);
  await phone.getByRole('button', { name: 'Show the code' }).click();
  const code = await phone.getByRole('textbox', { name: 'Link code' }).inputValue();
  await expect(phone.getByRole('img', { name: 'QR code for linking this device' })).toBeVisible();

  const { page } = ana;
  await goTo(page, 'You');
  await page.getByRole('link', { name: 'Your devices' }).click();
  await page.getByRole('button', { name: 'Link a device' }).click();
  const dialog = page.getByRole('dialog', { name: 'Link a device' });
  await dialog.getByRole('textbox', { name: 'Link code' }).fill('cairn1-link:no');
  await dialog.getByRole('button', { name: 'Link', exact: true }).click();
  await expect(dialog.getByText('code', { exact: false }).first()).toBeVisible();
  await dialog.getByRole('textbox', { name: 'Link code' }).fill(code);
  await dialog.getByRole('button', { name: 'Link', exact: true }).click();
  await expect(digits(page)).toHaveText(/^\d{3} \d{3}$/);
  await expect(digits(phone)).toHaveText((await digits(page).textContent()) ?? '');
  await dialog.getByRole('button', { name: 'They match' }).click();
  await expect(dialog.getByText('The device is linked.')).toBeVisible();
  await dialog.getByRole('button', { name: 'Close' }).last().click();

  await expect(phone.getByRole('button', { name: 'New chat' })).toBeVisible();
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
  await openChat(page, 'Bo');
  await send(page, 'not for the phone');
  await expect(message(bo.page, 'not for the phone')).toBeVisible();
  await expect(message(phone, 'not for the phone')).toBeHidden();
  await fresh.close();
});
