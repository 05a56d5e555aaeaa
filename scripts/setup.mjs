import { ensureBrowser } from './setupBrowser.mjs';
import { ensureBuild, markBuilt } from './setupBuild.mjs';
import { ensureInstalled } from './setupInstall.mjs';

/**
 * Makes a clone ready: `node scripts/setup.mjs install build browser`, in any selection. Each step does
 * nothing where there is nothing to do. It runs before anything is installed, under whatever Node the
 * machine has (18 or newer), so it is plain JavaScript and imports nothing but Node's own modules.
 */
/** @type {Record<string, () => void>} */
const steps = { install: ensureInstalled, build: ensureBuild, browser: ensureBrowser, built: markBuilt };

for (const name of process.argv.slice(2)) {
  const step = steps[name];
  if (step === undefined) {
    console.error(`No such step: ${name}. There are: ${Object.keys(steps).join(', ')}.`);
    process.exit(2);
  }
  try {
    step();
  } catch (thrown) {
    console.error(`\nSetup stopped at "${name}": ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    process.exit(1);
  }
}
