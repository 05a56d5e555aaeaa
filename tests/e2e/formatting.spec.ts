import { expect, getToKnow, message, openChat, send, startGroup, test } from './fixtures.ts';

test('what is written with marks is shown formatted, and nothing of it can do harm', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await startGroup(ana.page, 'Hike', ['Bo']);
  await send(ana.page, 'hello');
  await openChat(bo.page, 'Hike');
  await expect(message(bo.page, 'hello')).toBeVisible();

  // A name is completed after @, with the keyboard.
  const field = ana.page.getByRole('textbox', { name: 'Message', exact: true });
  await field.pressSequentially('ask @b');
  await expect(ana.page.getByRole('listbox', { name: 'Members' }).getByRole('option', { name: 'Bo' })).toBeVisible();
  await ana.page.keyboard.press('Enter');
  await expect(field).toHaveValue('ask @Bo ');
  await field.pressSequentially('about :tent');
  await expect(ana.page.getByRole('listbox', { name: 'Emoji' })).toBeVisible();
  await ana.page.keyboard.press('Tab');
  await field.pressSequentially('**soon**');
  await ana.page.keyboard.press('Enter');
  const mention = message(bo.page, 'ask');
  await expect(mention.locator('mark')).toHaveText('@Bo');
  await expect(mention.locator('mark')).toHaveClass(/own/);
  await expect(mention.locator('strong')).toHaveText('soon');
  await expect(mention).toContainText('⛺');

  await field.fill('look:\n\n```ts\nconst a = 1;\n```\n\n- [x] tent\n- [ ] rope');
  await ana.page.keyboard.press('Enter');
  const code = message(bo.page, 'look');
  await expect(code.locator('pre')).toHaveText('const a = 1;');
  await expect(code.locator('pre .keyword')).toHaveText('const');
  await expect(code.getByRole('listitem')).toHaveCount(2);
  await expect(code.getByRole('img', { name: 'Done' })).toBeVisible();

  let asked = 0;
  bo.page.on('dialog', (dialog) => {
    asked++;
    void dialog.dismiss();
  });
  const bad =
    '[a](javascript:alert(1)) <img src=x onerror=alert(2)> ![p](https://evil.example/p.png) [b](https://evil.example)';
  await field.fill(bad);
  await ana.page.keyboard.press('Enter');
  const shown = message(bo.page, 'onerror');
  await expect(shown.getByRole('link')).toHaveCount(2);
  await expect(shown.locator('img')).toHaveCount(0);
  await expect(shown.getByRole('link').last()).toHaveAttribute('rel', 'noopener noreferrer nofollow');
  await expect(shown).toContainText('(evil.example)');
  expect(asked).toBe(0);
});
