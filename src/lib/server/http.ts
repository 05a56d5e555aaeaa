import { bytesFromBase64url, concat, type Bytes } from '../core/bytes.ts';
import { relayErrors, relayFault } from '../protocol/errors.ts';
import { limits } from '../protocol/limits.ts';
import { answerFromFault, type Relay, type RelayAnswer } from './relay.ts';

/**
 * One HTTP request to `/api/v1/{path}`, served by the relay. `POST` with CBOR only; a body that is too large
 * is refused before it is read to its end.
 *
 * Statuses beyond those of `relayErrors`, both with the code `bad-request`: 405 for another method, 415 for
 * another content type.
 */
export async function answerHttp(
  relay: Relay,
  request: Request,
  asked: { readonly path: string; readonly address: string | undefined },
): Promise<Response> {
  const { method, headers } = request;
  const header = (name: string): string | undefined => headers.get(name) ?? undefined;
  const answer = await answerAsked(
    relay,
    {
      ...asked,
      method,
      type: header('content-type'),
      authorization: header('authorization'),
      host: header('host'),
    },
    () => readBody(request),
  );
  return respond(answer, request);
}

/** What the head of a request says. */
export interface AskedHead {
  /** Behind `/api/v1/`, without a query. */
  readonly path: string;
  readonly address: string | undefined;
  readonly method: string;
  readonly type: string | undefined;
  readonly authorization: string | undefined;
  readonly host: string | undefined;
}

/** The rules of every request, whoever speaks HTTP. `readBody` is called where the head is good. */
export async function answerAsked(
  relay: Relay,
  { method, type, authorization, ...asked }: AskedHead,
  readBody: () => Promise<Bytes | 'too-large' | 'bad-request'>,
): Promise<RelayAnswer> {
  if (method !== 'POST') return refused(405, 'method', { allow: 'POST' });
  if (type?.split(';')[0]?.trim().toLowerCase() !== 'application/cbor') {
    return refused(415, 'content type', { accept: 'application/cbor' });
  }
  const body = await readBody();
  if (typeof body === 'string') return answerFromFault(relayFault(body));
  return relay.handle({ ...asked, token: tokenFrom(authorization), body });
}

/** The answer to a path of another major version, `/api/v2/…`. */
export const answerOtherVersion = (request: Request): Response =>
  respond(answerFromFault(relayFault('unsupported-version')), request);

/** The answer to a path that is none of the relay's. */
export const answerNotFound = (request: Request): Response =>
  respond(answerFromFault(relayFault('not-found', 'path')), request);

const refused = (status: number, detail: string, headers: Record<string, string>): RelayAnswer => {
  const answer = answerFromFault(relayFault('bad-request', detail));
  return { ...answer, status, headers: { ...answer.headers, ...headers } };
};

function respond({ status, body, headers }: RelayAnswer, request: Request): Response {
  // What is left of a body that nobody reads would keep the connection busy.
  const isUnread = request.body !== null && (!request.bodyUsed || status === relayErrors['too-large'].status);
  return new Response(request.method === 'HEAD' ? null : body, {
    status,
    headers: isUnread ? { ...headers, connection: 'close' } : headers,
  });
}

/** The whole body, or why there is none. */
async function readBody(request: Request): Promise<Bytes | 'too-large' | 'bad-request'> {
  const announced = Number(request.headers.get('content-length') ?? 0);
  if (announced > limits.body) return 'too-large';
  if (request.body === null) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = request.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      // Not cancelled: that would tear the connection down before the answer is out.
      if (length > limits.body) return 'too-large';
      parts.push(value);
    }
  } catch {
    // The client went away in the middle: nobody reads the answer.
    return 'bad-request';
  }
  return concat(...parts);
}

/** The token of `Authorization: Bearer <base64url>`. */
function tokenFrom(header = ''): Bytes | undefined {
  const match = /^Bearer ([A-Za-z0-9_-]{43})$/i.exec(header);
  return match?.[1] === undefined ? undefined : bytesFromBase64url(match[1]);
}
