import { spawnSync } from 'node:child_process';
import { delimiter, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the clone. */
export const root = fileURLToPath(new URL('..', import.meta.url));

const binFolder = join(root, 'node_modules', '.bin');
export const isWindows = process.platform === 'win32';

/**
 * Runs a command to its end, showing what it prints.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string; env?: NodeJS.ProcessEnv; stdio?: import('node:child_process').StdioOptions }} [options]
 * @throws {Error} where it can't be started or ends with anything but 0
 */
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: isWindows, ...options });
  if (done.error !== undefined) throw new Error(`${command} could not be started: ${done.error.message}`);
  if (done.status !== 0)
    throw new Error(`\`${[command, ...args].join(' ')}\` ended with ${done.status ?? done.signal}`);
}

/**
 * Runs the npm that called us, else the one on the PATH, under a Node that is not inside `node_modules`:
 * npm may be about to replace that folder.
 * @param {readonly string[]} args
 */
export function runNpm(args) {
  const node = process.env['npm_node_execpath'];
  const npm = process.env['npm_execpath'];
  const env = { ...process.env, PATH: withoutModules(process.env['PATH'] ?? '') };
  if (node === undefined || npm === undefined || isInsideModules(node)) run('npm', args, { env });
  else run(node, [npm, ...args], { env });
}

/** The environment in which `node` and every tool is the one that is installed in the clone. */
export const ownEnvironment = () => ({
  ...process.env,
  PATH: [binFolder, withoutModules(process.env['PATH'] ?? '')].join(delimiter),
});

/** @param {string} path */
const withoutModules = (path) =>
  path
    .split(delimiter)
    .filter((folder) => !isInsideModules(folder))
    .join(delimiter);

/** @param {string} path */
const isInsideModules = (path) => path.split(sep).includes('node_modules') && path.startsWith(root);
