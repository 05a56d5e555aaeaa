import { answerOperator } from '../../../lib/server/operator/http.ts';
import { runningRelay } from '../../../lib/server/running.ts';
import { operatorDocument } from '../../../lib/ui/operator/document.ts';
import type { RequestHandler } from './$types';

/** Under `/api`, where the service worker leaves a page to the server. */
export const fallback: RequestHandler = async ({ request }) => {
  const { relay, operatorToken } = await runningRelay();
  return answerOperator(relay, request, operatorToken, operatorDocument);
};
