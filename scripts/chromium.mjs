import { accessSync, constants } from 'node:fs';

/** The one place that says which browser the tests drive, and how. */

const SYSTEM_BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/**
 * Path of a Chromium that is already on this machine: `CHROMIUM_PATH`, else the system's.
 * @returns {string | undefined} `undefined` where Playwright's own browser is to be used.
 */
export function chromiumPath() {
  const chosen = process.env['CHROMIUM_PATH'];
  const candidates = chosen === undefined || chosen === '' ? SYSTEM_BROWSERS : [chosen];
  return candidates.find(isExecutable);
}

/** The browser talks to nothing but the pages under test, and needs no sandbox of its own in a container. */
const chromiumFlags = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-gpu',
];

/** Launch options for Playwright and for Vitest's Playwright provider. */
export function chromiumLaunch() {
  const executablePath = chromiumPath();
  return { args: chromiumFlags, ...(executablePath === undefined ? {} : { executablePath }) };
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
