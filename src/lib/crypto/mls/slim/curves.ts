/** What ts-mls takes from the curve library, and nothing else of it: see `scripts/slimWorker.mjs`. */
export { ed25519 } from '@noble/curves/ed25519.js';
