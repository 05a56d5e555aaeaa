import { conversation, expect, getToKnow, goTo, message, openChat, send, startDirect, test } from './fixtures.ts';
import { linkBrowser } from './linked.ts';

test('what is pinned, drafted, noted, blocked, named and chosen in one browser is so in the other', async ({
  join,
}) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  const cy = await join('Cy');
  await getToKnow(ana, bo, cy);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'from before');
  await startDirect(ana.page, 'Cy');
  await send(ana.page, 'and to you');
  const phone = await linkBrowser(ana);
  const { page } = ana;

  await goTo(page, 'Chats');
  await conversation(page, 'Bo').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Pin' }).click();
  const list = (of: typeof page) => of.getByRole('list', { name: 'Conversations' }).getByRole('link');
  await goTo(phone.page, 'Chats');
  await expect(list(phone.page).first()).toHaveText(/Bo/);

  await openChat(phone.page, 'Bo');
  await openChat(page, 'Bo');
  const draft = (of: typeof page) => of.getByRole('textbox', { name: 'Message', exact: true });
  await draft(page).fill('half a thought');
  await expect(draft(phone.page)).toHaveValue('half a thought');
  await draft(phone.page).fill('half a thought, and the rest');
  await expect(draft(page)).toHaveValue('half a thought, and the rest');
  await draft(page).press('Enter');
  await expect(message(phone.page, 'half a thought, and the rest')).toBeVisible();
  await expect(draft(phone.page)).toHaveValue('');

  await goTo(page, 'Chats');
  await page.getByRole('button', { name: 'Notes to yourself' }).click();
  await send(page, 'buy oats');
  await goTo(phone.page, 'Chats');
  await openChat(phone.page, 'Notes to yourself');
  await expect(message(phone.page, 'buy oats')).toBeVisible();

  await goTo(page, 'People');
  await page.getByRole('list', { name: 'People' }).getByText('Cy').click();
  await page.getByRole('switch', { name: 'Block' }).click();
  await goTo(phone.page, 'Chats');
  await openChat(phone.page, 'Cy');
  await expect(phone.page.getByText('You have blocked this person')).toBeVisible();

  await goTo(page, 'You');
  await goTo(phone.page, 'You');
  await page.getByRole('radio', { name: 'Dark' }).check({ force: true });
  await expect(phone.page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(phone.page.getByRole('radio', { name: 'Dark' })).toBeChecked();

  await page.getByRole('link', { name: 'Your devices' }).click();
  await page
    .getByRole('list', { name: 'Your devices' })
    .getByRole('button', { name: /^Rename/ })
    .last()
    .click();
  await page.getByRole('textbox', { name: 'Device name' }).fill('Pocket');
  await page.getByRole('button', { name: 'Save' }).click();
  await phone.page.getByRole('link', { name: 'Your devices' }).click();
  await expect(phone.page.getByRole('list', { name: 'Your devices' }).getByText('Pocket')).toBeVisible();
  await phone.close();
});
