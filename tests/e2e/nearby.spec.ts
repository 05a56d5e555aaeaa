import type { Page } from '@playwright/test';
import {
  expect,
  getToKnow,
  goTo,
  message,
  messages,
  openChat,
  send,
  startDirect,
  test,
  type Person,
} from './fixtures.ts';

// A machine of its own has nobody who would answer mDNS names, and its only way is the loopback.
const ALONE = ['--disable-features=WebRtcHideLocalIpsWithMdns', '--allow-loopback-in-peer-connection'];
const PICTURE = 'static/icon-192.png';

async function openNearby(page: Page): Promise<void> {
  await goTo(page, 'You');
  await page.getByRole('link', { name: /^Nearby/ }).click();
  await expect(page.getByRole('heading', { name: 'Nearby' })).toBeVisible();
}

const shownCode = (page: Page): Promise<string> =>
  page.getByRole('textbox', { name: 'Code of this device' }).inputValue();

/** The two show each other their codes; ends when both are linked. */
async function meet(ana: Person, bo: Person): Promise<void> {
  await openNearby(ana.page);
  await openNearby(bo.page);
  await ana.page.getByRole('button', { name: 'Show my code' }).click();
  await bo.page.getByRole('button', { name: 'Read the other device’s code' }).click();
  await bo.page.getByRole('textbox', { name: 'Code of the other device' }).fill(await shownCode(ana.page));
  await bo.page.getByRole('button', { name: 'Go on' }).click();
  await ana.page.getByRole('textbox', { name: 'Code in return' }).fill(await shownCode(bo.page));
  await ana.page.getByRole('button', { name: 'Go on' }).click();
}

test('two people hand each other what waits, files too, with no relay running', async ({ relay, join }) => {
  const ana = await join('Ana', ALONE);
  const bo = await join('Bo', ALONE);
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'before');
  await openChat(bo.page, 'Ana');
  await expect(message(bo.page, 'before')).toBeVisible();

  for (const { page } of [ana, bo]) await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await relay.stop();
  await send(ana.page, 'one by hand');
  await send(ana.page, 'two by hand');
  await ana.page.getByRole('button', { name: 'Attach' }).click();
  await ana.page.locator('input[type="file"][multiple][accept^="image"]').setInputFiles(PICTURE);
  await ana.page.getByRole('textbox', { name: 'Message' }).fill('a picture by hand');
  await ana.page.getByRole('button', { name: 'Send' }).click();
  await send(bo.page, 'an answer by hand');

  await meet(ana, bo);
  await expect(ana.page.getByRole('heading', { name: 'Connected with Bo' })).toBeVisible();
  await expect(bo.page.getByRole('heading', { name: 'Connected with Ana' })).toBeVisible();
  await expect(bo.page.getByText('Files received: 1 of 1')).toBeVisible();

  await openChat(bo.page, 'Ana');
  await openChat(ana.page, 'Bo');
  const all = ['before', 'one by hand', 'two by hand', 'a picture by hand'];
  await expect(messages(bo.page).filter({ hasText: /before|(one|two|picture) by hand/ })).toContainText(all);
  await expect(message(ana.page, 'an answer by hand')).toBeVisible();
  await expect(
    message(bo.page, 'a picture by hand').getByRole('button', { name: 'Open picture icon-192.png' }).locator('img'),
  ).toBeVisible();

  // The relay brings the same once more; nobody sees it twice.
  await relay.start();
  await expect(message(ana.page, 'two by hand')).toHaveAttribute('data-state', 'read', { timeout: 70_000 });
  await expect(message(bo.page, 'an answer by hand')).toHaveAttribute('data-state', 'read', { timeout: 70_000 });
  for (const page of [ana.page, bo.page]) await expect(messages(page).filter({ hasText: 'by hand' })).toHaveCount(4);
});

test('a code that is none, one of the wrong side, and a link that ends are told in words', async ({ join }) => {
  const ana = await join('Ana', ALONE);
  const bo = await join('Bo', ALONE);
  await openNearby(ana.page);
  await ana.page.getByRole('button', { name: 'Read the other device’s code' }).click();
  await ana.page.getByRole('textbox', { name: 'Code of the other device' }).fill('not a code');
  await ana.page.getByRole('button', { name: 'Go on' }).click();
  await expect(ana.page.getByText(/^This is not complete, or not something Cairn knows/)).toBeVisible();
  await ana.page.getByRole('button', { name: 'Start again' }).click();

  await meet(ana, bo);
  await expect(bo.page.getByText('You are in no conversation together yet.')).toBeVisible();
  await ana.page.getByRole('button', { name: 'End', exact: true }).click();
  await expect(bo.page.getByText('The exchange is over.')).toBeVisible();
});
