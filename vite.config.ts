import { sveltekit } from '@sveltejs/kit/vite';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromiumLaunch } from './scripts/chromium.mjs';
import { recordChunks } from './scripts/chunkGraph.mjs';
import { devSocket } from './scripts/devSocket.ts';
import { keepWorkerChunks } from './scripts/keepWorkerChunks.mjs';
import { loadedTogether } from './scripts/loadedTogether.mjs';
import { LongestFirst } from './scripts/longestFirst.ts';
import { slimWorker } from './scripts/slimWorker.mjs';
import { zipApart } from './scripts/zipApart.mjs';

export default defineConfig({
  plugins: [sveltekit(), devSocket(), recordChunks('client'), keepWorkerChunks()],
  worker: {
    format: 'es',
    plugins: () => [slimWorker(), zipApart(), recordChunks('worker')],
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            loadedTogether('engine', ['src/lib/platform/workerHost.ts']),
            loadedTogether('groups', ['src/lib/sync/carryOut.ts', 'src/lib/sync/upkeep.ts']),
          ],
        },
      },
    },
  },
  build: { target: 'es2023' },
  environments: {
    client: {
      build: {
        rolldownOptions: {
          output: {
            codeSplitting: {
              groups: [
                loadedTogether('start', ['src/routes/+layout.svelte']),
                loadedTogether('chats', [
                  'src/routes/chats/+layout.svelte',
                  'src/routes/chats/+page.svelte',
                  'src/routes/chats/[id]/+layout.svelte',
                  'src/routes/chats/[id]/+page.svelte',
                  'src/routes/people/+layout.svelte',
                  'src/routes/people/+page.svelte',
                  'src/lib/ui/chats/NewChat.svelte',
                  'src/lib/ui/people/AddPerson.svelte',
                  'src/lib/ui/people/MyInvite.svelte',
                ]),
                loadedTogether('conversation', [
                  'src/lib/ui/conversation/composerExtras.ts',
                  'src/lib/ui/conversation/listExtras.ts',
                  'src/lib/ui/conversation/messageExtras.ts',
                  'src/lib/ui/conversation/paneExtras.ts',
                ]),
                // What three places or more use: dozens of tiny files compress badly.
                { name: 'ui', test: /src\/lib\/ui\/|@lucide/, minShareCount: 3 },
              ],
            },
          },
        },
      },
    },
  },
  test: {
    // Argon2id and MLS with post-quantum keys are slow by design; two cores are shared.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    sequence: { sequencer: LongestFirst },
    // Left to itself it leaves one core idle, which is half of a machine with two.
    maxWorkers: '100%',
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          environment: 'node',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/**/*.browser.test.ts', 'tests/e2e/**'],
          setupFiles: ['tests/rememberKeys.ts', 'tests/sameCases.ts'],
        },
      },
      {
        extends: true,
        // Found in advance: a dependency that turns up in the middle of a run reloads the page under a test.
        optimizeDeps: {
          include: [
            '@noble/ciphers/aes.js',
            '@noble/ciphers/chacha.js',
            '@noble/curves/ed25519.js',
            '@noble/hashes/argon2.js',
            '@noble/hashes/hkdf.js',
            '@noble/hashes/hmac.js',
            '@noble/hashes/pbkdf2.js',
            '@noble/hashes/sha2.js',
            '@noble/hashes/sha3.js',
            '@noble/post-quantum/ml-kem.js',
            'cborg',
            'comlink',
            'dexie',
            'fast-check',
            'hash-wasm',
            'ts-mls',
            'ts-mls/crypto/implementation/default/rng.js',
            'ts-mls/keyPackage.js',
            'ts-mls/leafNode.js',
            'ts-mls/mlsError.js',
            'ts-mls/ratchetTree.js',
            'valibot',
          ],
        },
        test: {
          name: 'browser',
          include: ['tests/**/*.browser.test.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: chromiumLaunch() }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
