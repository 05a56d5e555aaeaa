import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { graphFile } from './chunkGraph.mjs';
import { root } from './setupRun.mjs';

/**
 * What a person's device has to load from nothing to the first conversation: gzipped JavaScript of the
 * shell, the pages on the way and the worker, with everything these load by themselves. Printed after
 * every build; with `--limit`, as the tests run it, too much is a failure.
 */
const LIMIT_KB = 250;

/** Loaded on demand, and not on the way to a first conversation. */
const LATER = [
  // The menu of a message comes with the first right-click or long press.
  /^src\/lib\/ui\/conversation\/MessageMenu\.svelte$/,
  // A code can be read out, typed and pasted; drawing it as a picture comes after it as text.
  /node_modules\/qr\/index\.js$/,
  // Reading a QR code takes a camera or a picture that somebody chose.
  /node_modules\/qr\/decode\.js$/,
  /^src\/lib\/ui\/people\/CodeScanner\.svelte$/,
  // Pages that are not on the way, and what is shown when a page can't be.
  /^src\/routes\/(you|files)\//,
  /^src\/routes\/chats\/\[id\]\/details\//,
  /^src\/routes\/\+error\.svelte$/,
  /\.svelte-kit\/generated\/shared\/error-template\.js$/,
];

/** @typedef {import('./chunkGraph.mjs').Chunk} Chunk */

const output = join(root, '.svelte-kit', 'output', 'client');
const folder = dirname(graphFile('client'));
if (!existsSync(graphFile('client'))) fail('There is no record of the build: run `npm run build`.');

const client = chunksOf('client.json').filter((chunk) => chunk.file.includes('/immutable/'));
const isStart = (/** @type {Chunk} */ chunk) => /\/entry\/(start|app)\.[\w-]+\.js$/.test(chunk.file);
const page = reachable(client, client.filter(isStart));
if (page.length === 0) fail("The build's record names no entry of the page.");

// Builds leave the records of earlier workers behind; only the ones that are still there count.
const workers = readdirSync(folder)
  .filter((name) => name.startsWith('worker-'))
  .map(chunksOf)
  .map((chunks) => ({ chunks, entry: chunks.find((chunk) => chunk.isEntry && existsSync(join(output, chunk.file))) }))
  .flatMap(({ chunks, entry }) => (entry === undefined ? [] : [reachable(chunks, [entry])]));
if (workers.length === 0) fail("The build's record names no worker: is the engine still started from one?");

const rows = [
  { what: 'page', chunks: page },
  ...workers.map((chunks) => ({
    what: `worker ${basename(chunks[0]?.file ?? '').replace(/-[\w-]{8}\.js$/, '')}`,
    chunks,
  })),
].map(({ what, chunks }) => ({
  what,
  files: chunks.length,
  bytes: chunks.reduce((sum, chunk) => sum + gzipped(chunk.file), 0),
}));
const total = rows.reduce((sum, row) => sum + row.bytes, 0);

for (const row of rows) console.log(`${row.what}: ${kB(row.bytes)} kB gzip in ${row.files} files`);
console.log(`First conversation: ${kB(total)} of ${LIMIT_KB} kB gzip`);
if (total > LIMIT_KB * 1000) {
  console.error('Too much JavaScript before the first conversation: load later what can come later.');
  if (process.argv.includes('--limit')) process.exit(1);
}

/**
 * @param {readonly Chunk[]} chunks
 * @param {readonly Chunk[]} roots
 */
function reachable(chunks, roots) {
  const byFile = new Map(chunks.map((chunk) => [chunk.file, chunk]));
  /** @type {Set<Chunk>} */
  const found = new Set();
  const queue = [...roots];
  for (let chunk = queue.pop(); chunk !== undefined; chunk = queue.pop()) {
    if (found.has(chunk)) continue;
    found.add(chunk);
    const next = chunk.imports.map((file) => byFile.get(file));
    const lazy = chunk.dynamicImports
      .map((file) => byFile.get(file))
      .filter((to) => to !== undefined && !isForLater(to));
    for (const to of [...next, ...lazy]) if (to !== undefined) queue.push(to);
  }
  return [...found];
}

/** @param {Chunk} chunk */
function isForLater(chunk) {
  return chunk.modules.some((path) => LATER.some((pattern) => pattern.test(path)));
}

/** @param {string} name @returns {readonly Chunk[]} */
function chunksOf(name) {
  return JSON.parse(readFileSync(join(folder, name), 'utf8'));
}

/** @param {string} file */
function gzipped(file) {
  return gzipSync(readFileSync(join(output, file)), { level: 9 }).length;
}

/** @param {number} bytes */
function kB(bytes) {
  return (bytes / 1000).toFixed(1);
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message);
  process.exit(1);
}
