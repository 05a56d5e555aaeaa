#!/usr/bin/env node
// Applies patches/*.mjs to node_modules. Runs after every install; a second run changes nothing.
//   node scripts/applyPatches.mjs           apply
//   node scripts/applyPatches.mjs --check   only say whether everything is applied (exit code 1 if not)
// It fails, and changes nothing, when a package has another version or a file has any content other
// than the one the patch was written for.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * @typedef {{ why: string, find: string, replace: string }} Change
 * @typedef {{ file: string, before: string, after: string, changes: Change[] }} PatchedFile  SHA-256 before and after
 * @typedef {{ package: string, version: string, files: PatchedFile[] }} Patch
 */

/**
 * Applies one patch below `modules`; throws before anything is written when a check fails.
 * @param {Patch} patch
 * @param {string} modules
 * @param {{ checkOnly?: boolean }} [options]
 */
export function applyPatch(patch, modules, { checkOnly = false } = {}) {
  const folder = join(modules, patch.package);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (version !== patch.version) {
    throw new Error(`${patch.package} is ${version}; the patch is for exactly ${patch.version}`);
  }
  const work = patch.files.map((entry) => plan(entry, join(folder, entry.file)));
  const open = work.filter((step) => step !== undefined);
  if (checkOnly && open.length > 0) {
    throw new Error(`${patch.package}: not applied to ${open.map((step) => step.path).join(', ')}`);
  }
  for (const step of open) {
    const temporary = `${step.path}.patching-${process.pid}`;
    writeFileSync(temporary, step.text);
    renameSync(temporary, step.path);
  }
  // What Vite bundled for development holds the old text.
  if (open.length > 0) rmSync(join(modules, '.vite', 'deps', '_metadata.json'), { force: true });
  return { applied: open.length, already: work.length - open.length };
}

/**
 * The new text of one file, or `undefined` where it is patched already.
 * @param {PatchedFile} entry
 * @param {string} path
 */
function plan(entry, path) {
  const original = readFileSync(path, 'utf8');
  const hash = sha256(original);
  if (hash === entry.after) return undefined;
  if (hash !== entry.before)
    throw new Error(`${path}: unexpected content, sha256 ${hash}; delete the package and install again`);
  let text = original;
  for (const change of entry.changes) {
    const pieces = text.split(change.find);
    if (pieces.length !== 2)
      throw new Error(`${path}: text to change occurs ${pieces.length - 1} times: ${change.why}`);
    text = pieces.join(change.replace);
  }
  if (sha256(text) !== entry.after) throw new Error(`${path}: patched content has sha256 ${sha256(text)}`);
  return { path, text };
}

/** @param {string} text */
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    for (const name of readdirSync(join(root, 'patches')).sort()) {
      if (!name.endsWith('.mjs')) continue;
      const { default: patch } = await import(pathToFileURL(join(root, 'patches', name)).href);
      const done = applyPatch(patch, join(root, 'node_modules'), { checkOnly: process.argv.includes('--check') });
      console.log(`${name}: ${done.applied} files patched, ${done.already} were already`);
    }
  } catch (error) {
    console.error(`Patching failed: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
