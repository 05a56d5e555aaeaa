import { answerMetrics } from '../../lib/server/operator/http.ts';
import { runningRelay } from '../../lib/server/running.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async ({ request }) => {
  const { relay, operatorToken } = await runningRelay();
  return answerMetrics(relay, request, operatorToken);
};
