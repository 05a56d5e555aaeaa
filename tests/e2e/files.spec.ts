import { readFileSync } from 'node:fs';
import { cborFromValue } from '../../src/lib/protocol/wire.ts';
import { expect, getToKnow, message, messages, openChat, send, startDirect, test } from './fixtures.ts';

const PICTURE = 'static/icon-192.png';
const SPEAKING = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

test('pictures, files and voice go from one screen to the other, also when they were sent offline', async ({
  join,
}) => {
  const ana = await join('Ana', SPEAKING);
  const bo = await join('Bo');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'hello');
  await openChat(bo.page, 'Ana');

  // A picture waits with its message, seen at once by who sent it.
  await ana.cable.cut();
  await ana.page.getByRole('button', { name: 'Attach' }).click();
  const ways = ana.page.getByRole('group', { name: 'Attach' });
  await expect(ways.getByRole('button', { name: 'Photos and videos' })).toBeFocused();
  await ana.page.locator('input[type="file"][multiple][accept^="image"]').setInputFiles(PICTURE);
  await expect(ana.page.getByRole('list', { name: 'Files to send' }).getByText('icon-192.png')).toBeVisible();
  await ana.page.getByRole('textbox', { name: 'Message' }).fill('our cairn');
  await ana.page.getByRole('button', { name: 'Send' }).click();
  const own = message(ana.page, 'our cairn');
  await expect(own.getByRole('button', { name: 'Open picture icon-192.png' }).locator('img')).toBeVisible();
  await expect(own).toHaveAttribute('data-state', 'queued');
  await ana.cable.mend();
  const seen = message(bo.page, 'our cairn');
  await seen.getByRole('button', { name: 'Open picture icon-192.png' }).click();
  const box = bo.page.getByRole('dialog', { name: 'icon-192.png' });
  await expect(async () => {
    if (!(await box.getByRole('img', { name: 'icon-192.png' }).isVisible())) {
      await box.getByRole('button', { name: 'Close' }).click();
      await seen.getByRole('button', { name: 'Open picture icon-192.png' }).click();
    }
    await expect(box.getByRole('img', { name: 'icon-192.png' })).toBeVisible({ timeout: 1_000 });
  }).toPass();
  expect(await box.getByRole('img').evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(192);
  await bo.page.keyboard.press('Escape');
  await expect(box).toBeHidden();

  // Any file, saved byte for byte.
  await ana.page.getByRole('button', { name: 'Attach' }).click();
  await ana.page.locator('input[type="file"][multiple]:not([accept])').setInputFiles('LICENSE');
  const refusal = Buffer.from(cborFromValue({ code: 'quota-exceeded' }));
  await ana.context.route(/\/blobs$/u, (route) => route.fulfill({ status: 507, body: refusal }));
  await ana.page.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(messages(ana.page).last()).toContainText('Not uploaded');
  await ana.context.unrouteAll();
  await ana.page.getByRole('button', { name: 'Upload again' }).click();
  await expect(messages(ana.page).last()).not.toContainText('Not uploaded');
  const downloading = bo.page.waitForEvent('download');
  await expect(async () => {
    await bo.page.getByRole('button', { name: /^Save LICENSE/ }).click();
    await expect(bo.page.getByRole('button', { name: /^Save LICENSE/ }).locator('svg.lucide-file')).toBeVisible({
      timeout: 1_000,
    });
  }).toPass();
  const saved = await (await downloading).path();
  expect(readFileSync(saved).equals(readFileSync('LICENSE'))).toBe(true);

  // A voice message, recorded here and heard there at another speed.
  await ana.page.getByRole('button', { name: 'Attach' }).click();
  await ways.getByRole('button', { name: 'Voice message' }).click();
  const recorder = ana.page.getByRole('group', { name: 'Recording' });
  await expect(recorder.getByText('0:01')).toBeVisible();
  await recorder.getByRole('button', { name: 'Send recording' }).click();
  const voice = messages(bo.page)
    .last()
    .getByRole('group', { name: /^Voice message/ });
  await expect(voice).toBeVisible();
  await voice.getByRole('button', { name: 'Speed 1' }).click();
  await expect(async () => {
    await voice.getByRole('button', { name: 'Play' }).click();
    expect(await voice.locator('audio').evaluate((audio: HTMLAudioElement) => audio.src)).toMatch(/^blob:/);
  }).toPass();
  expect(await voice.locator('audio').evaluate((audio: HTMLAudioElement) => audio.playbackRate)).toBe(1.5);
});
