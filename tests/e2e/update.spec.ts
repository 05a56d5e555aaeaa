import { appendFileSync, cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, getToKnow, message, startDirect, test as base } from './fixtures.ts';

/** An app of which a new version can be put in place. */
const test = base.extend({
  // eslint-disable-next-line no-empty-pattern -- Playwright wants the braces.
  appFolder: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'cairn-app-'));
    for (const part of ['build', 'package.json', join('scripts', 'serve.mjs')])
      cpSync(part, join(folder, part), { recursive: true });
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    await use(folder);
    rmSync(folder, { recursive: true, force: true });
  },
});

test('a new version is offered, never while somebody writes, and taken when they say so', async ({
  join: comes,
  relay,
  appFolder,
}) => {
  const [ana, bo] = [await comes('Ana'), await comes('Bo')];
  const { page } = ana;
  await getToKnow(ana, bo);
  await startDirect(page, 'Bo');
  const field = page.getByRole('textbox', { name: 'Message', exact: true });
  await expect(field).toBeVisible();

  await relay.stop();
  const script = join(appFolder, 'build', 'client', 'service-worker.js');
  appendFileSync(script, '\n// Another version.\n');
  for (const packed of ['.br', '.gz']) rmSync(script + packed);
  await relay.start();
  const offer = page.getByRole('button', { name: 'Reload' });
  await page.evaluate(async () => {
    await (await navigator.serviceWorker.getRegistration())?.update();
  });
  await expect(offer).toBeVisible();
  await field.fill('in the middle of a');
  await expect(offer).toBeHidden();
  await field.press('Enter');
  await expect(message(page, 'in the middle of a')).toBeVisible();
  await expect(offer).toBeVisible();
  // What is being changed is in no draft, and would be gone.
  await field.press('ArrowUp');
  await expect(field).toHaveValue('in the middle of a');
  await expect(offer).toBeHidden();
  await field.press('Escape');
  await offer.click();
  await expect(page.getByRole('button', { name: 'Unlock' })).toBeVisible();
  expect(await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.waiting ?? null)).toBe(
    null,
  );
});
