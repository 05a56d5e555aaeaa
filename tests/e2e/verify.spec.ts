import { readFileSync } from 'node:fs';
import { expect, getToKnow, goTo, openChat, send, startDirect, test, type Person } from './fixtures.ts';

/** Opens the safety number with somebody from their page, and answers its dialog. */
async function openNumber({ page }: Person, name: string) {
  await goTo(page, 'People');
  await page
    .getByRole('list', { name: 'People' })
    .getByRole('link', { name: new RegExp(`^${name}`) })
    .click();
  await page.getByRole('button', { name: 'Verify safety number' }).click();
  const dialog = page.getByRole('dialog', { name: `Safety number with ${name}` });
  await expect(dialog.getByRole('group', { name: 'Safety number' })).toHaveText(/^\s*(\d{5}\s*){12}$/);
  return dialog;
}

test('two people compare their safety numbers, scan each other, and see the mark wherever the other is', async ({
  relay,
  join,
}) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await getToKnow(bo, ana);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'is it you?');
  await openChat(bo.page, 'Ana');

  const atAna = await openNumber(ana, 'Bo');
  const atBo = await openNumber(bo, 'Ana');
  const digitsAt = async (dialog: typeof atAna) =>
    (await dialog.getByRole('group', { name: 'Safety number' }).innerText()).replace(/\s/g, '');
  expect(await digitsAt(atAna)).toBe(await digitsAt(atBo));

  const codeOf = (dialog: typeof atAna) =>
    dialog.getByRole('img', { name: 'Your safety number as a QR code' }).screenshot();
  const file = (buffer: Buffer) => ({ name: 'code.png', mimeType: 'image/png', buffer });
  await atAna.getByLabel('Read from an image').setInputFiles(file(await codeOf(atAna)));
  await expect(atAna.getByRole('alert')).toContainText('your own screen');
  await atAna.getByLabel('Read from an image').setInputFiles(file(readFileSync('static/icon-192.png')));
  await expect(atAna.getByRole('alert')).toBeVisible();
  await expect(atAna.getByRole('status')).toHaveText('Not verified');

  // What comparing needs is on the device: the relay may be gone.
  await relay.stop();
  await atAna.getByLabel('Read from an image').setInputFiles(file(await codeOf(atBo)));
  await expect(atAna.getByRole('status')).toContainText('The numbers match. Bo is verified.');
  await atBo.getByRole('button', { name: 'The digits match' }).click();
  await expect(atBo.getByRole('status')).toHaveText('Verified');
  await ana.page.keyboard.press('Escape');
  await bo.page.keyboard.press('Escape');

  await goTo(ana.page, 'People');
  await expect(ana.page.getByRole('list', { name: 'People' }).getByRole('link', { name: /^Bo/ })).toContainText(
    'Verified',
  );
  await openChat(ana.page, 'Bo');
  await expect(ana.page.getByRole('heading', { name: /^Bo/ })).toContainText('Verified');
  await ana.page.getByRole('button', { name: 'Conversation details' }).click();
  const member = ana.page.getByRole('list', { name: 'Members' }).getByRole('listitem').filter({ hasText: 'Bo' });
  await expect(member).toContainText('Verified');
  await ana.page.getByRole('button', { name: 'Verify safety number' }).click();
  const again = ana.page.getByRole('dialog', { name: 'Safety number with Bo' });
  await again.getByRole('button', { name: 'Remove verification' }).click();
  await expect(again.getByRole('status')).toHaveText('Not verified');
});
