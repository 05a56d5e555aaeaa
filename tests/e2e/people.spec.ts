import {
  expect,
  getToKnow,
  goTo,
  inviteCode,
  message,
  openChat,
  send,
  startDirect,
  startGroup,
  test,
} from './fixtures.ts';

test('a person is added from a picture of their QR code, and a bad code is refused in words', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await goTo(bo.page, 'People');
  await bo.page.getByRole('button', { name: 'My invite code' }).click();
  const picture = await bo.page.getByRole('img', { name: 'Your invite code as a QR code' }).screenshot();

  const { page } = ana;
  await goTo(page, 'People');
  await page.getByRole('button', { name: 'Add person' }).click();
  for (const bad of ['hello', 'cairn1:AAAA', 'cairn9:AAAA']) {
    await page.getByRole('textbox', { name: 'Invite code' }).fill(bad);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await expect(page.getByRole('textbox', { name: 'Invite code' })).toHaveAttribute('aria-invalid', 'true');
  }
  await page
    .getByLabel('Read from an image')
    .setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer: picture });
  await expect(page.getByRole('list', { name: 'People' }).getByText('Bo')).toBeVisible();
});

test('a group shows who is in it, who said what and when, what is new, and keeps a draft', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  const cy = await join('Cy');
  await getToKnow(ana, bo, cy);
  await startGroup(ana.page, 'Hike', ['Bo', 'Cy']);
  await send(ana.page, 'who drives?');

  await openChat(bo.page, 'Hike');
  await expect(message(bo.page, 'who drives?')).toContainText('Ana');
  await expect(message(bo.page, 'who drives?')).toHaveAccessibleDescription(/Ana.*\d{1,2}[:.]\d{2}/);
  await expect(bo.page.getByRole('log', { name: 'Messages' })).toContainText('Today');
  await send(bo.page, 'I do');
  await expect(message(ana.page, 'I do')).toContainText('Bo');
  await expect(message(ana.page, 'who drives?')).toHaveAccessibleDescription(/You.*(on their device|read)/i);

  const unread = cy.page.getByRole('list', { name: 'Conversations' }).getByRole('link', { name: /^Hike/ });
  await goTo(cy.page, 'Chats');
  await expect(unread).toHaveAccessibleName(/2/);
  await unread.click();
  await expect(cy.page.getByText('New messages')).toBeVisible();
  await cy.page.getByRole('textbox', { name: 'Message' }).fill('half a thought');
  await goTo(cy.page, 'Chats');
  await cy.page.reload();
  await cy.unlock();
  await openChat(cy.page, 'Hike');
  await expect(cy.page.getByRole('textbox', { name: 'Message' })).toHaveValue('half a thought');

  await cy.page.getByRole('button', { name: 'Conversation details' }).click();
  const members = cy.page.getByRole('list', { name: 'Members' });
  for (const name of ['Ana', 'Bo', 'Cy']) await expect(members.getByText(name)).toBeVisible();
  await expect(members.getByRole('listitem').filter({ hasText: 'Ana' })).toContainText('Owner');
  await cy.page.getByText('Technical').click();
  await expect(cy.page.getByText(/X-Wing/)).toBeVisible();
});

test('an invite code is the same each time, and one’s own is refused', async ({ join }) => {
  const ana = await join('Ana');
  const code = await inviteCode(ana.page);
  expect(await inviteCode(ana.page)).toBe(code);
  await ana.page.getByRole('button', { name: 'Add person' }).click();
  await ana.page.getByRole('textbox', { name: 'Invite code' }).fill(code);
  await ana.page.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(ana.page.getByText(/your own/i)).toBeVisible();
});

test('a conversation that both start while offline is one for both', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await getToKnow(bo, ana);
  await ana.cable.cut();
  await bo.cable.cut();
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'from Ana');
  await startDirect(bo.page, 'Ana');
  await send(bo.page, 'from Bo');
  await ana.cable.mend();
  await bo.cable.mend();
  for (const { page } of [ana, bo]) {
    await expect(message(page, 'from Ana')).toBeVisible({ timeout: 60_000 });
    await expect(message(page, 'from Bo')).toBeVisible({ timeout: 60_000 });
    await goTo(page, 'Chats');
    await expect(page.getByRole('list', { name: 'Conversations' }).getByRole('link')).toHaveCount(1);
  }
});
