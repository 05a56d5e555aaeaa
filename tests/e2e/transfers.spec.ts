import { readFileSync } from 'node:fs';
import type { Page, Route } from '@playwright/test';
import {
  expect,
  getToKnow,
  goTo,
  loadOnDemand,
  message,
  messages,
  openChat,
  PASSPHRASE,
  send,
  startDirect,
  test,
} from './fixtures.ts';

const MB = 1_000_000;

/** Bytes that differ from chunk to chunk. */
const bytesOf = (size: number): Buffer => Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * i) >>> 7));

const attach = async (page: Page, name: string, mimeType: string, buffer: Buffer): Promise<void> => {
  await page.getByRole('button', { name: 'Attach' }).click();
  await page.locator('input[type="file"][multiple]:not([accept])').setInputFiles({ name, mimeType, buffer });
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(messages(page).last()).toContainText(name);
};

const onTheirWay = (page: Page) => page.getByRole('list', { name: 'Files on their way' }).getByRole('listitem');
const over = (page: Page) => page.getByRole('list', { name: 'Finished' }).getByRole('listitem');

async function openTransfers(page: Page): Promise<void> {
  await goTo(page, 'You');
  await page.getByRole('link', { name: 'Activity' }).click();
  await page.getByRole('link', { name: 'Transfers' }).click();
  await expect(page.getByRole('heading', { name: 'Transfers' })).toBeVisible();
}

test('an upload is paused, stays so after a reload, goes on and arrives; small files load by themselves', async ({
  join,
}) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'hello');
  await openChat(bo.page, 'Ana');

  // The fourth chunk is held up until the upload was paused.
  let chunks = 0;
  const held = Promise.withResolvers<Route>();
  await ana.context.route(/\/blobs\/[^/]+\/append$/u, (route) => {
    if (++chunks < 4) return route.continue();
    held.resolve(route);
  });
  const film = bytesOf(6 * MB);
  await attach(ana.page, 'film.bin', 'application/octet-stream', film);
  await held.promise;
  await messages(ana.page).last().getByRole('link', { name: 'Show transfers' }).click();
  await expect(onTheirWay(ana.page)).toContainText('film.bin');
  await expect(onTheirWay(ana.page)).toContainText('3.1 MB of 6 MB');
  await onTheirWay(ana.page).getByRole('button', { name: 'Pause film.bin' }).click();
  await expect(onTheirWay(ana.page)).toContainText('Paused');
  await ana.page.reload();
  await ana.context.unrouteAll();
  await ana.page.getByRole('textbox', { name: 'Passphrase' }).fill(PASSPHRASE);
  await ana.page.getByRole('button', { name: 'Unlock' }).click();
  await expect(onTheirWay(ana.page)).toContainText('Paused');
  await expect(onTheirWay(ana.page).getByRole('progressbar', { name: 'Progress of film.bin' })).toBeVisible();
  await onTheirWay(ana.page).getByRole('button', { name: 'Resume film.bin' }).click();
  await expect(over(ana.page)).toContainText('Sent');
  await expect(onTheirWay(ana.page)).toHaveCount(0);

  // It is larger than what loads by itself: it comes when it is wanted.
  await openChat(ana.page, 'Bo');
  await attach(ana.page, 'note.txt', 'text/plain', Buffer.from('bring a rope'));
  const note = messages(bo.page).filter({ hasText: 'note.txt' });
  await expect(note.locator('svg.lucide-file')).toBeVisible();
  const large = messages(bo.page).filter({ hasText: 'film.bin' });
  await expect(large.locator('svg.lucide-download')).toBeVisible();
  const downloading = bo.page.waitForEvent('download');
  await large.getByRole('button', { name: /^Save film\.bin/ }).click();
  expect(readFileSync(await (await downloading).path()).equals(film)).toBe(true);
  await openTransfers(bo.page);
  await expect(over(bo.page).filter({ hasText: 'film.bin' })).toContainText('On this device');
  await expect(over(bo.page).filter({ hasText: 'note.txt' })).toContainText('On this device');

  // What somebody sets holds from then on.
  await loadOnDemand(bo.page);
  await expect(bo.page.getByText('6 MB of files that can be loaded again')).toBeVisible();
  await attach(ana.page, 'late.txt', 'text/plain', Buffer.from('no rope'));
  await expect(message(ana.page, 'late.txt').locator('svg.lucide-file')).toBeVisible();
  await openChat(bo.page, 'Ana');
  await expect(message(bo.page, 'late.txt').locator('svg.lucide-download')).toBeVisible();
});

const PDF = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>endobj
4 0 obj<</Length 44>>stream
BT /F1 36 Tf 20 100 Td (Cairn map) Tj ET
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R>>
%%EOF`;

test('a PDF file is shown by the viewer of the browser, and a page that calls itself one is not run', async ({
  join,
}) => {
  const ana = await join('Ana');
  const refusals: string[] = [];
  ana.context.on('console', (line) => {
    if (line.text().includes('Content Security Policy')) refusals.push(line.text());
  });
  await goTo(ana.page, 'Files');
  await ana.page.getByRole('button', { name: 'New shared folder' }).click();
  await ana.page.getByRole('textbox', { name: 'Name', exact: true }).fill('Routes');
  await ana.page.getByRole('button', { name: 'Create' }).click();
  await ana.page.getByRole('list', { name: 'Shared folders' }).getByRole('link', { name: 'Routes' }).click();
  const add = (name: string, text: string) =>
    ana.page
      .locator('input[type="file"][multiple]')
      .setInputFiles({ name, mimeType: 'application/pdf', buffer: Buffer.from(text) });
  await add('map.pdf', PDF);
  await ana.page.getByRole('button', { name: /^map\.pdf/ }).click();
  const dialog = ana.page.getByRole('dialog', { name: 'map.pdf' });
  await expect(dialog.locator('iframe[title="map.pdf"]')).toBeVisible();
  // The frame that the browser puts into ours.
  await expect.poll(() => ana.page.frames().some((frame) => frame.url().startsWith('chrome-extension:'))).toBe(true);
  expect(refusals).toEqual([]);
  await ana.page.keyboard.press('Escape');

  await add('trap.pdf', '<!doctype html><title>trap</title><script>parent.document.title = "caught"</script>');
  await ana.page.getByRole('button', { name: /^trap\.pdf/ }).click();
  await expect(ana.page.getByRole('dialog', { name: 'trap.pdf' }).locator('iframe')).toBeVisible();
  await expect
    .poll(() => ana.page.frames().filter((frame) => frame.url().startsWith('chrome-extension:')).length)
    .toBeGreaterThan(0);
  expect(await ana.page.title()).not.toBe('caught');
});
