import { expect, getToKnow, goTo, message, openChat, PASSPHRASE, send, startDirect, test } from './fixtures.ts';

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
