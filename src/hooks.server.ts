import type { Handle, ServerInit } from '@sveltejs/kit';
import { building } from '$app/environment';
import { securityHeaders } from './lib/server/headers.ts';
import { runningRelay } from './lib/server/running.ts';

/** The relay starts with the server and ends when the server has answered its last request. */
export const init: ServerInit = async () => {
  if (building) return;
  const running = await runningRelay();
  process.once('sveltekit:shutdown', () => void running.close());
};

/** Files that are not made by the app get the same headers from `scripts/serve.mjs`. */
export const handle: Handle = async ({ event, resolve }) => {
  const response = await resolve(event);
  for (const [name, value] of Object.entries(securityHeaders(event.url.pathname))) response.headers.set(name, value);
  return response;
};
