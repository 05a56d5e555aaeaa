import { defineConfig } from '@playwright/test';
import { chromiumLaunch } from './scripts/chromium.mjs';

// The tests drive the production build (`npm run build` first). Each starts its own relay on its own
// port with its own data, so there is no common server here.
export default defineConfig({
  testDir: 'tests/e2e',
  testMatch: '*.spec.ts',
  outputDir: 'test-results',
  // Two cores: a person's Argon2id and post-quantum keys take most of one.
  workers: 2,
  fullyParallel: false,
  // A test that passes only sometimes is a failed test.
  retries: 0,
  forbidOnly: true,
  timeout: 240_000,
  // Long enough for a machine that does other things too: one that has what it waits for waits no longer.
  expect: { timeout: 30_000 },
  reporter: 'list',
  use: {
    launchOptions: chromiumLaunch(),
    viewport: { width: 1280, height: 800 },
    trace: 'off',
    video: 'off',
    screenshot: 'off',
  },
  projects: [{ name: 'chromium', use: { browserName: 'chromium' } }],
});
