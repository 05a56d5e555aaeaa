import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root } from './setupRun.mjs';

/** Where a build notes its chunks, for scripts/size.mjs. @param {string} name `client` or a worker's */
export const graphFile = (name) => join(root, '.svelte-kit', 'chunks', `${name}.json`);

/**
 * @typedef {object} Chunk
 * @property {string} file relative to the client's output folder
 * @property {boolean} isEntry
 * @property {readonly string[]} modules paths relative to the clone
 * @property {readonly string[]} imports files that are loaded with it
 * @property {readonly string[]} dynamicImports files that it may load later
 */

/**
 * Vite plugin that notes which chunk holds what and needs which: Vite's own manifest leaves workers out.
 * @param {'client' | 'worker'} which
 * @returns {import('vite').Plugin}
 */
export function recordChunks(which) {
  let isWanted = true;
  return {
    name: `cairn-record-chunks-${which}`,
    apply: 'build',
    configResolved(config) {
      // Kit builds twice; what the server runs has no size to watch.
      isWanted = which === 'worker' || config.build.ssr === false;
    },
    generateBundle(_options, bundle) {
      if (!isWanted) return;
      /** @type {Chunk[]} */
      const chunks = [];
      for (const output of Object.values(bundle)) {
        if (output.type !== 'chunk') continue;
        chunks.push({
          file: output.fileName,
          isEntry: output.isEntry,
          modules: output.moduleIds.map((id) => relative(root, id.replace(/^\0/, '').split('?')[0] ?? '')),
          imports: output.imports,
          dynamicImports: output.dynamicImports,
        });
      }
      const entry = chunks.find((chunk) => chunk.isEntry)?.file ?? 'none';
      const target = graphFile(which === 'client' ? 'client' : `worker-${entry.replace(/[^\w.-]/g, '_')}`);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, JSON.stringify(chunks, undefined, 1));
    },
  };
}
