import type { Relay } from '../relay.ts';
import { isOperator } from './access.ts';
import type { Overview } from './overview.ts';

const text = (body: string, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(body, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...headers },
  });

/** `GET /healthz`: the process answers. */
export const answerHealth = (): Response => text('ok\n');

/** `GET /readyz`: the store answers too; 503 where it does not, or the relay is closing. */
export async function answerReady(relay: Relay): Promise<Response> {
  return (await relay.isReady()) ? text('ok\n') : text('not ready\n', 503, { 'retry-after': '5' });
}

/** `GET /metrics`: Prometheus, for the operator. */
export async function answerMetrics(relay: Relay, request: Request, token: string | undefined): Promise<Response> {
  if (!isOperator(request, token)) return refused();
  return text(await relay.metrics(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
}

/**
 * `GET /api/operator`: the page for the operator, without a script; `POST` makes an invitation and answers its code.
 * @param page the whole document, for whoever asks in these languages (`Accept-Language`).
 */
export async function answerOperator(
  relay: Relay,
  request: Request,
  token: string | undefined,
  page: (overview: Overview, languages: string) => string,
): Promise<Response> {
  if (!isOperator(request, token)) return refused();
  if (request.method === 'POST') return text(`${await relay.invite()}\n`);
  if (request.method !== 'GET') return text('GET or POST\n', 405, { allow: 'GET, POST' });
  return text(page(await relay.overview(), request.headers.get('accept-language') ?? ''), 200, {
    'content-type': 'text/html; charset=utf-8',
    vary: 'accept-language',
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  });
}

const refused = (): Response => text('for the operator\n', 401, { 'www-authenticate': 'Basic realm="Cairn relay"' });
