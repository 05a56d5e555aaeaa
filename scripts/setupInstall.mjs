import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isWindows, root, run, runNpm } from './setupRun.mjs';

/** Installs what package-lock.json names, unless exactly that is already there, and the project's own Node. */
export function ensureInstalled() {
  if (!isInstalled() || !isPatchable()) {
    console.log('Installing the packages of package-lock.json …');
    runNpm(['ci', '--include=dev', '--no-audit', '--no-fund']);
  }
  ensureNode();
  // Also where npm runs no scripts. Applying patches again changes nothing.
  run(process.execPath, [patchScript], { stdio: ['ignore', 'ignore', 'inherit'] });
}

const patchScript = join(root, 'scripts', 'applyPatches.mjs');

/** Whether every package of the lock is installed in its version, by npm's own record inside node_modules. */
function isInstalled() {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const present = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined) throw new Error('package-lock.json is missing or damaged');
  if (present === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const there = present[path];
    // Optional packages are left out where they are for another system.
    return there === undefined ? entry.optional === true : there.version === entry.version;
  });
}

/**
 * @param {string} lockFile
 * @returns {Record<string, { version?: string; optional?: boolean }> | undefined}
 */
function packagesOf(lockFile) {
  if (!existsSync(lockFile)) return undefined;
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * The package `node` fetches its binary in an install script. Where npm was told to run no scripts
 * (`ignore-scripts`, or npm 12 without `allowScripts`), that script is run here.
 */
function ensureNode() {
  const folder = join(root, 'node_modules', 'node');
  const wanted = `v${JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version}`;
  const linked = join(root, 'node_modules', '.bin', isWindows ? 'node.cmd' : 'node');
  if (versionOf(linked) === wanted) return;
  console.log(`npm did not run the install script of the package "node"; running it to get Node ${wanted} …`);
  run(process.execPath, ['installArchSpecificPackage.js'], { cwd: folder });
  // npm links no program that was not there yet.
  if (!existsSync(linked)) runNpm(['rebuild', '--ignore-scripts', 'node']);
  const found = versionOf(linked);
  if (found !== wanted) {
    throw new Error(
      `node_modules/.bin/node is ${found ?? 'missing'}, not ${wanted}. Delete node_modules and try again.`,
    );
  }
}

/** @param {string} node path of the program */
function versionOf(node) {
  const answer = spawnSync(node, ['--version'], { encoding: 'utf8', shell: isWindows });
  return answer.status === 0 ? answer.stdout.trim() : undefined;
}

/** Whether our patches of dependencies are applied or can be: not where an earlier version of one was applied. */
function isPatchable() {
  return spawnSync(process.execPath, [patchScript], { cwd: root, stdio: 'ignore' }).status === 0;
}
