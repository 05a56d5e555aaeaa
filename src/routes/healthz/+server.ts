import { answerHealth } from '../../lib/server/operator/http.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = () => answerHealth();
