import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setupRun.mjs';

/**
 * `npm run lock`, after adding a dependency: names in package-lock.json the builds for other systems that
 * npm left out because its registry had no copy of them: `npm ci` refuses a lock without them, on every
 * system. Their hashes are not known, so npm installs them unchecked on the systems that need them. With
 * `--check` it only says whether any is missing.
 */
const lockFile = join(root, 'package-lock.json');
/** @type {{ packages: Record<string, Entry> }} */
const lock = JSON.parse(readFileSync(lockFile, 'utf8'));
/**
 * @typedef {object} Entry
 * @property {string} [version]
 * @property {boolean} [dev]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 * @property {Record<string, string>} [optionalDependencies]
 */

const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
  Object.entries(entry.optionalDependencies ?? {})
    .filter(([name]) => find(path, name) === undefined)
    .map(([name, range]) => ({ by: path, isDev: entry.dev === true, name, range })),
);

if (process.argv.includes('--check')) {
  if (missing.length > 0) {
    console.error(`package-lock.json lacks ${missing.map(({ name }) => name).join(', ')}: run \`npm run lock\`.`);
    process.exit(1);
  }
} else {
  for (const { by, isDev, name, range } of missing) {
    const path =
      lock.packages[`node_modules/${name}`] === undefined ? `node_modules/${name}` : `${by}/node_modules/${name}`;
    lock.packages[path] = {
      version: range.replace(/^[~^]/, ''),
      ...systemOf(name),
      ...(isDev ? { dev: true } : {}),
      optional: true,
    };
  }
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  writeFileSync(lockFile, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, undefined, 2)}\n`);
  console.log(`package-lock.json: ${missing.length} builds for other systems added`);
}

/**
 * The entry that `name` leads to, asked from the package at `from`, by Node's rule of looking upwards.
 * @param {string} from @param {string} name
 */
function find(from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    const found = lock.packages[folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`];
    if (found !== undefined || folder === '') return found;
  }
}

/**
 * The system that a build is for, from its name, which is all there is: `…-linux-arm64-musl`.
 * @param {string} name
 * @returns {Pick<Entry, 'os' | 'cpu' | 'libc'>}
 */
function systemOf(name) {
  const parts = name.split('/').at(-1)?.split(/[-.]/) ?? [];
  const os = [
    'aix',
    'android',
    'darwin',
    'freebsd',
    'linux',
    'netbsd',
    'openbsd',
    'openharmony',
    'sunos',
    'win32',
  ].find((it) => parts.includes(it));
  const cpu = ['arm64', 'arm', 'x64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32'].find((it) =>
    parts.includes(it),
  );
  const libc =
    os !== 'linux'
      ? undefined
      : parts.some((it) => it.startsWith('musl'))
        ? 'musl'
        : parts.some((it) => it.startsWith('gnu'))
          ? 'glibc'
          : undefined;
  // In npm's own order of keys.
  return {
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(libc === undefined ? {} : { libc: [libc] }),
    ...(os === undefined ? {} : { os: [os] }),
  };
}
