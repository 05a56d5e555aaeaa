import { fileURLToPath } from 'node:url';

/**
 * Vite plugin that leaves out of the worker what its libraries would bring along without need: the
 * algorithms of MLS suites that Cairn doesn't speak (whoever would load one gets an error), the parts of
 * a curve library that only a namespace import asks for, and Dexie's build for older browsers.
 * @returns {import('vite').Plugin}
 */
export function slimWorker() {
  const unused = '\0cairn-unused-suite';
  return {
    name: 'cairn-slim-worker',
    enforce: 'pre',
    resolveId(source, importer) {
      if (UNUSED.has(source)) return unused;
      if (source === 'dexie') return dexie;
      if (importer?.includes('/ts-mls/') !== true) return null;
      // By a dynamic import ts-mls takes the whole module, of which it uses one name.
      if (source === '@noble/curves/ed25519.js') return slim('curves');
      if (source === '@hpke/core' && importer.includes('/makeDhKem.')) return slim('kems');
      return null;
    },
    load: (id) => (id === unused ? "throw new Error('a suite that Cairn does not speak'); export {};" : null),
  };
}

const UNUSED = new Set([
  '@hpke/dhkem-x448',
  '@hpke/ml-kem',
  '@hpke/chacha20poly1305',
  '@noble/curves/ed448.js',
  '@noble/curves/nist.js',
  '@noble/post-quantum/ml-dsa.js',
]);

const dexie = fileURLToPath(new URL('../node_modules/dexie/dist/modern/dexie.min.mjs', import.meta.url));
/** @param {'curves' | 'kems'} name */
const slim = (name) => fileURLToPath(new URL(`../src/lib/crypto/mls/slim/${name}.ts`, import.meta.url));
