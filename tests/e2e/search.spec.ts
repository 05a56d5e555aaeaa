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
  startGroup,
  test,
  type Person,
} from './fixtures.ts';

const box = (page: Page) => page.getByRole('searchbox', { name: 'Search' });
const hits = (page: Page) => page.getByRole('list', { name: 'Messages' }).getByRole('listitem');
const coverage = (page: Page) => page.getByRole('status', { name: 'How much is searched' });

/** Ana, who has written to Bo twice. */
async function furnished(join: (name: string) => Promise<Person>): Promise<Person> {
  const ana = await join('Ana');
  await getToKnow(ana, await join('Bo'));
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'The Zürich express leaves at nine');
  await send(ana.page, 'Bring the zurich map, please');
  return ana;
}

test('messages, people and conversations are found, with and without a relay', async ({ relay, join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'The Zürich express leaves at nine');
  await startGroup(ana.page, 'Harbour walk', ['Bo']);
  await send(ana.page, 'Bring the zurich map, please');
  await openChat(bo.page, 'Harbour walk');
  await expect(message(bo.page, 'Bring the zurich map')).toBeVisible();
  await send(bo.page, 'which map? https://example.org/map');

  await openChat(ana.page, 'Harbour walk');
  await expect(message(ana.page, 'which map?')).toBeVisible();
  await goTo(ana.page, 'Chats');
  await box(ana.page).fill('zuri');
  await expect(hits(ana.page)).toHaveCount(2);
  await expect(hits(ana.page).first()).toContainText('Harbour walk');
  await expect(hits(ana.page).first().locator('mark')).toHaveText('zurich');
  await expect(hits(ana.page).nth(1).locator('mark')).toHaveText('Zürich');
  await expect(coverage(ana.page)).toHaveText('Searching all of your history');

  await box(ana.page).fill('map');
  await expect(hits(ana.page)).toHaveCount(2);
  await ana.page.getByRole('button', { name: 'With links' }).click();
  await expect(hits(ana.page)).toHaveCount(1);
  await expect(hits(ana.page)).toContainText('Bo:');
  await box(ana.page).fill('harb');
  await expect(ana.page.getByRole('list', { name: 'Conversations' })).toContainText('Harbour walk');
  await box(ana.page).fill('nowhere to be found');
  await expect(ana.page.getByText('Nothing is found for “nowhere to be found”')).toBeVisible();

  await ana.quit();
  await relay.stop();
  await ana.reopen();
  await ana.unlock();
  await box(ana.page).fill('"express leaves"');
  await expect(hits(ana.page)).toHaveCount(1);
  await box(ana.page).press('ArrowDown');
  await ana.page.keyboard.press('Enter');
  await expect(message(ana.page, 'The Zürich express leaves at nine')).toBeFocused();
});

test('the index is made anew by a button, which tells how far it is', async ({ join }) => {
  const { page } = await furnished(join);
  await goTo(page, 'You');
  await page.getByRole('link', { name: 'Storage and maintenance' }).click();
  await expect(page.getByText('Messages that can be found: 2 of 2')).toBeVisible();
  const emptied = page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (document.body.textContent.includes('Messages that can be found: 0 of 2')) resolve();
        };
        new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
      }),
  );
  await page.getByRole('button', { name: 'Rebuild the search index' }).click();
  await emptied;
  await expect(page.getByText('Messages that can be found: 2 of 2')).toBeVisible();
  await goTo(page, 'Chats');
  await box(page).fill('express');
  await expect(hits(page)).toHaveCount(1);
});

test('a hit far back opens the conversation where it stands, and the way to the newest stays', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'the needle');
  for (let i = 0; i < 90; i++) await send(ana.page, `hay ${i}`);
  await ana.page.reload();
  await ana.unlock();
  await box(ana.page).fill('needle');
  await hits(ana.page).getByRole('link').click();
  await expect(message(ana.page, 'the needle')).toBeInViewport();
  await expect(messages(ana.page).filter({ hasText: /hay 89$/ })).toHaveCount(0);
  await ana.page.getByRole('button', { name: 'newest' }).click();
  await expect(messages(ana.page).filter({ hasText: /hay 89/ })).toBeInViewport();
});
