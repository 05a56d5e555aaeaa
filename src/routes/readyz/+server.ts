import { answerReady } from '../../lib/server/operator/http.ts';
import { runningRelay } from '../../lib/server/running.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async () => answerReady((await runningRelay()).relay);
