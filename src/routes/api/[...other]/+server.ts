import { answerNotFound, answerOtherVersion } from '../../../lib/server/http.ts';
import type { RequestHandler } from './$types';

/** Whatever under `/api` is not of this version. */
export const fallback: RequestHandler = ({ request, params }) =>
  /^v\d+(\/|$)/.test(params.other) ? answerOtherVersion(request) : answerNotFound(request);
