import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownEnvironment, root } from './setupRun.mjs';
import { countsFromReport } from './testCounts.mjs';

/**
 * `npm test [step …]`: everything that must be green. A step that fails does not keep the others from
 * running. The last line is `N passed, N failed`: the tests of all runners, and one failure for each
 * step that broke otherwise.
 */
const reports = mkdtempSync(join(tmpdir(), 'cairn-test-'));
const reportOf = (/** @type {string} */ name) => join(reports, `${name}.json`);

/**
 * @typedef {{ name: string; minutes: number; command: string; runner?: 'vitest' | 'playwright' }} Step
 * @type {readonly Step[]}
 */
const steps = [
  // Words and types of routes are generated; tests read them too.
  { name: 'sync', minutes: 2, command: 'npm run --silent sync' },
  { name: 'check', minutes: 12, command: 'node scripts/check.mjs' },
  { name: 'node', minutes: 30, runner: 'vitest', command: vitest('node') },
  { name: 'browser', minutes: 10, runner: 'vitest', command: vitest('browser') },
  { name: 'build', minutes: 6, command: 'npm run --silent build' },
  { name: 'size', minutes: 1, command: 'node scripts/size.mjs --limit' },
  { name: 'e2e', minutes: 25, runner: 'playwright', command: 'playwright test --reporter=list,json' },
];

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`No such step: ${unknown.join(', ')}. There are: ${steps.map((step) => step.name).join(', ')}.`);
  process.exit(2);
}

const total = { passed: 0, failed: 0, skipped: 0 };
/** @type {string[]} */
const summary = [];
for (const step of steps) {
  if (isChosen(step)) await take(step);
}
rmSync(reports, { recursive: true, force: true });
if (total.passed === 0 && steps.some((step) => step.runner !== undefined && isChosen(step))) {
  total.failed ||= 1;
  summary.push('no test ran');
}

console.log(`\n${summary.join('\n')}\n`);
console.log(`${total.passed} passed, ${total.failed} failed` + (total.skipped > 0 ? `, ${total.skipped} skipped` : ''));
process.exit(total.failed === 0 ? 0 : 1);

/** @param {Step} step */
function isChosen(step) {
  return chosen.length === 0 || chosen.includes(step.name) || step.name === 'sync';
}

/** @param {string} project */
function vitest(project) {
  const report = reportOf(project);
  return `vitest run --project ${project} --reporter=default --reporter=json --outputFile.json=${report}`;
}

/** @param {Step} step */
async function take(step) {
  console.log(`\n── ${step.name} ──`);
  const started = performance.now();
  const ending = await runStep(step);
  const seconds = Math.round((performance.now() - started) / 1000);
  const counts = step.runner === undefined ? undefined : countsFromReport(step.runner, reportOf(step.name));
  if (counts !== undefined) {
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  // Ended badly without a failed test to show for it: the step itself is the failure.
  const isBroken = (ending !== 'ok' && !counts?.failed) || (step.runner !== undefined && counts === undefined);
  if (isBroken) total.failed++;
  const said = counts === undefined ? '' : `: ${counts.passed} passed, ${counts.failed} failed`;
  const isClean = ending === 'ok' && !isBroken && !counts?.failed;
  summary.push(`${isClean ? '✓' : '✗'} ${step.name} (${seconds} s)${said}${ending === 'ok' ? '' : ` [${ending}]`}`);
}

/**
 * Runs a step in its own process group, so that one that hangs is ended with all it started.
 * @param {Step} step
 * @returns {Promise<string>} `ok`, or how it ended
 */
function runStep({ name, command, minutes }) {
  const env = { ...ownEnvironment(), PLAYWRIGHT_JSON_OUTPUT_FILE: reportOf(name) };
  const ownGroup = process.platform !== 'win32';
  return new Promise((resolve) => {
    const child = spawn(command, {
      cwd: root,
      shell: true,
      stdio: ['ignore', 'inherit', 'inherit'],
      env,
      detached: ownGroup,
    });
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      if (child.pid !== undefined) process.kill(ownGroup ? -child.pid : child.pid, 'SIGKILL');
    }, minutes * 60_000);
    const end = (/** @type {string} */ how) => {
      clearTimeout(timer);
      resolve(isLate ? `stopped after ${minutes} min` : how);
    };
    child.on('error', (error) => end(error.message));
    child.on('close', (code, signal) => end(code === 0 ? 'ok' : `ended with ${code ?? signal}`));
  });
}
