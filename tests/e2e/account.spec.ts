import {
  createAccount,
  expect,
  getToKnow,
  goTo,
  message,
  openChat,
  PASSPHRASE,
  send,
  startDirect,
  startGroup,
  test,
} from './fixtures.ts';

test('locks, refuses a wrong passphrase with growing delay, remembers that, and opens without a network', async ({
  relay,
  join,
}) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'kept through the lock');
  await relay.stop();

  const { page } = ana;
  await goTo(page, 'You');
  await page.getByRole('button', { name: 'Lock now' }).click();
  const passphrase = page.getByRole('textbox', { name: 'Passphrase' });
  const unlock = page.getByRole('button', { name: 'Unlock' });
  for (const wrong of ['not this one', 'nor this one']) {
    await passphrase.fill(wrong);
    await unlock.click();
    await expect(page.getByText(/try again in \d+ second/i)).toBeVisible();
    await expect(unlock).toBeDisabled();
    await expect(unlock).toBeEnabled();
  }
  await passphrase.fill(PASSPHRASE);
  await unlock.click();
  await expect(page.getByRole('button', { name: 'New chat' })).toBeVisible();
  await openChat(page, 'Bo');
  await expect(message(page, 'kept through the lock')).toBeVisible();

  await goTo(page, 'You');
  await page.getByRole('link', { name: 'Security' }).click();
  await expect(page.getByText(/2 wrong passphrases/)).toBeVisible();
});

test('rests and comes back, and is deleted with all that is on the device', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await startGroup(ana.page, 'Hike', ['Bo']);
  await send(ana.page, 'kept by Bo');
  await openChat(bo.page, 'Hike');
  await expect(message(bo.page, 'kept by Bo')).toBeVisible();

  const { page } = ana;
  await goTo(page, 'You');
  await page.getByRole('link', { name: 'Account' }).click();
  await page.getByRole('button', { name: 'Deactivate', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Deactivate' }).click();
  await expect(page.getByText(/^This account is deactivated/)).toBeVisible();
  await page.getByRole('button', { name: 'Activate again' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Activate again' }).click();
  await expect(page.getByText(/^This account is deactivated/)).toBeHidden();

  const otherTab = await ana.newTab();
  await page.getByRole('button', { name: 'Delete account' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete your account?' });
  await expect(dialog.getByText('You leave your group, and it is told.')).toBeVisible();
  const passphrase = dialog.getByRole('textbox', { name: 'Passphrase' });
  const remove = dialog.getByRole('button', { name: 'Delete account' });
  await passphrase.fill('not this one');
  await remove.click();
  await expect(dialog.getByText(/try again in \d+ second/i)).toBeVisible();
  await expect(remove).toBeEnabled();
  await passphrase.fill(PASSPHRASE);
  await remove.click();
  for (const tab of [page, otherTab])
    await expect(tab.getByRole('button', { name: 'I have an account' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('button', { name: 'I have an account' })).toBeVisible();

  await expect(bo.page.getByText('Ana left')).toBeVisible();
  await expect(message(bo.page, 'kept by Bo')).toBeVisible();
  await createAccount(page, 'Ana');
});
