import { existsSync, readFileSync } from 'node:fs';
import { chromiumPath } from './chromium.mjs';
import { ownEnvironment, run } from './setupRun.mjs';

/**
 * Makes sure that there is a browser to test in: `CHROMIUM_PATH`, else the system's Chromium, else
 * Debian's package where we may install it, else Playwright's own download.
 */
export function ensureBrowser() {
  const chosen = process.env['CHROMIUM_PATH'];
  if (chromiumPath() !== undefined) return;
  if (chosen !== undefined && chosen !== '') throw new Error(`CHROMIUM_PATH names no program: ${chosen}`);
  if (isDebian() && process.getuid?.() === 0) {
    console.log('Installing Chromium from Debian …');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    run('apt-get', ['update'], { env });
    run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], { env });
  } else {
    console.log("Fetching Playwright's Chromium, unless it is there …");
    // The libraries that the browser needs come from the system; only root may install them.
    const withLibraries = process.platform === 'linux' && process.getuid?.() === 0 ? ['--with-deps'] : [];
    run('playwright', ['install', ...withLibraries, 'chromium'], { env: ownEnvironment() });
  }
}

function isDebian() {
  const release = '/etc/os-release';
  return existsSync(release) && /^ID="?debian"?$/m.test(readFileSync(release, 'utf8'));
}
