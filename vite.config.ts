import { sveltekit } from '@sveltejs/kit/vite';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromiumLaunch } from './scripts/chromium.mjs';
import { recordChunks } from './scripts/chunkGraph.mjs';
import { devSocket } from './scripts/devSocket.ts';
import { slimWorker } from './scripts/slimWorker.mjs';

export default defineConfig({
  plugins: [sveltekit(), devSocket(), recordChunks('client')],
  worker: {
    format: 'es',
    plugins: () => [slimWorker(), recordChunks('worker')],
    // One file: the service worker keeps what Kit names, and Kit names no chunks of workers.
    rolldownOptions: { output: { codeSplitting: false } },
  },
  build: {
    target: 'es2023',
    rolldownOptions: {
      output: {
        codeSplitting: {
          // What three places or more use goes in one file: dozens of tiny ones compress badly.
          groups: [{ name: 'ui', test: /src\/lib\/ui\/|@lucide/, minShareCount: 3 }],
        },
      },
    },
  },
  test: {
    // Argon2id and MLS with post-quantum keys are slow by design; two cores are shared.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          environment: 'node',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/**/*.browser.test.ts', 'tests/e2e/**'],
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
