import {
  connection,
  expect,
  getToKnow,
  goTo,
  message,
  openChat,
  send,
  startDirect,
  startGroup,
  test,
} from './fixtures.ts';

for (const [where, viewport, colorScheme] of [
  ['a desktop in daylight', { width: 1280, height: 800 }, 'light'],
  ['a phone in the dark', { width: 360, height: 740 }, 'dark'],
] as const) {
  test.describe(`on ${where}`, () => {
    test.use({ viewport, colorScheme });

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
  });
}

test('what waits is listed until it is sent', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await ana.cable.cut();
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'stays here for now');
  await expect(connection(ana.page)).toContainText('2 waiting');
  await goTo(ana.page, 'You');
  await ana.page.getByRole('link', { name: 'Activity' }).click();
  const waiting = ana.page.getByRole('list', { name: 'Waiting' });
  await expect(waiting.getByRole('listitem')).toHaveCount(2);
  await expect(waiting).toContainText('stays here for now');
  await ana.cable.mend();
  await expect(waiting.getByRole('listitem')).toHaveCount(0, { timeout: 60_000 });
  await openChat(bo.page, 'Ana');
  await expect(message(bo.page, 'stays here for now')).toBeVisible();
});

test('what can’t be sent any more says why, and is given up only by its writer', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  const cy = await join('Cy');
  await getToKnow(ana, bo, cy);
  await startGroup(ana.page, 'Hike', ['Bo', 'Cy']);
  await send(ana.page, 'welcome all');
  await openChat(bo.page, 'Hike');
  await expect(message(bo.page, 'welcome all')).toBeVisible();
  await bo.cable.cut();
  await send(bo.page, 'too late');

  await ana.page.getByRole('button', { name: 'Conversation details' }).click();
  const row = ana.page.getByRole('list', { name: 'Members' }).getByRole('listitem').filter({ hasText: 'Bo' });
  await row.getByRole('button').click();
  await ana.page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(ana.page.getByRole('list', { name: 'Members' }).getByText('Bo')).toBeHidden();

  await bo.cable.mend();
  await expect(message(bo.page, 'too late')).toHaveAttribute('data-state', 'failed', { timeout: 60_000 });
  await goTo(bo.page, 'You');
  await bo.page.getByRole('link', { name: 'Activity' }).click();
  const failed = bo.page.getByRole('list', { name: 'Waiting' }).getByRole('listitem');
  await expect(failed).toHaveCount(1);
  await expect(failed).toContainText('too late');
  await expect(failed.getByRole('button', { name: 'Retry' })).toBeVisible();
  await failed.getByRole('button', { name: 'Discard' }).click();
  await bo.page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
  await expect(failed).toHaveCount(0);
  await openChat(bo.page, 'Hike');
  await expect(message(bo.page, 'too late')).toHaveCount(0);
  await expect(message(bo.page, 'welcome all')).toBeVisible();
});
