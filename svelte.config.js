import adapter from '@sveltejs/adapter-node';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** @type {import('@sveltejs/kit').Config} */
export default {
  preprocess: vitePreprocess(),
  kit: {
    adapter: adapter({ out: 'build', precompress: true }),
    paths: { relative: false },
    // The page registers the worker itself, through workbox-window.
    serviceWorker: { register: false },
    version: { pollInterval: 0 },
    typescript: {
      // The tools are checked like the sources.
      config: (config) => ({
        ...config,
        include: [...config['include'], '../*.config.ts', '../*.js', '../scripts/**/*', '../bench/**/*.ts'],
        exclude: [...config['exclude'], '../bench/node_modules/**', '../build/**'],
      }),
    },
    // What pages may load and run. Everything else that is sent with an answer: src/lib/server/headers.ts.
    csp: {
      mode: 'hash',
      directives: {
        'default-src': ['none'],
        // WebAssembly is compiled for one thing: Argon2id.
        'script-src': ['self', 'wasm-unsafe-eval'],
        'style-src': ['self'],
        // Kit's route announcer is hidden by a style attribute; this is its hash.
        'style-src-attr': ['unsafe-hashes', 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='],
        // Covers ws: and wss: of the same host and port (CSP 3 §6.7.2.8).
        'connect-src': ['self'],
        'img-src': ['self', 'blob:', 'data:'],
        'media-src': ['self', 'blob:'],
        // The browser's own viewer of PDF files; a page from a blob would have this policy too.
        'frame-src': ['blob:'],
        'font-src': ['self'],
        'manifest-src': ['self'],
        'worker-src': ['self'],
        'frame-ancestors': ['none'],
        'base-uri': ['none'],
        'form-action': ['none'],
        'require-trusted-types-for': ['script'],
        // Svelte's templates, Kit's, and ours for the addresses of workers: nothing else may turn text into code.
        'trusted-types': ['svelte-trusted-html', 'sveltekit-trusted-url', 'cairn'],
      },
    },
  },
};
