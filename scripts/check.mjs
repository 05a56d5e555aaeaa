import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ownEnvironment, root, run } from './setupRun.mjs';

/**
 * `npm run check [part …]`: everything that can be said about the code without running it. All parts
 * run, also after one has failed, two at a time; what a part printed is shown when it ends.
 */
/** @type {Record<string, string>} */
const parts = {
  types: 'npm run --silent types',
  'types-service-worker': 'tsc --noEmit -p src/service-worker/tsconfig.json',
  lint: 'npm run --silent lint',
  layers: 'npm run --silent layers',
  unused: 'npm run --silent unused',
  format: 'npm run --silent format:check',
  lock: 'node scripts/completeLock.mjs --check',
  schema: 'node scripts/schemaDoc.mjs --check',
};
if (!existsSync(join(root, 'src', 'service-worker', 'tsconfig.json'))) delete parts['types-service-worker'];

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in parts));
if (unknown.length > 0) {
  console.error(`No such part: ${unknown.join(', ')}. There are: ${Object.keys(parts).join(', ')}.`);
  process.exit(2);
}

run('npm', ['run', '--silent', 'sync'], { env: ownEnvironment() });
const waiting = chosen.length > 0 ? chosen : Object.keys(parts);
/** @type {string[]} */
const failed = [];
await Promise.all([worker(), worker()]);
console.log(failed.length === 0 ? 'check: all clean' : `check: failed: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);

async function worker() {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const started = performance.now();
    const { ok, output } = await runPart(parts[name] ?? '');
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${ok ? '✓' : '✗'} ${name} (${seconds} s)`);
    if (!ok) {
      failed.push(name);
      console.log(output);
    }
  }
}

/**
 * @param {string} command
 * @returns {Promise<{ ok: boolean; output: string }>}
 */
function runPart(command) {
  return new Promise((resolve) => {
    const child = spawn(command, { cwd: root, shell: true, env: { ...ownEnvironment(), NO_COLOR: '1' } });
    let output = '';
    const collect = (/** @type {Buffer} */ chunk) => (output += chunk.toString());
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}
