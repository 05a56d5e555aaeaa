import AxeBuilder from '@axe-core/playwright';
import { readFileSync } from 'node:fs';
import {
  expect,
  getToKnow,
  goTo,
  loadOnDemand,
  message,
  openChat,
  send,
  startDirect,
  startGroup,
  test,
} from './fixtures.ts';

const PICTURE = 'static/icon-192.png';

test('what was shared is found again on one page, opened, and led back to its message', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await loadOnDemand(bo.page);
  await goTo(ana.page, 'Files');
  await expect(ana.page.getByRole('heading', { name: 'No files yet' })).toBeVisible();

  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  const attach = async (file: string, picker: string, text: string) => {
    await ana.page.getByRole('button', { name: 'Attach' }).click();
    await ana.page.locator(picker).setInputFiles(file);
    await ana.page.getByRole('textbox', { name: 'Message' }).fill(text);
    await ana.page.getByRole('button', { name: 'Send', exact: true }).click();
    await expect(message(ana.page, text)).toBeVisible();
  };
  await attach(PICTURE, 'input[type="file"][multiple][accept^="image"]', 'our cairn');
  await startGroup(ana.page, 'Hike', ['Bo']);
  await attach('LICENSE', 'input[type="file"][multiple]:not([accept])', 'the small print');
  await send(ana.page, 'the weather: https://example.org/weather');
  await openChat(bo.page, 'Hike');
  await expect(message(bo.page, 'the weather')).toBeVisible();

  // Bo sees all of it, from two conversations, and that nothing is on this device yet.
  const { page } = bo;
  await goTo(page, 'Files');
  const rows = page.getByRole('main').getByRole('listitem');
  await expect(rows).toHaveCount(3);
  await expect(rows.nth(0)).toContainText('https://example.org/weather');
  await expect(rows.nth(1)).toContainText('LICENSE');
  await expect(rows.nth(1)).toContainText('Ana · Hike');
  await expect(rows.nth(1)).toContainText('Not on this device');
  await expect(rows.nth(2).locator('img')).toBeVisible();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  }

  // A document comes when it is asked for, byte for byte, and is here from then on.
  const downloading = page.waitForEvent('download');
  await expect(async () => {
    await page.getByRole('button', { name: /^Save LICENSE/ }).click();
    await expect(rows.nth(1)).not.toContainText('Not on this device', { timeout: 1_000 });
  }).toPass();
  expect(readFileSync(await (await downloading).path()).equals(readFileSync('LICENSE'))).toBe(true);

  // By kind, by conversation, by name.
  const kinds = page.getByRole('group', { name: 'Kind of file' });
  await kinds.getByRole('button', { name: 'Photos' }).click();
  await expect(rows).toHaveCount(1);
  await page.getByRole('button', { name: /^Open picture icon-192.png/ }).click();
  const box = page.getByRole('dialog', { name: 'icon-192.png' });
  await expect(box.getByRole('img', { name: 'icon-192.png' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(box).toBeHidden();
  await kinds.getByRole('button', { name: 'Videos' }).click();
  await expect(page.getByText('No videos yet.')).toBeVisible();
  await kinds.getByRole('button', { name: 'All' }).click();
  await page.getByRole('combobox', { name: 'Conversation' }).selectOption('Ana');
  await expect(rows).toHaveCount(1);
  await page.getByRole('combobox', { name: 'Conversation' }).selectOption('All conversations');
  await page.getByRole('searchbox', { name: 'Search files by name' }).fill('licen');
  await expect(rows).toHaveCount(1);

  // Back to where it was said.
  await page.getByRole('link', { name: 'Show LICENSE in its conversation' }).click();
  await expect(message(page, 'the small print')).toBeVisible();

  // The details of a conversation have what was shared in it.
  await page.getByRole('button', { name: 'Conversation details' }).click();
  await page.getByRole('link', { name: 'Shared files' }).click();
  await expect(page.getByRole('heading', { name: 'Shared files' })).toBeVisible();
  await expect(page.getByRole('button', { name: /^Save LICENSE/ }).last()).toBeVisible();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

  // Search finds files by name, and so does jumping.
  await page.keyboard.press('ControlOrMeta+k');
  await page.getByRole('combobox', { name: 'Where to, or what to do' }).fill('licen');
  await expect(page.getByRole('option', { name: /^LICENSE/ })).toBeVisible();
  await page.keyboard.press('Escape');
  await goTo(page, 'Chats');
  await page.getByRole('searchbox', { name: 'Search' }).fill('licen');
  await page
    .getByRole('list', { name: 'Files' })
    .getByRole('link', { name: /^LICENSE/ })
    .click();
  await expect(message(page, 'the small print')).toBeVisible();
});
