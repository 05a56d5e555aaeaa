import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { furnish, screens } from './screens.ts';

/**
 * What stands out of the screen to the side, as a person at 400 % zoom on a desktop meets it (WCAG 2.2, 1.4.10):
 * 1280 px become 320. What scrolls by itself, such as code, may be wider than its frame.
 */
const wide = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const scrollsItself = (box: Element): boolean => {
      for (let at = box.parentElement; at !== null; at = at.parentElement) {
        const { overflowX } = getComputedStyle(at);
        if (overflowX !== 'visible' && at.getBoundingClientRect().right <= width + 1) return true;
      }
      return false;
    };
    const found = [...document.querySelectorAll('body *')]
      .filter((box) => box.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
      .filter((box) => {
        const { left, right, width: own } = box.getBoundingClientRect();
        return own > 1 && (right > width + 1 || left < -1) && !scrollsItself(box);
      })
      .map((box) => `${box.localName}.${box.className.toString()} ${box.textContent.trim().slice(0, 40)}`);
    if (document.documentElement.scrollWidth > width) found.push('the page scrolls to the side');
    return found;
  });

/** What moves although the person asked for little motion. */
const moving = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    document.getAnimations().flatMap((animation) => {
      const { effect } = animation;
      const timing = effect?.getComputedTiming();
      const isShort = Number(timing?.duration ?? 0) * (timing?.iterations ?? 1) <= 10;
      if (animation.playState !== 'running' || isShort) return [];
      return [`${(effect as KeyframeEffect | null)?.target?.localName ?? '?'} moves`];
    }),
  );

/** Controls that have nothing to be seen by where the system chooses the colours. */
const unseen = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const isFramed = (box: Element | null): boolean => {
      if (box === null) return false;
      const { borderBlockEndStyle, outlineStyle, appearance } = getComputedStyle(box);
      return [borderBlockEndStyle, outlineStyle, appearance].some((style) => style !== 'none');
    };
    // A field may stand with its icon in one frame.
    const isPainted = (box: Element): boolean =>
      box.textContent.trim() !== '' ||
      box.querySelector('svg, img') !== null ||
      isFramed(box) ||
      isFramed(box.parentElement);
    return [...document.querySelectorAll('button, [role=switch], input, textarea, select')]
      .filter((box) => box.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
      .filter((box) => box.getBoundingClientRect().width > 1 && !isPainted(box))
      .map((box) => `${box.localName} ${box.getAttribute('aria-label') ?? ''} ${box.className.toString()}`);
  });

test('every screen fits at four times its size, keeps still for who asks it to, and shows in forced colours', async ({
  join,
}) => {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await furnish(ana, bo);
  const found: string[] = [];
  for (const screen of screens) {
    await ana.page.setViewportSize({ width: 1280, height: 800 });
    await screen.open(ana.page);
    await ana.page.emulateMedia({ reducedMotion: 'reduce', forcedColors: 'active' });
    found.push(...(await moving(ana.page)).map((one) => `${screen.name}: ${one}`));
    found.push(...(await unseen(ana.page)).map((one) => `${screen.name}, forced colours: ${one}`));
    await ana.page.setViewportSize({ width: 320, height: 480 });
    found.push(...(await wide(ana.page)).map((one) => `${screen.name}, 320 px: ${one}`));
  }
  expect(found).toEqual([]);
});
