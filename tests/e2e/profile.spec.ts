import AxeBuilder from '@axe-core/playwright';
import { expect, getToKnow, goTo, message, openChat, send, startDirect, test } from './fixtures.ts';

test('a picture and a line about oneself reach the others, and go again', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'hello');
  await openChat(bo.page, 'Ana');
  await expect(message(bo.page, 'hello')).toBeVisible();

  const { page } = ana;
  await goTo(page, 'You');
  await page.getByRole('link', { name: 'Your profile' }).click();
  await page.locator('input[type="file"]').setInputFiles('static/icon-512.png');
  await expect(page.getByRole('button', { name: 'Remove picture' })).toBeVisible();
  await page.getByRole('textbox', { name: 'A line about you' }).fill('in the hills until Sunday');
  await page.getByRole('combobox', { name: 'Time zone' }).selectOption('Europe/Brussels');
  await page.getByRole('combobox', { name: 'Language you like' }).selectOption('nl');
  await page.getByRole('button', { name: 'Add an entry' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Give this entry a name')).toBeVisible();
  await page.getByRole('textbox', { name: 'Entry 1', exact: true }).fill('Radio');
  await page.getByRole('textbox', { name: 'What entry 1 says' }).fill('channel 8');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved. Your people see it')).toBeVisible();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  }

  // Bo sees it in the conversation, in the list and on Ana's page; it is small, and square.
  const row = bo.page.getByRole('list', { name: 'Conversations' }).getByRole('link', { name: /^Ana/ });
  await expect(row.locator('.avatar img')).toBeVisible();
  const size = await row
    .locator('.avatar img')
    .evaluate((img: HTMLImageElement) => [img.naturalWidth, img.naturalHeight]);
  expect(size[0]).toBe(size[1]);
  expect(size[0]).toBeLessThanOrEqual(192);
  await goTo(bo.page, 'People');
  await bo.page.getByRole('list', { name: 'People' }).getByText('Ana').click();
  await expect(bo.page.getByText('in the hills until Sunday')).toBeVisible();
  await expect(bo.page.getByRole('definition').filter({ hasText: 'channel 8' })).toBeVisible();
  await expect(bo.page.getByText(/there \(Europe, Brussels\)/)).toBeVisible();
  await expect(bo.page.getByRole('definition').filter({ hasText: 'Dutch' })).toBeVisible();
  expect((await new AxeBuilder({ page: bo.page }).analyze()).violations).toEqual([]);

  await page.getByRole('button', { name: 'Remove picture' }).click();
  await expect(page.getByRole('button', { name: 'Choose a picture' })).toBeVisible();
  await expect(bo.page.getByRole('main').locator('.avatar img')).toHaveCount(0);
});
