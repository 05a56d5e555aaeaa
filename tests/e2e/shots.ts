import type { Page } from '@playwright/test';
import { expect, goTo, test } from './fixtures.ts';
import { furnish, screens } from './screens.ts';

const sizes = { phone: { width: 360, height: 740 }, desktop: { width: 1280, height: 800 } } as const;

async function shoot(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.screenshot({ path: `shots/${name}-${colorScheme}.png`, animations: 'disabled' });
  }
}

test('takes a picture of every screen', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  const { page } = ana;
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport);
    await shoot(page, `${size}-first-run`);
  }
  await furnish(ana, bo);
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport);
    for (const screen of screens) {
      await screen.open(page);
      await shoot(page, `${size}-${screen.name}`);
    }
    await page.keyboard.press('Escape');
  }
  await goTo(page, 'You');
  await page.getByRole('button', { name: 'Lock now' }).click();
  await expect(page.getByRole('button', { name: 'Unlock' })).toBeVisible();
  await shoot(page, 'desktop-locked');
});
