import { expect, getToKnow, goTo, PASSPHRASE, send, startDirect, test, type Person } from './fixtures.ts';

/** Shares as another app does, through the share target of the manifest. */
const share = (person: Person, fields: Readonly<Record<string, string>>): Promise<number> =>
  person.page.evaluate(async (entries) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(entries)) form.set(name, value);
    const answer = await fetch('/share', { method: 'POST', body: form, redirect: 'manual' });
    return answer.status;
  }, fields);

const shownTo = (person: Person): Promise<string[]> =>
  person.page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    return (await registration.getNotifications()).map(({ title, body }) => `${title}|${body}`);
  });

test('what another app shares waits for the passphrase, off the disk and without a network, and becomes a draft', async ({
  relay,
  join,
}) => {
  const ana = await join('Ana');
  const { page } = ana;
  await page.evaluate(() => navigator.serviceWorker.ready);
  await relay.stop();
  await share(ana, { title: 'A hut', url: 'https://example.org/hut' });
  await page.goto(ana.cable.origin);
  await page.getByRole('textbox', { name: 'Passphrase' }).fill(PASSPHRASE);
  await page.getByRole('button', { name: 'Unlock' }).click();
  const dialog = page.getByRole('dialog', { name: 'Where does it go?' });
  await expect(dialog).toContainText('https://example.org/hut');
  await dialog.getByRole('button', { name: 'Notes to yourself' }).click();
  await expect(page.getByRole('textbox', { name: 'Message' })).toHaveValue('A hut\nhttps://example.org/hut');
  await expect(page).toHaveURL(/\/chats\/[\w-]+$/);
});

test('a notification tells of something new, and what it says only where one chose that', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'hello');
  await expect(bo.page.getByRole('link', { name: 'Chats' })).toBeVisible();
  await ana.context.grantPermissions(['notifications'], { origin: ana.cable.origin });
  await goTo(ana.page, 'You');
  await ana.page.evaluate(() => Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' }));

  await startDirect(bo.page, 'Ana');
  await send(bo.page, 'the first secret');
  await expect.poll(() => shownTo(ana)).toEqual(['Something new in Cairn|']);
  await ana.page.getByRole('link', { name: 'Notifications and privacy' }).click();
  await ana.page.getByRole('switch', { name: 'Show what a message says' }).check();
  await send(bo.page, 'the second one');
  await expect.poll(() => shownTo(ana)).toEqual(['Bo|the second one']);

  await ana.page.getByRole('radio', { name: 'None' }).check();
  await send(bo.page, 'the third one');
  await expect(ana.page.getByRole('navigation', { name: 'Main' })).toContainText('3');
  expect(await shownTo(ana)).toEqual(['Bo|the second one']);
});
