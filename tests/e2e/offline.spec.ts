import {
  connection,
  expect,
  getToKnow,
  message,
  messages,
  openChat,
  send,
  startDirect,
  startGroup,
  test,
} from './fixtures.ts';

test('a cold start without a relay shows everything, and what is written meanwhile arrives once and in order', async ({
  relay,
  join,
}) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  const cy = await join('Cy');
  await getToKnow(ana, bo, cy);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'before, to Bo');
  await startGroup(ana.page, 'Hike', ['Bo', 'Cy']);
  await send(ana.page, 'before, to all');
  await openChat(bo.page, 'Hike');
  await expect(message(bo.page, 'before, to all')).toBeVisible();
  await openChat(cy.page, 'Hike');
  await expect(message(cy.page, 'before, to all')).toBeVisible();
  await expect(message(ana.page, 'before, to all')).toHaveAttribute('data-state', 'read');

  await ana.quit();
  await relay.stop();
  await ana.reopen();
  await ana.unlock();
  await expect(connection(ana.page)).toContainText('Offline');
  await openChat(ana.page, 'Hike');
  await expect(message(ana.page, 'before, to all')).toBeVisible();
  for (const text of ['one to all', 'two to all', 'three to all']) await send(ana.page, text);
  await openChat(ana.page, 'Bo');
  await expect(message(ana.page, 'before, to Bo')).toBeVisible();
  for (const text of ['one to Bo', 'two to Bo']) await send(ana.page, text);

  await ana.page.reload();
  await ana.unlock();
  await expect(connection(ana.page)).toContainText('5 waiting');
  await openChat(ana.page, 'Hike');
  await expect(messages(ana.page).filter({ hasText: 'to all' })).toContainText([
    'before, to all',
    'one to all',
    'two to all',
    'three to all',
  ]);
  for (const text of ['one to all', 'two to all', 'three to all']) {
    await expect(message(ana.page, text)).toHaveAttribute('data-state', 'queued');
  }

  await relay.start();
  for (const person of [bo, cy]) {
    await openChat(person.page, 'Hike');
    await expect(message(person.page, 'three to all')).toBeVisible({ timeout: 70_000 });
    await expect(messages(person.page).filter({ hasText: 'to all' })).toContainText([
      'before, to all',
      'one to all',
      'two to all',
      'three to all',
    ]);
    await expect(messages(person.page).filter({ hasText: 'to all' })).toHaveCount(4);
  }
  await openChat(bo.page, 'Ana');
  await expect(messages(bo.page).filter({ hasText: 'to Bo' })).toContainText([
    'before, to Bo',
    'one to Bo',
    'two to Bo',
  ]);
  await expect(messages(bo.page).filter({ hasText: 'to Bo' })).toHaveCount(3);
  for (const text of ['one to all', 'two to all', 'three to all']) {
    await expect(message(ana.page, text)).toHaveAttribute('data-state', 'read', { timeout: 70_000 });
  }
  await expect(connection(ana.page)).toHaveText('Online');
});
