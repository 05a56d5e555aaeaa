import AxeBuilder from '@axe-core/playwright';
import { conversation, expect, getToKnow, goTo, message, send, startDirect, startGroup, test } from './fixtures.ts';

test('notes are there from the first minute, without a network; the list filters, pins and archives; Ctrl+K goes anywhere', async ({
  relay,
  join,
}) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await relay.stop();
  const { page } = ana;
  await goTo(page, 'Chats');
  await page.getByRole('button', { name: 'Notes to yourself' }).click();
  await send(page, 'buy oats');
  await expect(message(page, 'buy oats')).not.toHaveAttribute('data-state', 'queued');
  await expect(page.getByRole('status', { name: 'Connection' })).not.toContainText('waiting');

  await startDirect(page, 'Bo');
  await startGroup(page, 'Hike', ['Bo']);
  await goTo(page, 'Chats');
  const list = page.getByRole('list', { name: 'Conversations' }).getByRole('link');
  await expect(list).toHaveCount(3);
  await page.getByRole('button', { name: 'Groups', exact: true }).click();
  await expect(list).toHaveCount(1);
  await page.getByRole('button', { name: 'All', exact: true }).click();

  await page.getByRole('button', { name: 'New folder' }).click();
  await page.getByRole('textbox', { name: 'Folder name' }).fill('Outside');
  await page.getByRole('dialog').getByRole('checkbox', { name: 'Hike' }).check({ force: true });
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByRole('button', { name: 'Save folder' }).click();
  await expect(page.getByRole('button', { name: 'Outside', pressed: true })).toBeVisible();
  await expect(list).toHaveText([/Hike/]);
  await page.getByRole('button', { name: 'Edit this folder' }).click();
  await page.getByRole('button', { name: 'Remove folder' }).click();
  await expect(list).toHaveCount(3);

  await conversation(page, 'Notes to yourself').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Pin' }).click();
  await expect(list.first()).toContainText('Notes to yourself');
  await conversation(page, 'Bo').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Archive' }).click();
  await expect(list).toHaveCount(2);
  await page.getByRole('button', { name: 'Archived' }).click();
  await expect(conversation(page, 'Bo')).toBeVisible();
  await page.getByRole('button', { name: 'All', exact: true }).click();

  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('hik');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Hike' })).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('shortcuts');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
});
