import { conversation, expect, getToKnow, goTo, message, openChat, send, startDirect, test } from './fixtures.ts';

test('a date leads to the first message of that day, and a button to the first unread one', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'the first of the day');
  for (let i = 0; i < 12; i++) await send(ana.page, `stone ${i}\n\n\n`.padEnd(400, '.'));
  await expect(message(ana.page, 'the first of the day')).not.toBeInViewport();
  await ana.page.getByRole('button', { name: 'Conversation details' }).click();
  await ana.page.getByRole('button', { name: 'Go', exact: true }).click();
  await expect(message(ana.page, 'the first of the day')).toBeInViewport();
  await expect(message(ana.page, 'the first of the day')).toBeFocused();

  // Opened at the first that is new; who leaves it for the newest is led back.
  await openChat(bo.page, 'Ana');
  await expect(message(bo.page, 'the first of the day')).toBeInViewport();
  const back = bo.page.getByRole('button', { name: 'Jump to first unread' });
  await expect(back).toBeHidden();
  await bo.page.getByRole('button', { name: 'Jump to newest' }).click();
  await expect(message(bo.page, 'stone 11')).toBeInViewport();
  await back.click();
  await expect(message(bo.page, 'the first of the day')).toBeFocused();
  await expect(back).toBeHidden();

  // Unread again from here on, and for as long as it is looked at.
  await message(bo.page, 'stone 2').click({ button: 'right' });
  await bo.page.getByRole('menuitem', { name: 'Mark unread from here' }).click();
  await expect(conversation(bo.page, 'Ana')).toContainText('10 unread');
  await bo.page.getByRole('button', { name: 'Jump to newest' }).click();
  await expect(message(bo.page, 'stone 11')).toBeInViewport();
  await goTo(bo.page, 'You');
  await goTo(bo.page, 'Chats');
  await expect(conversation(bo.page, 'Ana')).toContainText('10 unread');
});
