import { fileURLToPath } from 'node:url';

/**
 * Vite plugin that gives the worker Dexie without what Dexie brings along for older browsers. The
 * library's own algorithms for MLS need no help to stay out: nothing imports `getCiphersuiteImpl`, which
 * would hold on to them, because `crypto/mls/provider` has ours.
 * @returns {import('vite').Plugin}
 */
export function slimWorker() {
  return {
    name: 'cairn-slim-worker',
    enforce: 'pre',
    resolveId: (source) => (source === 'dexie' ? dexie : null),
  };
}

const dexie = fileURLToPath(new URL('../node_modules/dexie/dist/modern/dexie.min.mjs', import.meta.url));
