/**
 * Response headers of every answer that a browser may run or show: pages, static files and the API.
 * The content policy of pages is Kit's (svelte.config.js), because it holds the hashes of the build.
 * @param path pathname of the request, without query
 * @returns header names in lower case
 */
export function securityHeaders(path: string): Readonly<Record<string, string>> {
  return isScript(path) ? { ...everywhere, 'content-security-policy': scriptPolicy } : everywhere;
}

const everywhere = {
  // Together they isolate the page's process from other sites (Spectre), and let it measure its memory.
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'permissions-policy':
    'accelerometer=(), browsing-topics=(), camera=(self), display-capture=(), geolocation=(), gyroscope=(), ' +
    'magnetometer=(), microphone=(self), midi=(), payment=(), serial=(), usb=()',
} as const;

/**
 * A worker lives under the policy that its own script was served with, not under its page's: without
 * this header the worker that holds the keys would have none.
 */
const scriptPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const isScript = (path: string): boolean => path.endsWith('.js') || path.endsWith('.mjs');
