import AxeBuilder from '@axe-core/playwright';
import { expect, OPERATOR_TOKEN, test } from './fixtures.ts';

test('the operator sees what the relay holds and does, as charts and tables; others see nothing', async ({
  relay,
  join,
  browser,
  request,
}) => {
  const address = `http://127.0.0.1:${relay.port}/api/operator`;
  const ana = await join('Ana');

  // Not with an account, and not from a page that the service worker answers for.
  const page = await ana.newTab();
  await page.getByRole('link', { name: 'Chats', exact: true }).first().waitFor();
  const fromPage = await page.evaluate(async (path) => {
    const answer = await fetch(path, { credentials: 'omit' });
    return { status: answer.status, body: await answer.text() };
  }, '/api/operator');
  expect(fromPage).toEqual({ status: 401, body: 'for the operator\n' });
  for (const shown of ['operator:a guess', `${OPERATOR_TOKEN}:`]) {
    const headers = { authorization: `Basic ${btoa(shown)}` };
    expect((await request.get(address, { headers })).status()).toBe(401);
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({
      colorScheme,
      viewport: { width: 360, height: 740 },
      httpCredentials: { username: 'operator', password: OPERATOR_TOKEN },
    });
    const shown = await context.newPage();
    const requests: string[] = [];
    shown.on('request', (asked) => requests.push(new URL(asked.url()).pathname));
    expect((await shown.goto(address))?.status()).toBe(200);
    await expect(shown.getByRole('heading', { level: 1, name: 'Cairn relay' })).toBeVisible();
    await expect(shown.getByRole('row', { name: 'Accounts 1' })).toBeVisible();
    const chart = shown.getByRole('img', { name: /^Requests: \d+ now, \d+ at most$/ });
    await expect(chart).toBeVisible();
    expect(await chart.locator('rect').count()).toBeGreaterThan(0);
    await shown.getByText('Requests, value by value', { exact: true }).click();
    await expect(shown.getByRole('table').filter({ hasText: 'Requests' }).first()).toBeVisible();
    // The document is all there is: no script, no file of the app.
    expect(requests.filter((path) => path !== '/favicon.ico')).toEqual(['/api/operator']);
    expect(await shown.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
    expect(await shown.evaluate(() => getComputedStyle(document.body).backgroundColor)).not.toBe('');
    expect((await new AxeBuilder({ page: shown }).analyze()).violations).toEqual([]);
    await context.close();
  }
});
