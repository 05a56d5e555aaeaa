import {
  expect,
  getToKnow,
  goTo,
  message,
  messages,
  openChat,
  send,
  startDirect,
  startGroup,
  test,
} from './fixtures.ts';

test('messages are forwarded with their files, and chosen to be copied and deleted together', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  const { page } = ana;
  await ana.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await getToKnow(ana, bo);
  await startDirect(page, 'Bo');
  await send(page, 'hello');
  await startGroup(page, 'Hike', ['Bo']);
  await page.getByRole('button', { name: 'Attach' }).click();
  await page.locator('input[type="file"][multiple]:not([accept])').setInputFiles('LICENSE');
  await send(page, 'the small print');
  await send(page, 'we meet at eight');
  await send(page, 'at the station');

  // Forwarded to where a search finds, and shown there.
  await message(page, 'the small print').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Forward' }).click();
  const dialog = page.getByRole('dialog', { name: 'Forward message' });
  await expect(dialog.getByRole('checkbox')).toHaveCount(2);
  await dialog.getByRole('searchbox', { name: 'Search conversations' }).fill('b');
  await expect(dialog.getByRole('checkbox')).toHaveCount(1);
  await dialog.getByRole('checkbox', { name: 'Bo' }).check();
  await dialog.getByRole('button', { name: 'Forward to 1 conversation' }).click();
  await expect(page.getByRole('heading', { name: 'Bo', exact: true })).toBeVisible();
  await expect(message(page, 'the small print')).toContainText('Forwarded');
  await openChat(bo.page, 'Ana');
  const forwarded = message(bo.page, 'the small print');
  await expect(forwarded).toContainText('Forwarded');
  await expect(forwarded.getByRole('button', { name: /^Save LICENSE/ })).toBeVisible();

  // Chosen by menu, by keyboard and by a click, while what was being written waits.
  await openChat(page, 'Hike');
  const composer = page.getByRole('textbox', { name: 'Message', exact: true });
  await composer.fill('half a thought');
  await message(page, 'we meet at eight').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Select' }).click();
  const bar = page.getByRole('group', { name: 'Selected messages' });
  await expect(bar.getByRole('status')).toHaveText('1 selected');
  await expect(composer).toBeHidden();
  await expect(message(page, 'we meet at eight')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await expect(message(page, 'at the station').getByRole('checkbox')).toBeChecked();
  await expect(message(page, 'at the station')).toHaveAccessibleDescription(/selected/);
  await message(page, 'the small print').click();
  await expect(bar.getByRole('status')).toHaveText('3 selected');
  await message(page, 'the small print').click();
  await bar.getByRole('button', { name: 'Copy' }).click();
  await expect(bar.getByRole('status')).toHaveText('Copied');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('You: we meet at eight\nYou: at the station');

  await bar.getByRole('button', { name: 'Delete for me' }).click();
  await page.getByRole('dialog', { name: 'Delete 2 messages?' }).getByRole('button', { name: 'Delete for me' }).click();
  await expect(messages(page)).toHaveCount(1);
  await expect(composer).toHaveValue('half a thought');
  await openChat(bo.page, 'Hike');
  await expect(message(bo.page, 'at the station')).toBeVisible();

  await message(page, 'the small print').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Select' }).click();
  await page.keyboard.press('Escape');
  await expect(bar).toBeHidden();
  await expect(message(page, 'the small print')).toBeFocused();
});

test('what was just sent is taken back, and what goes later waits in a list of its own', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  const { page } = ana;
  await getToKnow(ana, bo);
  await goTo(page, 'You');
  await page.getByRole('link', { name: 'Notifications and privacy' }).click();
  await page.getByRole('group', { name: 'Undo send' }).getByRole('radio', { name: '10 seconds' }).check();
  await startDirect(page, 'Bo');
  const composer = page.getByRole('textbox', { name: 'Message', exact: true });
  await page.getByRole('button', { name: 'Attach' }).click();
  await page.locator('input[type="file"][multiple]:not([accept])').setInputFiles('LICENSE');
  await send(page, 'too fast');
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await expect(messages(page)).toHaveCount(0);
  await expect(composer).toHaveValue('too fast');
  await expect(composer).toBeFocused();
  await page.getByRole('list', { name: 'Files to send' }).getByRole('button', { name: 'Remove LICENSE' }).click();

  await send(page, 'not so fast');
  await openChat(bo.page, 'Ana');
  await expect(message(bo.page, 'not so fast')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Undo', exact: true })).toBeHidden();

  // Sent later by the button's menu, changed, and sent by hand.
  await composer.fill('happy birtday');
  await page.getByRole('button', { name: 'Send', exact: true }).click({ button: 'right' });
  await page
    .getByRole('dialog', { name: 'Send later' })
    .getByRole('button', { name: /^Tomorrow morning/ })
    .click();
  await expect(composer).toHaveValue('');
  await expect(composer).toBeFocused();
  await composer.fill('and many more');
  await page.getByRole('button', { name: 'Attach' }).click();
  await page.getByRole('group', { name: 'Attach' }).getByRole('button', { name: 'Send later' }).click();
  await page.getByRole('dialog', { name: 'Send later' }).getByRole('button', { name: 'Schedule' }).click();
  await page.getByRole('button', { name: '2 scheduled messages' }).click();
  const list = page.getByRole('list', { name: 'Scheduled messages' });
  await expect(list.getByRole('listitem')).toContainText(['and many more', 'happy birtday']);
  const last = list.getByRole('listitem').last();
  await last.getByRole('button', { name: 'Edit' }).click();
  await list.getByRole('textbox', { name: 'Edit' }).fill('happy birthday');
  await list.getByRole('button', { name: 'Save' }).click();
  await expect(last).toContainText('happy birthday');
  await last.getByRole('button', { name: 'Change time' }).click();
  await page
    .getByRole('dialog', { name: 'Change the time' })
    .getByRole('button', { name: /^In an hour/ })
    .click();
  await list.getByRole('listitem').filter({ hasText: 'and many more' }).getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog', { name: 'Delete this message?' }).getByRole('button', { name: 'Delete' }).click();
  await expect(list.getByRole('listitem')).toHaveCount(1);
  await list.getByRole('button', { name: 'Send now' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(message(bo.page, 'happy birthday')).toBeVisible();
  await expect(messages(bo.page)).toHaveCount(2);
});
