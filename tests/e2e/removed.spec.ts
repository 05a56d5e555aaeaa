import { connection, expect, getToKnow, message, messages, openChat, send, startGroup, test } from './fixtures.ts';

test('what was queued while somebody was removed arrives, and they can read none of it', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  const cy = await join('Cy');
  await getToKnow(ana, bo, cy);
  await startGroup(ana.page, 'Hike', ['Bo', 'Cy']);
  await send(ana.page, 'welcome all');
  for (const person of [bo, cy]) {
    await openChat(person.page, 'Hike');
    await expect(message(person.page, 'welcome all')).toBeVisible();
  }

  await cy.cable.cut();
  await send(cy.page, 'not for Bo, one');
  await send(cy.page, 'not for Bo, two');
  await expect(connection(cy.page)).toContainText('2 waiting');

  const { page } = ana;
  await page.getByRole('button', { name: 'Conversation details' }).click();
  const row = page.getByRole('list', { name: 'Members' }).getByRole('listitem').filter({ hasText: 'Bo' });
  await row.getByRole('button').click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByRole('list', { name: 'Members' }).getByText('Bo')).toBeHidden();
  await expect(bo.page.getByRole('textbox', { name: 'Message' })).toBeHidden();

  await cy.cable.mend();
  await expect(message(page, 'not for Bo, two')).toBeVisible({ timeout: 70_000 });
  await expect(messages(page).filter({ hasText: 'not for Bo' })).toContainText(['not for Bo, one', 'not for Bo, two']);
  await expect(message(cy.page, 'not for Bo, two')).toHaveAttribute('data-state', /delivered|read/);
  await send(page, 'just us now');
  await expect(message(cy.page, 'just us now')).toBeVisible();

  await expect(message(bo.page, 'welcome all')).toBeVisible();
  await expect(messages(bo.page).filter({ hasText: 'not for Bo' })).toHaveCount(0);
  await expect(messages(bo.page).filter({ hasText: 'just us' })).toHaveCount(0);
});
