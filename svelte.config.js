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
  },
};
