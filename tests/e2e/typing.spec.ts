import AxeBuilder from '@axe-core/playwright';
import { expect, getToKnow, goTo, message, openChat, send, startDirect, test } from './fixtures.ts';

test('who writes is seen while they write, by whoever shows it too', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'hello');
  await openChat(bo.page, 'Ana');
  await expect(message(bo.page, 'hello')).toBeVisible();

  const field = ana.page.getByRole('textbox', { name: 'Message' });
  await field.pressSequentially('I am on ');
  await expect(bo.page.getByText('Ana is writing…')).toBeVisible();
  expect((await new AxeBuilder({ page: bo.page }).analyze()).violations).toEqual([]);
  await send(ana.page, 'I am on my way');
  await expect(message(bo.page, 'I am on my way')).toBeVisible();
  await expect(bo.page.getByText('Ana is writing…')).toBeHidden();

  await goTo(ana.page, 'You');
  await ana.page.getByRole('link', { name: 'Notifications and privacy' }).click();
  await expect(ana.page.getByRole('switch', { name: 'Show when you are writing' })).toBeChecked();
});
