import { expect, getToKnow, message, openChat, send, startDirect, test } from './fixtures.ts';

test('two people add each other by code and write in a direct chat', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'hello Bo');
  await openChat(bo.page, 'Ana');
  await expect(message(bo.page, 'hello Bo')).toBeVisible();
  await send(bo.page, 'hello Ana');
  await expect(message(ana.page, 'hello Ana')).toBeVisible();
  await expect(message(ana.page, 'hello Bo')).toHaveAttribute('data-state', 'read');
});
