import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import {
  conversation,
  expect,
  getToKnow,
  goTo,
  message,
  openChat,
  PASSPHRASE,
  send,
  startDirect,
  test,
} from './fixtures.ts';

const NEW_PASSPHRASE = 'a new stone on the old';

async function openBackups(page: Page): Promise<void> {
  await goTo(page, 'You');
  await page.getByRole('link', { name: 'Backup' }).click();
}

/** Sets up a recovery phrase, rehearsal and all. */
async function setUpPhrase(page: Page): Promise<string[]> {
  await page.getByRole('button', { name: 'Set up recovery phrase' }).click();
  const dialog = page.getByRole('dialog', { name: 'Set up recovery phrase' });
  await dialog.getByLabel('Current passphrase').fill(PASSPHRASE);
  await dialog.getByRole('button', { name: 'Show the words' }).click();
  const shown = dialog.getByRole('list', { name: 'Recovery phrase' }).getByRole('listitem');
  await expect(shown).toHaveCount(24);
  const words = await shown.allTextContents();
  await dialog.getByRole('button', { name: 'I wrote them down' }).click();
  const asked = dialog.getByRole('textbox', { name: /^Word \d+$/ });
  await expect(asked).toHaveCount(3);
  await asked.first().fill('not this one');
  await dialog.getByRole('button', { name: 'Keep this phrase' }).click();
  await expect(dialog.getByText('That is another word').first()).toBeVisible();
  for (const field of await asked.all()) {
    const label = await field.evaluate((input: HTMLInputElement) => input.labels?.[0]?.textContent ?? '');
    await field.fill(words[Number(/\d+/.exec(label)?.[0]) - 1] ?? '');
  }
  await dialog.getByRole('button', { name: 'Keep this phrase' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('button', { name: 'Replace recovery phrase' })).toBeVisible();
  return words;
}

test('a backup made on one device brings the whole history to a fresh one, without a network', async ({
  relay,
  join: meet,
}) => {
  const ana = await meet('Ana');
  const bo = await meet('Bo');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'carried over in a file');
  const { page } = ana;
  // The place that the browser asks for is a dialog of the system; without it files go to the downloads.
  await page.evaluate(() => Reflect.deleteProperty(window, 'showSaveFilePicker'));
  await openBackups(page);
  const words = await setUpPhrase(page);
  await page.getByRole('button', { name: 'Make backup' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save file' }).click();
  const folder = mkdtempSync(join(tmpdir(), 'cairn-backup-'));
  const file = join(folder, 'ana.cairn');
  await (await download).saveAs(file);
  await expect(page.getByText('Saved.')).toBeVisible();
  await expect(page.getByRole('list', { name: 'Backups' }).getByRole('listitem')).toHaveCount(1);

  const profile = mkdtempSync(join(tmpdir(), 'cairn-fresh-'));
  const context = await chromium.launchPersistentContext(profile, chromiumLaunch());
  const fresh = context.pages()[0] ?? (await context.newPage());
  await fresh.goto(ana.cable.origin);
  await fresh.getByRole('button', { name: 'I have an account' }).click();
  await fresh.getByRole('button', { name: 'Restore from a backup' }).click();
  await fresh.getByLabel('Backup files').setInputFiles(file);
  const phrase = fresh.getByRole('textbox', { name: 'Recovery phrase' });
  // From here on the app has to come from the service worker's cache.
  await fresh.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await relay.stop();
  await phrase.fill(words.with(3, 'carin').join(' '));
  await expect(fresh.getByText('is not one that recovery phrases have')).toBeVisible();
  await phrase.fill(words.join(' '));
  await fresh.getByLabel('New passphrase', { exact: true }).fill(NEW_PASSPHRASE);
  await fresh.getByLabel('Repeat new passphrase').fill(NEW_PASSPHRASE);
  await fresh.getByRole('button', { name: 'Restore', exact: true }).click();
  await expect(fresh.getByRole('button', { name: 'New chat' })).toBeVisible();
  await openChat(fresh, 'Bo');
  await expect(message(fresh, 'carried over in a file')).toBeVisible();

  // The phrase came along, for the day the new passphrase is forgotten.
  await goTo(fresh, 'You');
  await fresh.getByRole('button', { name: 'Lock now' }).click();
  await fresh.getByRole('button', { name: 'Use recovery phrase' }).click();
  await fresh.getByRole('textbox', { name: 'Recovery phrase' }).fill(words.join(' '));
  await fresh.getByLabel('New passphrase', { exact: true }).fill(PASSPHRASE);
  await fresh.getByLabel('Repeat new passphrase').fill(PASSPHRASE);
  await fresh.getByRole('button', { name: 'Unlock' }).click();
  await expect(fresh.getByRole('button', { name: 'New chat' })).toBeVisible();
  await context.close();
  for (const path of [profile, folder]) rmSync(path, { recursive: true, force: true });
});

test('a backup under way shows how far it is, and is given up by a button', async ({ join: meet }) => {
  const { page } = await meet('Ana');
  await page.evaluate(() => Reflect.deleteProperty(window, 'showSaveFilePicker'));
  await openBackups(page);
  await page.getByLabel('Backup passphrase').fill(PASSPHRASE);
  await page.getByRole('button', { name: 'Make backup' }).click();
  // The key is made of the passphrase first, which takes a moment everywhere.
  await expect(page.getByRole('progressbar', { name: /^Making the backup/ })).toBeVisible();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('progressbar', { name: /^Making the backup/ })).toBeHidden();
  await expect(page.getByRole('button', { name: 'Save file' })).toBeHidden();
  await expect(page.getByText('None yet. What you make here is listed here.')).toBeVisible();
});

test('one conversation is saved as data, and read from it on a device that was never in it', async ({ join: meet }) => {
  const ana = await meet('Ana');
  const bo = await meet('Bo');
  const cy = await meet('Cy');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'the hut opens in May');
  await ana.page.evaluate(() => Reflect.deleteProperty(window, 'showSaveFilePicker'));
  await ana.page.getByRole('button', { name: 'Conversation details' }).click();
  const folder = mkdtempSync(join(tmpdir(), 'cairn-conversation-'));
  const file = join(folder, 'hut.json');
  const download = ana.page.waitForEvent('download');
  await ana.page.getByRole('button', { name: 'Save as data (JSON)' }).click();
  await (await download).saveAs(file);

  const { page } = cy;
  await openBackups(page);
  const bring = page.getByLabel('Choose a file');
  const json = readFileSync(file);
  await bring.setInputFiles({
    name: 'half.json',
    mimeType: 'application/json',
    buffer: json.subarray(0, json.length - 40),
  });
  await expect(page.getByRole('alert')).toContainText('damaged or not complete');
  await bring.setInputFiles(file);
  await expect(page.getByText('“Bo” is here. Messages:')).toBeVisible();
  await bring.setInputFiles(file);
  await expect(page.getByText('“Bo” is here already.')).toBeVisible();
  await page.getByRole('link', { name: 'Open it' }).click();
  await expect(message(page, 'the hut opens in May')).toBeVisible();
  await expect(page.getByText('Read only, from a file').first()).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Message' })).toHaveCount(0);

  await page.getByRole('button', { name: 'Conversation details' }).click();
  await page.getByRole('button', { name: 'Remove from this device' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove from this device' }).click();
  await expect(conversation(page, 'Bo')).toHaveCount(0);
  rmSync(folder, { recursive: true, force: true });
});
