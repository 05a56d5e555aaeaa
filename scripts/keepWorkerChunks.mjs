import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Vite plugin that names the chunks of workers in Vite's manifest, which lists the worker's own file and
 * nothing that it loads later. Kit makes the service worker's `build` list from that manifest: what is not
 * in it would be missing without a network.
 * @returns {import('vite').Plugin}
 */
export function keepWorkerChunks() {
  return {
    name: 'cairn-keep-worker-chunks',
    apply: 'build',
    writeBundle: {
      // Before Kit goes on from the client's build to the service worker's.
      order: 'post',
      handler({ dir }, bundle) {
        if (dir === undefined || !('.vite/manifest.json' in bundle)) return;
        const path = join(dir, '.vite', 'manifest.json');
        /** @type {import('vite').Manifest} */
        const manifest = JSON.parse(readFileSync(path, 'utf8'));
        for (const file of Object.keys(bundle)) {
          if (file.includes('/workers/')) manifest[`worker:${file}`] = { file };
        }
        writeFileSync(path, JSON.stringify(manifest, undefined, 2));
      },
    },
  };
}
