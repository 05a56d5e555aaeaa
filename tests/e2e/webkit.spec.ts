import { existsSync } from 'node:fs';
import { createCable } from './cable.ts';
import { expect, inviteCode, message, openChat, PASSPHRASE, send, test } from './fixtures.ts';
import { openWebKit, WEBKIT_DRIVER } from './webkit/driver.ts';

if (existsSync(WEBKIT_DRIVER)) {
  test('WebKitGTK: an account, a chat, without a network, reconnected, locked', async ({ relay, join }) => {
    const bo = await join('Bo');
    const code = await inviteCode(bo.page);
    const cable = await createCable(relay.port);
    const page = await openWebKit();
    const stateOf = (text: string): Promise<string | null> =>
      page.run(
        `return [...document.querySelectorAll('article')].find((one) => one.textContent.includes(arguments[0]))
        ?.dataset.state ?? null`,
        text,
      );
    try {
      await page.goto(cable.origin);
      await page.click('button', 'Create account');
      await page.fill('textbox', 'Your name', 'Ana');
      await page.fill('textbox', 'Passphrase', PASSPHRASE);
      await page.fill('textbox', 'Repeat passphrase', PASSPHRASE);
      await page.click('button', 'Create account');
      await page.see('button', 'New chat');

      await page.click('link', /^People$/);
      await page.click('button', 'Add person');
      await page.fill('textbox', 'Invite code', code);
      await page.click('button', 'Add');
      await page.see('link', 'Bo');
      await page.click('link', /^Chats$/);
      await page.click('button', 'New chat');
      await page.click('button', /^Direct chat/);
      await page.click('button', 'Bo');
      await page.fill('textbox', 'Message', 'from WebKit');
      await page.click('button', 'Send');
      await page.see('article', 'from WebKit');
      await openChat(bo.page, 'Ana');
      await expect(message(bo.page, 'from WebKit')).toBeVisible();
      await send(bo.page, 'and back');
      await page.see('article', 'and back');

      await cable.cut();
      await page.fill('textbox', 'Message', 'written offline');
      await page.click('button', 'Send');
      await expect.poll(() => stateOf('written offline')).toBe('queued');
      await page.see('status', '1 waiting');
      await cable.mend();
      await expect(message(bo.page, 'written offline')).toBeVisible({ timeout: 60_000 });

      await page.click('link', /^You$/);
      await page.click('button', /^Lock now/);
      await page.fill('textbox', 'Passphrase', PASSPHRASE);
      await page.click('button', 'Unlock');
      await page.click('link', /^Bo/);
      await page.see('article', 'and back');
    } finally {
      await page.close();
      await cable.dispose();
    }
  });
} else console.warn('NOT TESTED: webkit.spec.ts needs `apt-get install webkit2gtk-driver xvfb`.');
