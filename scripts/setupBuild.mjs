import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownEnvironment, root, run } from './setupRun.mjs';

/** What the production build is made from. */
const SOURCES = [
  'src',
  'static',
  'patches',
  'scripts',
  'package.json',
  'package-lock.json',
  'svelte.config.js',
  'tsconfig.json',
  'vite.config.ts',
];
/** Made by the build itself. */
const GENERATED = 'src/lib/ui/paraglide';
/** Holds the hash of the sources that the build was made from. */
const STAMP = join(root, 'build', '.sources');

/** Builds for production, unless the build that is there was made from the same sources. */
export function ensureBuild() {
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hashOfSources()) return;
  console.log('Building …');
  run('npm', ['run', '--silent', 'build'], { env: ownEnvironment() });
}

/** Notes what the build was made from; the end of `npm run build`. */
export function markBuilt() {
  writeFileSync(STAMP, hashOfSources());
}

function hashOfSources() {
  const hash = createHash('sha256');
  for (const path of SOURCES.flatMap(filesUnder)) {
    const content = readFileSync(join(root, path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/**
 * @param {string} path relative to the clone; a file or a folder
 * @returns {string[]} all files in it, in a stable order
 */
function filesUnder(path) {
  if (path === GENERATED || !existsSync(join(root, path))) return [];
  try {
    const names = readdirSync(join(root, path)).sort();
    return names.flatMap((name) => filesUnder(`${path}/${name}`));
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOTDIR') return [path];
    throw thrown;
  }
}
