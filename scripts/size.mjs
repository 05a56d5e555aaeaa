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
  // A device that has just got its account is not locked.
  /^src\/lib\/ui\/gate\/(Locked|StartFailed)\.svelte$/,
  /^src\/lib\/services\/(openingDatabaseKey|unlocking)\.ts$/,
  // Told when there is something to tell: a new version, a device that is nearly full, a thing that did not work.
  /^src\/lib\/ui\/(Banners|UpdateBanner)\.svelte$/,
  /^src\/lib\/ui\/words\/(faults|outcomes|notices)\.ts$/,
  // Searching begins with the first word that is typed, and the index is tended a while after unlocking.
  /^src\/lib\/ui\/search\/MessageHits\.svelte$/,
  /^src\/lib\/services\/search\.ts$/,
  /^src\/lib\/db\/search\/(upkeep|rebuild)\.ts$/,
  // Marks in a text are read, and names and emoji completed, once somebody writes some.
  /^src\/lib\/ui\/formatting\/(FormattedBody\.svelte|highlighting\.ts)$/,
  /^src\/lib\/ui\/conversation\/Suggestions\.svelte$/,
  // What an open app does while nobody waits for it.
  /^src\/lib\/services\/(background|disappearing|expiry|indexing|scheduled|waiting)\.ts$/,
  // The half of the client that is not asked for until there is a conversation.
  /^src\/lib\/services\/(desks|\w+Desk)\.ts$/,
  // Who writes just now shows once a conversation is open.
  /^src\/lib\/ui\/conversation\/TypingLine\.svelte$/,
  // Files come with the first that somebody sends or looks at.
  /^src\/lib\/ui\/attachments\/(Attaching|Lightbox|UploadWays)\.svelte$/,
  /^src\/lib\/services\/(files|forward|handling|downloads|fileBudget|transfers)\.ts$/,
  /^src\/lib\/sync\/uploads\.ts$/,
  // Folders of files, and handing messages over without a relay.
  /^src\/lib\/services\/(nearby|workspace\w*)\.ts$/,
  /^src\/lib\/protocol\/nearby\.ts$/,
  // Fingers need a screen to touch; the menu of a message comes with the first right-click or long press, ways back
  // to the newest once somebody has scrolled away from it.
  /^src\/lib\/ui\/conversation\/(longPress|swipeReply)\.ts$/,
  // What is done to messages that are there, what hangs on them, and what stands around some conversations.
  /^src\/lib\/ui\/conversation\/(composer|list|message|pane)Extras\.ts$/,
  /^src\/lib\/services\/(changes|messageDetails|threads)\.ts$/,
  // Opening what others sent comes with the first that somebody sends, or the first group that they start.
  /^src\/lib\/sync\/(later|records|welcomes)\.ts$/,
  // A code can be read out, typed and pasted; drawing it as a picture comes after it as text, and reading
  // one takes a camera or a picture that somebody chose.
  /node_modules\/qr\/(index|decode)\.js$/,
  /^src\/lib\/ui\/people\/(CodeScanner\.svelte|codeFromImage\.ts)$/,
  // Comparing safety numbers and looking at devices.
  /^src\/lib\/ui\/people\/(SafetyNumber|DeviceList)\.svelte$/,
  /^src\/lib\/services\/verification\.ts$/,
  // Linking a device, and the list of them.
  /^src\/lib\/ui\/devices\//,
  /^src\/lib\/services\/(linking\w+|ownDevices|revoked)\.ts$/,
  /^src\/lib\/sync\/plan(Change|OwnDevices)\.ts$/,
  // Resting or deleting the account, where it is signed in, and waking it by push.
  /^src\/lib\/platform\/(clearBeside|waking)\.ts$/,
  /^src\/lib\/services\/account(Life|Sessions)\.ts$/,
  // Backups, the words of a recovery phrase, and who comes back with one.
  /^src\/lib\/platform\/backupFiles\.ts$/,
  /^src\/lib\/ui\/backup\/(Restore|UsePhrase)\.svelte$/,
  /^src\/lib\/ui\/gate\/(Evicted|HaveAccount|Removed)\.svelte$/,
  // Changes of a group by others, what is wished for one that is there, and coming back to one that was lost.
  /^src\/lib\/crypto\/mls\/follow\.ts$/,
  /^src\/lib\/domain\/groupChanges\.ts$/,
  /^src\/lib\/sync\/(commits|gaps|leaving|pleas|rejoin|retry|sayAgain|stranded)\.ts$/,
  // What looks after the store or reports on it, and its slow parts.
  /^src\/lib\/services\/(diagnostic|maintenance|membership|passphrase)\.ts$/,
  /^src\/lib\/db\/(retention|messages\/(compact|deflate|recount))\.ts$/,
  /^node_modules\/fflate\//,
  // What a person sets for themselves, and shows once there is more than one conversation.
  /^src\/lib\/ui\/chats\/(Filters|RowMarks|ConversationMenu|FoundPeople|NotesRow)\.svelte$/,
  /^src\/lib\/ui\/(Palette|Shortcuts|ShortcutList|news\/News|parts\/Portraits)\.svelte$/,
  /^src\/lib\/services\/(activityViews|conversationFigures|conversationFile|exportConversation|importConversation)\.ts$/,
  // A group of another kind than the usual, its link, and coming into one by it.
  /^src\/lib\/ui\/chats\/KindOfGroup\.svelte$/,
  /^src\/routes\/join\//,
  /^src\/lib\/services\/(joining|publicGroups)\.ts$/,
  /^src\/lib\/sync\/joinByLink\.ts$/,
  // Pages that are not on the way, and what is shown when a page can't be.
  /^src\/lib\/ui\/conversation\/JumpToDate\.svelte$/,
  /^src\/routes\/(you|files)\//,
  /^src\/routes\/chats\/\[id\]\/(details|files|thread)\//,
  /^src\/routes\/people\/\[id\]\//,
  /^src\/routes\/\+error\.svelte$/,
  /\.svelte-kit\/generated\/shared\/error-template\.js$/,
  // Slow stand-ins for Argon2id, where a browser or its owner has turned WebAssembly off.
  /^node_modules\/@noble\/hashes\/(argon2|pbkdf2)\.js$/,
];

/** @typedef {import('./chunkGraph.mjs').Chunk} Chunk */

/** What a worker is there for. */
const ENGINE = 'src/lib/platform/workerHost.ts';

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
  .flatMap(({ chunks, entry }) => {
    if (entry === undefined) return [];
    // WebKit would run it once more: its module map does not know the file that a worker began with.
    const importer = chunks.find(({ imports }) => imports.includes(entry.file));
    if (importer !== undefined) fail(`${importer.file} imports the file that its worker begins with.`);
    return [reachable(chunks, [entry])];
  });
if (!workers.some((chunks) => chunks.some(({ modules }) => modules.includes(ENGINE))))
  fail("The build's record names no worker with the engine: is it still started from one?");

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
