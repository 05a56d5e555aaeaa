import { answerHttp } from '../../../../lib/server/http.ts';
import { runningRelay } from '../../../../lib/server/running.ts';
import type { RequestHandler } from './$types';

/** Every method, so that the relay and not the framework says what is wrong with it. */
export const fallback: RequestHandler = async ({ request, params, getClientAddress }) => {
  const { relay } = await runningRelay();
  return answerHttp(relay, request, { path: params.path, address: getClientAddress() });
};
