import { readFileSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, getToKnow, goTo, openChat, startDirect, send, message, test } from './fixtures.ts';

const file = (name: string, text: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });

const addFiles = (page: Page, ...files: ReturnType<typeof file>[]): Promise<void> =>
  page.locator('input[type="file"][multiple]').setInputFiles(files);

async function openFolder(page: Page, name: string): Promise<void> {
  await goTo(page, 'Files');
  await page.getByRole('list', { name: 'Shared folders' }).getByRole('link', { name }).click();
  await expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
}

const openFile = async (page: Page, name: string): Promise<void> => {
  await page.getByRole('button', { name: new RegExp(`^${name}`) }).click();
  await expect(page.getByRole('dialog', { name })).toBeVisible();
};

test('a shared folder goes to the other screen, offline edits meet as a conflict, and earlier versions come back', async ({
  join,
}) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'hello');
  await openChat(bo.page, 'Ana');
  await expect(message(bo.page, 'hello')).toBeVisible();

  await goTo(ana.page, 'Files');
  await ana.page.getByRole('button', { name: 'New shared folder' }).click();
  await ana.page.getByRole('textbox', { name: 'Name', exact: true }).fill('Routes');
  await ana.page.getByRole('combobox', { name: 'Shared with' }).selectOption('Bo');
  await ana.page.getByRole('button', { name: 'Create' }).click();
  await openFolder(ana.page, 'Routes');
  await addFiles(ana.page, file('plan.txt', 'first the ridge'), file('list.txt', 'rope, map, bread'));
  await ana.page.getByRole('button', { name: 'New folder' }).click();
  await ana.page.getByRole('textbox', { name: 'Name of the folder' }).fill('North');
  await ana.page.getByRole('button', { name: 'Create' }).click();
  await expect(ana.page.getByRole('link', { name: /^North/ })).toBeVisible();

  await goTo(bo.page, 'Files');
  await openFolder(bo.page, 'Routes');
  await openFile(bo.page, 'plan.txt');
  await expect(bo.page.getByRole('region', { name: 'Preview' })).toHaveText('first the ridge');
  expect((await new AxeBuilder({ page: bo.page }).analyze()).violations).toEqual([]);
  await bo.page.keyboard.press('Escape');

  // Both change the same file without a network.
  await ana.cable.cut();
  await bo.cable.cut();
  await addFiles(ana.page, file('plan.txt', 'first the valley'));
  await addFiles(bo.page, file('plan.txt', 'first the ford'));
  await expect(bo.page.getByRole('button', { name: /^plan\.txt/ })).toContainText('14');
  await ana.cable.mend();
  await bo.cable.mend();
  for (const { page } of [ana, bo]) {
    await expect(page.getByRole('button', { name: /^plan\.txt/ })).toContainText('Two versions', { timeout: 70_000 });
  }
  await openFile(ana.page, 'plan.txt');
  await ana.page.getByRole('button', { name: 'Keep both' }).click();
  await ana.page.keyboard.press('Escape');
  await expect(ana.page.getByRole('button', { name: /^plan/ })).toHaveCount(2);
  await expect(bo.page.getByRole('button', { name: /^plan/ })).toHaveCount(2, { timeout: 70_000 });
  await expect(bo.page.getByText('Two versions')).toHaveCount(0);

  // An earlier version, a deletion and its way back.
  await openFile(bo.page, 'list.txt');
  await bo.page.getByRole('button', { name: 'Delete' }).click();
  await bo.page.getByRole('dialog', { name: 'Delete list.txt?' }).getByRole('button', { name: 'Delete' }).click();
  await expect(bo.page.getByRole('button', { name: /^list\.txt/ })).toBeHidden();
  await bo.page.getByRole('button', { name: 'Folder actions' }).click();
  await bo.page.getByRole('list', { name: 'Deleted files' }).getByRole('button', { name: 'Restore' }).click();
  await expect(bo.page.getByRole('list', { name: 'Deleted files' })).toBeHidden();
  const downloading = bo.page.waitForEvent('download');
  await bo.page.getByRole('button', { name: 'Save all as a zip file' }).click();
  const zip = readFileSync(await (await downloading).path());
  expect(zip.subarray(0, 2).toString()).toBe('PK');
  await bo.page.keyboard.press('Escape');
  await expect(bo.page.getByRole('button', { name: /^list\.txt/ })).toBeVisible();

  // Words inside files are found.
  await bo.page.getByRole('searchbox', { name: 'Search in this folder' }).fill('rope');
  await expect(bo.page.getByRole('list', { name: 'Found files' }).getByRole('button')).toHaveCount(1);
  expect((await new AxeBuilder({ page: bo.page }).analyze()).violations).toEqual([]);
});
