import { readdirSync } from 'node:fs';
import { expect, test } from './fixtures.ts';

test('pages, scripts, files and the relay answer with the security headers', async ({ relay, request }) => {
  const workers = '_app/immutable/workers';
  const worker = readdirSync(`build/client/${workers}`).find((name) => name.endsWith('.js'));
  const headersOf = async (path: string) => (await request.get(`http://127.0.0.1:${relay.port}${path}`)).headers();

  for (const path of [
    '/',
    '/chats',
    '/no-such-page',
    `/${workers}/${worker}`,
    '/_app/version.json',
    '/api/v1/catch-up',
  ]) {
    expect(await headersOf(path), path).toMatchObject({
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'permissions-policy': expect.stringContaining('microphone=(self)'),
    });
  }
  const page = (await headersOf('/'))['content-security-policy'] ?? '';
  expect(page).toContain("default-src 'none'");
  expect(page).toContain("require-trusted-types-for 'script'");
  expect(page).not.toContain("'unsafe-inline'");
  expect(page).not.toContain("'unsafe-eval'");
  // A worker lives under the policy of its own script: these two hold keys and log in.
  for (const path of [`/${workers}/${worker}`, '/service-worker.js']) {
    expect((await headersOf(path))['content-security-policy'], path).toContain("default-src 'none'");
  }
});

test('the app breaks none of its policy, and text that is made into code does not run', async ({ join }) => {
  const ana = await join('Ana');
  const refusals: string[] = [];
  ana.context.on('console', (message) => {
    if (/Content Security Policy|TrustedHTML|TrustedScript/.test(message.text())) refusals.push(message.text());
  });
  const page = await ana.newTab();
  for (const name of ['People', 'Files', 'You', 'Chats']) {
    await page.getByRole('link', { name, exact: true }).first().click();
    await expect(page.getByRole('link', { name, exact: true }).first()).toHaveAttribute('aria-current', 'page');
  }
  await page.getByRole('link', { name: 'People', exact: true }).first().click();
  await page.getByRole('button', { name: 'My invite code' }).click();
  await expect(page.getByRole('dialog', { name: 'My invite code' })).toBeVisible();
  expect(refusals).toEqual([]);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);

  const attempts = await page.evaluate(async () => {
    const outcome = async (attempt: () => unknown) => {
      try {
        await attempt();
        return 'done';
      } catch (thrown) {
        return thrown instanceof Error ? thrown.name : 'refused';
      }
    };
    return {
      html: await outcome(() => (document.createElement('div').innerHTML = '<img src="x" onerror="alert(1)">')),
      script: await outcome(() => (document.createElement('script').text = 'alert(1)')),
      worker: await outcome(() => new Worker('data:text/javascript,1')),
      policy: await outcome(() =>
        (
          globalThis as unknown as { trustedTypes: { createPolicy(name: string, rules: object): object } }
        ).trustedTypes.createPolicy('mine', {}),
      ),
      elsewhere: await outcome(() => fetch('http://127.0.0.2:9/')),
    };
  });
  expect(attempts).toEqual({
    html: 'TypeError',
    script: 'TypeError',
    worker: 'TypeError',
    policy: 'TypeError',
    elsewhere: 'TypeError',
  });
  // A fetch of what is not there fails as well: it must have been the policy.
  await expect.poll(() => refusals.some((text) => text.includes('connect-src'))).toBe(true);
});
