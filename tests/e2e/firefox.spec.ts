import { existsSync } from 'node:fs';
import { firefox } from '@playwright/test';
import { createCable } from './cable.ts';
import {
  connection,
  createAccount,
  expect,
  goTo,
  inviteCode,
  message,
  openChat,
  send,
  startDirect,
  test,
  unlock,
} from './fixtures.ts';

/** Debian's package. */
const FIREFOX = '/usr/bin/firefox-esr';

if (existsSync(FIREFOX)) {
  test('Firefox ESR: an account, a chat, without a network, reconnected, locked', async ({ relay, join }) => {
    const bo = await join('Bo');
    const code = await inviteCode(bo.page);
    const cable = await createCable(relay.port);
    const browser = await firefox.launch({ channel: 'moz-firefox', executablePath: FIREFOX });
    const page = await browser.newPage();
    await page.goto(cable.origin);
    await createAccount(page, 'Ana');
    await goTo(page, 'People');
    await page.getByRole('button', { name: 'Add person' }).click();
    await page.getByRole('textbox', { name: 'Invite code' }).fill(code);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await expect(page.getByRole('list', { name: 'People' }).getByText('Bo')).toBeVisible();
    await startDirect(page, 'Bo');
    await send(page, 'from Firefox');
    await openChat(bo.page, 'Ana');
    await expect(message(bo.page, 'from Firefox')).toBeVisible();
    await send(bo.page, 'and back');
    await expect(message(page, 'and back')).toBeVisible();

    await cable.cut();
    await send(page, 'written offline');
    await expect(message(page, 'written offline')).toHaveAttribute('data-state', 'queued');
    await expect(connection(page)).toContainText('1 waiting');
    await cable.mend();
    await expect(message(bo.page, 'written offline')).toBeVisible();

    await goTo(page, 'You');
    await page.getByRole('button', { name: 'Lock now' }).click();
    await unlock(page);
    await openChat(page, 'Bo');
    await expect(message(page, 'and back')).toBeVisible();
    await browser.close();
    await cable.dispose();
  });
} else console.warn('NOT TESTED: firefox.spec.ts needs `apt-get install firefox-esr`.');
