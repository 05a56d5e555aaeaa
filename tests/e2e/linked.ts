import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { expect, goTo, PASSPHRASE, type Person } from './fixtures.ts';

/** Another browser of the same person. */
export interface LinkedBrowser {
  readonly page: Page;
  close(): Promise<void>;
}

/** A browser that has never been here. */
async function freshBrowser(origin: string): Promise<LinkedBrowser> {
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

/** Links a browser that has never been here to somebody's account, as people do it: by code and digits. */
export async function linkBrowser({ page, cable }: Pick<Person, 'page' | 'cable'>): Promise<LinkedBrowser> {
  const fresh = await freshBrowser(cable.origin);
  const phone = fresh.page;
  await phone.getByRole('button', { name: 'I have an account' }).click();
  await phone.getByRole('button', { name: 'Link to another device' }).click();
  await phone.getByLabel('New passphrase', { exact: true }).fill(PASSPHRASE);
  await phone.getByLabel('Repeat new passphrase').fill(PASSPHRASE);
  await phone.getByRole('button', { name: 'Show the code' }).click();
  const code = await phone.getByRole('textbox', { name: 'Link code' }).inputValue();
  await expect(phone.getByRole('img', { name: 'QR code for linking this device' })).toBeVisible();

  await goTo(page, 'You');
  await page.getByRole('link', { name: 'Your devices' }).click();
  await page.getByRole('button', { name: 'Link a device' }).click();
  const dialog = page.getByRole('dialog', { name: 'Link a device' });
  await dialog.getByRole('textbox', { name: 'Link code' }).fill(code);
  await dialog.getByRole('button', { name: 'Link', exact: true }).click();
  await expect(digits(page)).toHaveText(/^\d{3} \d{3}$/);
  await expect(digits(phone)).toHaveText((await digits(page).textContent()) ?? '');
  await dialog.getByRole('button', { name: 'They match' }).click();
  await expect(dialog.getByText('The device is linked.')).toBeVisible();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await expect(phone.getByRole('button', { name: 'New chat' })).toBeVisible();
  return fresh;
}
