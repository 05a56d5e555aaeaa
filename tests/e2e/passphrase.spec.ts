import type { Page } from '@playwright/test';
import { expect, getToKnow, goTo, message, openChat, PASSPHRASE, send, startDirect, test } from './fixtures.ts';

const NEXT = 'battery staple horse';

test('a passphrase is changed on the security page: a wrong current one is refused, the new one opens everything', async ({
  join,
}) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'kept through the change');

  const { page } = ana;
  await goTo(page, 'You');
  await page.getByRole('link', { name: 'Security' }).click();
  await page.getByRole('button', { name: 'Change passphrase' }).click();
  const dialog = page.getByRole('dialog', { name: 'Change passphrase' });
  const field = (name: string) => dialog.getByRole('textbox', { name, exact: true });
  const submit = dialog.getByRole('button', { name: 'Change passphrase' });

  await field('Current passphrase').fill('not this one');
  await field('New passphrase').fill(NEXT);
  await expect(dialog.getByRole('meter', { name: 'Passphrase strength' })).toBeVisible();
  await field('Repeat new passphrase').fill('battery staple mouse');
  await submit.click();
  await expect(dialog.getByText('The two passphrases are not the same yet.')).toBeVisible();

  await field('Repeat new passphrase').fill(NEXT);
  await submit.click();
  await expect(dialog.getByText(/try again in \d+ second/i)).toBeVisible();
  await expect(submit).toBeEnabled();
  await field('Current passphrase').fill(PASSPHRASE);
  await submit.click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText('Your passphrase was changed.')).toBeVisible();
  const events = page.getByRole('list', { name: 'Security events' });
  await expect(events.getByText('The passphrase of this device was changed.')).toBeVisible();
  await expect(events.getByText(/1 wrong passphrase/)).toBeVisible();

  await page.getByRole('link', { name: 'Back' }).click();
  await page.getByRole('button', { name: 'Lock now' }).click();
  await page.getByRole('textbox', { name: 'Passphrase' }).fill(PASSPHRASE);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await expect(page.getByText(/try again in \d+ second/i)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Unlock' })).toBeEnabled();
  await page.getByRole('textbox', { name: 'Passphrase' }).fill(NEXT);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await openChat(page, 'Bo');
  await expect(message(page, 'kept through the change')).toBeVisible();
});

test('a browser without WebAssembly makes, locks and opens an account, by PBKDF2', async ({ join }) => {
  const ana = await join('Ana', ['--js-flags=--jitless']);
  expect(await ana.page.evaluate(() => typeof WebAssembly)).toBe('undefined');
  expect(await kdfOf(ana.page)).toMatchObject({ algorithm: 'pbkdf2-sha256', iterations: 600_000 });
  await ana.page.reload();
  await ana.unlock();
  await expect(ana.page.getByRole('button', { name: 'New chat' })).toBeVisible();
});

/** How the database key is wrapped, as it lies on disk. */
const kdfOf = (page: Page): Promise<unknown> =>
  page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open('cairn');
        opening.onerror = () => reject(opening.error ?? new Error('open'));
        opening.onsuccess = () => {
          const rows = opening.result.transaction('keyStore').objectStore('keyStore');
          const reading = rows.get('database') as IDBRequest<{ kdf: { algorithm: string; iterations: number } }>;
          reading.onerror = () => reject(reading.error ?? new Error('get'));
          reading.onsuccess = () => {
            const { algorithm, iterations } = reading.result.kdf;
            opening.result.close();
            resolve({ algorithm, iterations });
          };
        };
      }),
  );
