import type { Page } from '@playwright/test';
import {
  conversation,
  expect,
  getToKnow,
  goTo,
  openChat,
  send,
  startDirect,
  startGroup,
  type Person,
} from './fixtures.ts';

/** One place of the app, and how a person gets there from any other. */
export interface Screen {
  readonly name: string;
  open(page: Page): Promise<void>;
}

/** Two people with something to look at: a chat, a group with a thread, a reaction and a pin, and a draft. */
export async function furnish(ana: Person, bo: Person): Promise<void> {
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'Are you coming on Saturday? The hut is ours until noon.');
  await startGroup(ana.page, 'Hike', ['Bo']);
  await send(ana.page, 'We meet at the station at eight.');
  await send(ana.page, 'Bring something warm, it will be windy up there. https://example.org/weather');
  await openChat(bo.page, 'Hike');
  await send(bo.page, 'I have room for two in the car.');
  await send(bo.page, 'And a map.');
  await openChat(ana.page, 'Hike');
  await expect(ana.page.getByRole('article').filter({ hasText: 'And a map.' })).toBeVisible();
  await ana.page.getByRole('textbox', { name: 'Message' }).fill('Who brings the');
  await goTo(ana.page, 'Chats');
}

/** Closes what lies over the page. */
async function uncover(page: Page): Promise<void> {
  const covers = page.locator('dialog[open], [role="menu"]');
  while ((await covers.count()) > 0) await page.keyboard.press('Escape');
  const leave = page.getByRole('button', { name: 'Stop selecting' });
  if (await leave.isVisible()) await leave.click();
  const search = page.getByRole('searchbox', { name: 'Search' });
  if (await search.isVisible()) await search.fill('');
}

const at = (name: string, path: string, sign: (page: Page) => Promise<void>): Screen => ({
  name,
  async open(page) {
    await uncover(page);
    await visit(page, path);
    await sign(page);
  },
});

/** A link of the app's own, so that the vault stays open. */
async function visit(page: Page, path: string): Promise<void> {
  await page.evaluate((href) => {
    const link = document.createElement('a');
    link.href = href;
    document.querySelector('nav')?.append(link);
    link.click();
    link.remove();
  }, path);
  await page.waitForURL((url) => url.pathname === path);
}

const heading =
  (name: string) =>
  async (page: Page): Promise<void> =>
    expect(page.getByRole('heading', { name, exact: true }).first()).toBeVisible();

const inChat = (name: string, title: string, go: (page: Page) => Promise<void>): Screen => ({
  name,
  async open(page) {
    await uncover(page);
    await visit(page, '/chats');
    await conversation(page, title).click();
    await expect(page.getByRole('log', { name: 'Messages' })).toBeVisible();
    await go(page);
  },
});

const dialogFrom = (name: string, path: string, button: string): Screen => ({
  name,
  async open(page) {
    await uncover(page);
    await visit(page, path);
    await page.getByRole('button', { name: button }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
  },
});

/** Every place behind the gate. */
export const screens: readonly Screen[] = [
  at('chats', '/chats', heading('Chats')),
  {
    name: 'search',
    async open(page) {
      await uncover(page);
      await visit(page, '/chats');
      await page.getByRole('searchbox', { name: 'Search' }).fill('station');
      await expect(page.getByRole('link', { name: /station/ })).toBeVisible();
    },
  },
  inChat('direct', 'Bo', async (page) => {
    await expect(page.getByText('Are you coming on Saturday?').last()).toBeVisible();
  }),
  inChat('group', 'Hike', async (page) => {
    await expect(page.getByRole('article').filter({ hasText: 'And a map.' })).toBeVisible();
  }),
  inChat('message-menu', 'Hike', async (page) => {
    await page.getByRole('article').filter({ hasText: 'And a map.' }).click({ button: 'right' });
    await expect(page.getByRole('menu')).toBeVisible();
  }),
  inChat('message-info', 'Hike', async (page) => {
    await page.getByRole('article').filter({ hasText: 'at the station' }).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Info' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
  }),
  inChat('forward', 'Hike', async (page) => {
    await page.getByRole('article').filter({ hasText: 'And a map.' }).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Forward' }).click();
    await page.getByRole('dialog').getByRole('checkbox', { name: 'Bo' }).check();
  }),
  inChat('select', 'Hike', async (page) => {
    await page.getByRole('article').filter({ hasText: 'And a map.' }).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Select' }).click();
    await page.getByRole('article').filter({ hasText: 'at the station' }).click();
    await expect(page.getByRole('group', { name: 'Selected messages' })).toContainText('2 selected');
  }),
  inChat('send-later', 'Hike', async (page) => {
    await page.getByRole('button', { name: 'Send', exact: true }).click({ button: 'right' });
    await expect(page.getByRole('dialog', { name: 'Send later' })).toBeVisible();
  }),
  inChat('scheduled', 'Hike', async (page) => {
    const waiting = page.getByRole('button', { name: '1 scheduled message' });
    const composer = page.getByRole('textbox', { name: 'Message', exact: true });
    if (!(await waiting.isVisible())) {
      const draft = await composer.inputValue();
      await page.getByRole('button', { name: 'Send', exact: true }).click({ button: 'right' });
      await page.getByRole('button', { name: /^Tomorrow morning/ }).click();
      await composer.fill(draft);
    }
    await waiting.click();
    await expect(page.getByRole('list', { name: 'Scheduled messages' })).toBeVisible();
  }),
  inChat('thread', 'Hike', async (page) => {
    await page.getByRole('article').filter({ hasText: 'And a map.' }).click({ button: 'right' });
    await page.getByRole('menuitem', { name: /thread/ }).click();
    await expect(page.getByRole('heading', { name: 'Thread' })).toBeVisible();
  }),
  inChat('details-direct', 'Bo', async (page) => {
    await page.getByRole('button', { name: 'Conversation details' }).click();
    await expect(page.getByRole('list', { name: 'Members' })).toBeVisible();
  }),
  inChat('details-group', 'Hike', async (page) => {
    await page.getByRole('button', { name: 'Conversation details' }).click();
    await expect(page.getByRole('button', { name: 'Leave group' })).toBeVisible();
  }),
  dialogFrom('new-chat', '/chats', 'New chat'),
  {
    name: 'new-group',
    async open(page) {
      await uncover(page);
      await visit(page, '/chats');
      await page.getByRole('button', { name: 'New chat' }).click();
      await page.getByRole('button', { name: 'New group' }).click();
      await expect(page.getByRole('checkbox', { name: 'Bo' })).toBeVisible();
    },
  },
  at('people', '/people', heading('People')),
  {
    name: 'person',
    async open(page) {
      await uncover(page);
      await visit(page, '/people');
      await page.getByRole('list', { name: 'People' }).getByRole('link').first().click();
      await expect(page.getByRole('heading', { name: 'Bo', exact: true })).toBeVisible();
    },
  },
  {
    name: 'safety-number',
    async open(page) {
      await uncover(page);
      await visit(page, '/people');
      await page.getByRole('list', { name: 'People' }).getByRole('link').first().click();
      await page.getByRole('button', { name: 'Verify safety number' }).click();
      await expect(page.getByRole('dialog')).toBeVisible();
    },
  },
  dialogFrom('add-person', '/people', 'Add person'),
  dialogFrom('my-invite', '/people', 'My invite code'),
  at('files', '/files', heading('Files')),
  dialogFrom('new-shared-folder', '/files', 'New shared folder'),
  at('you', '/you', heading('You')),
  at('profile', '/you/profile', heading('Your profile')),
  at('nearby', '/you/nearby', heading('Nearby')),
  at('devices', '/you/devices', heading('Your devices')),
  dialogFrom('link-device', '/you/devices', 'Link a device'),
  at('activity', '/you/activity', heading('Activity')),
  at('transfers', '/you/transfers', heading('Transfers')),
  at('settings', '/you/settings', heading('Notifications and privacy')),
  at('invitations', '/you/invitations', heading('Links that are out')),
  at('security', '/you/security', heading('Security')),
  at('account', '/you/account', heading('Account')),
  at('sign-ins', '/you/sign-ins', heading('Sign-ins')),
  dialogFrom('delete-account', '/you/account', 'Delete account'),
  at('backup', '/you/backup', heading('Backup')),
  at('storage', '/you/storage', heading('Storage and maintenance')),
  at('audit', '/you/audit', heading('Audit log')),
];
