import { join } from 'node:path';
import { root } from './setupRun.mjs';

/**
 * A group of modules that are loaded together and so lie in one file, whatever else uses some of them: a
 * file compresses better than the dozens that it would be split into, and is one request.
 * @param {string} name of the file
 * @param {readonly string[]} roots modules, relative to the clone; with them goes all that they import, and
 *   what that imports, except what another group before this one has.
 * @returns {import('vite').Rolldown.CodeSplittingGroup}
 */
export function loadedTogether(name, roots) {
  // One set for each build: the server's, the client's, the worker's.
  /** @type {WeakMap<Graph, ReadonlySet<string>>} */
  const known = new WeakMap();
  return {
    debugName: name,
    name(id, graph) {
      const members = known.get(graph) ?? importedBy(roots, graph);
      known.set(graph, members);
      return members.has(id) ? name : null;
    },
  };
}

/** @typedef {import('vite').Rolldown.ChunkingContext} Graph */

/**
 * @param {readonly string[]} roots
 * @param {Graph} graph
 */
function importedBy(roots, graph) {
  const members = new Set(roots.map((path) => join(root, path)));
  // A set yields what is added while it is walked.
  for (const id of members) {
    const { importedIds = [], code = '' } = graph.getModuleInfo(id) ?? {};
    for (const imported of importedIds) if (!imported.startsWith(allWords)) members.add(imported);
    // One module names every message of every page: what is used here stands in the code.
    for (const [, message] of (code ?? '').matchAll(/\bm\.(\w+)/g)) members.add(join(words, `${message}.js`));
  }
  return members;
}

const words = join(root, 'src/lib/ui/paraglide/messages');
const allWords = `${words}.js`;
