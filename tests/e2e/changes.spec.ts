import type { Locator, Page } from '@playwright/test';
import {
  connection,
  expect,
  getToKnow,
  goTo,
  message,
  openChat,
  send,
  startDirect,
  startGroup,
  test,
} from './fixtures.ts';

/** Opens the menu of the message with this text and chooses. */
async function choose(page: Page, of: Locator, item: string): Promise<void> {
  await of.click({ button: 'right' });
  await page.getByRole('menuitem', { name: item, exact: true }).click();
}

const composer = (page: Page): Locator => page.getByRole('textbox', { name: 'Message', exact: true });

test('two people answer, edit, react, pin and delete, and see the same', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'shall we meet at nine?');
  await openChat(bo.page, 'Ana');

  // Answer, with the quote above the composer and in the bubble.
  await choose(bo.page, message(bo.page, 'meet at nine'), 'Reply');
  await expect(bo.page.getByRole('group', { name: 'Answer to Ana' })).toBeVisible();
  await expect(composer(bo.page)).toBeFocused();
  await composer(bo.page).fill('rather at ten');
  await bo.page.keyboard.press('Enter');
  const answer = message(ana.page, 'rather at ten');
  await expect(answer.getByRole('button', { name: 'Answer to You: shall we meet at nine?' })).toBeVisible();

  // Arrow up in the empty composer edits the last own message.
  await composer(bo.page).press('ArrowUp');
  await expect(composer(bo.page)).toHaveValue('rather at ten');
  await composer(bo.page).fill('rather at eleven');
  await bo.page.keyboard.press('Enter');
  const edited = message(ana.page, 'rather at eleven');
  await expect(edited).toContainText('edited');
  await edited.getByRole('button', { name: 'edited' }).click();
  const about = ana.page.getByRole('dialog', { name: 'About this message' });
  await expect(about.getByRole('region', { name: 'Earlier texts' })).toContainText('rather at ten');
  await ana.page.keyboard.press('Escape');

  // Only one's own can be edited, and the menu offers no more than applies.
  await edited.click({ button: 'right' });
  await expect(ana.page.getByRole('menuitem')).toHaveText([
    'Reply',
    'React',
    'Pin',
    'Start thread',
    'Forward',
    'Copy',
    'Select',
    'Mark unread from here',
    'Info',
    'Delete',
  ]);
  await ana.page.keyboard.press('Escape');

  // A reaction, found by its name; a press on it takes part, another takes it back.
  await choose(ana.page, edited, 'React');
  const picker = ana.page.getByRole('dialog', { name: 'React' });
  await picker.getByRole('searchbox').fill('party popp');
  await picker.getByRole('button', { name: 'party popper' }).click();
  await expect(picker).toBeHidden();
  const chip = message(bo.page, 'rather at eleven').getByRole('button', { name: /^🎉 from/ });
  await expect(chip).toHaveAccessibleName('🎉 from Ana');
  await chip.click();
  await expect(edited.getByRole('button', { name: '🎉 from You and Bo' })).toBeVisible();
  await chip.click();
  await expect(edited.getByRole('button', { name: '🎉 from You', exact: true })).toBeVisible();

  await choose(bo.page, message(bo.page, 'rather at eleven'), 'Pin');
  await ana.page.getByRole('button', { name: 'Pinned: rather at eleven' }).click();
  await expect(edited).toBeFocused();

  await choose(ana.page, message(ana.page, 'meet at nine').first(), 'Delete');
  await ana.page.getByRole('dialog').getByRole('button', { name: 'Delete for everyone' }).click();
  await expect(ana.page.getByText('You deleted this message')).toBeVisible();
  await expect(bo.page.getByText('Ana deleted this message')).toBeVisible();
  await expect(bo.page.getByText('shall we meet at nine?')).toHaveCount(0);

  await choose(bo.page, message(bo.page, 'rather at eleven'), 'Delete');
  await bo.page.getByRole('dialog').getByRole('button', { name: 'Delete for me' }).click();
  await expect(message(bo.page, 'rather at eleven')).toHaveCount(0);
  await expect(edited).toBeVisible();
});

test('what is done offline shows at once, waits where one sees it, and arrives', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'pack the tent');
  await openChat(bo.page, 'Ana');
  await expect(message(bo.page, 'pack the tent')).toBeVisible();

  await ana.cable.cut();
  await bo.cable.cut();
  await choose(ana.page, message(ana.page, 'pack the tent'), 'Edit');
  await composer(ana.page).fill('pack the big tent');
  await ana.page.keyboard.press('Enter');
  await expect(message(ana.page, 'pack the big tent')).toContainText('edited');
  await expect(connection(ana.page)).toContainText('1 waiting');
  await choose(bo.page, message(bo.page, 'pack the tent'), 'React');
  await bo.page.getByRole('dialog', { name: 'React' }).getByRole('button', { name: '👍' }).first().click();
  await goTo(bo.page, 'You');
  await bo.page.getByRole('link', { name: 'Activity' }).click();
  const waiting = bo.page.getByRole('list', { name: 'Waiting' }).getByRole('listitem');
  await expect(waiting).toContainText(['Reaction in Ana']);

  await ana.cable.mend();
  await bo.cable.mend();
  await expect(waiting).toHaveCount(0, { timeout: 60_000 });
  await openChat(bo.page, 'Ana');
  for (const page of [ana.page, bo.page]) {
    await expect(message(page, 'pack the big tent').getByRole('button', { name: /^👍 from/ })).toBeVisible({
      timeout: 60_000,
    });
    await expect(message(page, 'pack the big tent')).toContainText('edited');
  }
});

for (const [where, viewport] of [
  ['a desktop', { width: 1280, height: 800 }],
  ['a phone', { width: 360, height: 740 }],
] as const) {
  test.describe(`on ${where}`, () => {
    test.use({ viewport });

    test('a thread has its own pane and composer', async ({ join }) => {
      const ana = await join('Ana');
      const bo = await join('Bo');
      await getToKnow(ana, bo);
      await startGroup(ana.page, 'Hike', ['Bo']);
      await send(ana.page, 'what do we eat?');
      await openChat(bo.page, 'Hike');
      await choose(bo.page, message(bo.page, 'what do we eat?'), 'Start thread');
      const thread = bo.page.getByRole('log', { name: 'Thread messages' });
      await expect(thread.getByRole('article')).toHaveCount(1);
      await bo.page.getByRole('textbox', { name: 'Reply in thread' }).fill('soup');
      await bo.page.getByRole('button', { name: 'Send to thread' }).click();
      await expect(thread.getByRole('article')).toHaveCount(2);

      const link = message(ana.page, 'what do we eat?').getByRole('link', { name: /1 answer/ });
      await expect(link).toBeVisible();
      await link.click();
      await expect(ana.page.getByRole('log', { name: 'Thread messages' }).getByRole('article')).toHaveCount(2);
      await expect(ana.page.getByRole('log', { name: 'Thread messages' })).toContainText('soup');
      await ana.page.getByRole('button', { name: 'Show in chat' }).click();
      await expect(message(ana.page, 'what do we eat?').first()).toBeFocused();
    });
  });
}
