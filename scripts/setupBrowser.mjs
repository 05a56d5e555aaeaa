import { existsSync, readFileSync } from 'node:fs';
import { chromiumPath } from './chromium.mjs';
import { ownEnvironment, run } from './setupRun.mjs';

/** Debian's packages of the other engines that the core story is told in, by the program that shows each is there. */
const OTHERS = {
  '/usr/bin/firefox-esr': ['firefox-esr'],
  '/usr/bin/WebKitWebDriver': ['webkit2gtk-driver', 'xvfb'],
};

/**
 * Makes sure that there is a browser to test in: `CHROMIUM_PATH`, else the system's Chromium, else
 * Debian's package where we may install it, else Playwright's own download. Where we may, Firefox and
 * WebKitGTK come along; elsewhere their tests say that they were skipped.
 */
export function ensureBrowser() {
  const chosen = process.env['CHROMIUM_PATH'];
  const isThere = chromiumPath() !== undefined;
  if (!isThere && chosen !== undefined && chosen !== '') {
    throw new Error(`CHROMIUM_PATH names no program: ${chosen}`);
  }
  const mayInstall = isDebian() && process.getuid?.() === 0;
  if (mayInstall) installFromDebian(isThere ? [] : ['chromium'], otherBrowsers());
  else if (!isThere) {
    console.log("Fetching Playwright's Chromium, unless it is there …");
    // The libraries that the browser needs come from the system; only root may install them.
    const withLibraries = process.platform === 'linux' && process.getuid?.() === 0 ? ['--with-deps'] : [];
    run('playwright', ['install', ...withLibraries, 'chromium'], { env: ownEnvironment() });
  }
}

/**
 * @param {readonly string[]} needed
 * @param {readonly string[]} wanted tests of them are skipped where they can't be had
 */
function installFromDebian(needed, wanted) {
  if (needed.length + wanted.length === 0) return;
  console.log(`Installing ${[...needed, ...wanted].join(', ')} from Debian …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = (/** @type {readonly string[]} */ packages) =>
    run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { env });
  try {
    run('apt-get', ['update'], { env });
    install([...needed, ...wanted]);
  } catch (thrown) {
    if (needed.length > 0) install(needed);
    else console.log(`Not installed: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

function otherBrowsers() {
  return Object.entries(OTHERS).flatMap(([program, packages]) => (existsSync(program) ? [] : packages));
}

function isDebian() {
  const release = '/etc/os-release';
  return existsSync(release) && /^ID="?debian"?$/m.test(readFileSync(release, 'utf8'));
}
