import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, goTo, test } from './fixtures.ts';
import { furnish, screens } from './screens.ts';

/** What axe finds on the screen, a line for each. */
async function findings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.any[0]?.message ?? ''}`),
  );
}

async function inBothThemes(page: Page, name: string, found: string[]): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    found.push(...(await findings(page)).map((one) => `${name}, ${colorScheme}: ${one}`));
  }
}

test('axe finds nothing on any screen, in neither theme', async ({ join }) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  const found: string[] = [];
  await inBothThemes(ana.page, 'first run', found);
  await furnish(ana, bo);
  for (const screen of screens) {
    await screen.open(ana.page);
    await inBothThemes(ana.page, screen.name, found);
  }
  await ana.page.keyboard.press('Escape');
  await goTo(ana.page, 'You');
  await ana.page.getByRole('button', { name: 'Lock now' }).click();
  await expect(ana.page.getByRole('button', { name: 'Unlock' })).toBeVisible();
  await inBothThemes(ana.page, 'locked', found);
  expect(found).toEqual([]);
});
