import { expect, getToKnow, message, messages, openChat, send, startDirect, test } from './fixtures.ts';

test('several tabs send at once and one is closed in the middle: nothing is lost, doubled or out of order', async ({
  join,
}) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'first');
  await openChat(bo.page, 'Ana');
  await expect(message(bo.page, 'first')).toBeVisible();

  const second = await ana.newTab();
  const third = await ana.newTab();
  const tabs = [ana.page, second, third];
  for (const tab of [second, third]) await openChat(tab, 'Bo');
  const texts = tabs.map((_, tab) => Array.from({ length: 6 }, (__, i) => `tab ${tab} says ${i}`));
  await Promise.all(
    tabs.map(async (tab, i) => {
      for (const text of texts[i] ?? []) await send(tab, text);
    }),
  );
  // The one that may be writing at this moment goes without a word.
  await send(third, 'last words');
  await third.close();
  await send(second, 'after the third');

  await expect(message(bo.page, 'after the third')).toBeVisible({ timeout: 60_000 });
  await expect(messages(bo.page)).toHaveCount(1 + 18 + 2);
  for (const own of texts)
    await expect(messages(bo.page).filter({ hasText: own[0]?.slice(0, 10) ?? '' })).toContainText(own);
  await expect(message(bo.page, 'last words')).toHaveCount(1);
  await expect(
    messages(bo.page)
      .filter({ hasText: /says|last|after/ })
      .last(),
  ).toContainText('after the third');
});
