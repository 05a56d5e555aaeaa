import type { IncomingMessage, ServerResponse } from 'node:http';
import { concat, type Bytes } from '../core/bytes.ts';
import { PROTOCOL_VERSION, limits } from '../protocol/limits.ts';
import { answerAsked } from './http.ts';
import type { Relay } from './relay.ts';

/** Where a request came from, for the rate limit; `undefined` where nobody can say. */
export type AddressOf = (request: IncomingMessage) => string | undefined;

const PREFIX = `/api/v${PROTOCOL_VERSION}/`;

/**
 * Serves `/api/v1/…` as Node hands it out: no `Request`, no web streams, which cost more than everything else
 * that an append needs. The rules are those of `http.ts`.
 * @returns false where the path is somebody else's: then nothing was done.
 */
export function createApi(
  relay: Relay,
  addressOf: AddressOf,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const url = request.url ?? '';
    if (!url.startsWith(PREFIX)) return false;
    void serve(relay, request, response, url.slice(PREFIX.length), addressOf(request));
    return true;
  };
}

async function serve(
  relay: Relay,
  request: IncomingMessage,
  response: ServerResponse,
  rest: string,
  address: string | undefined,
): Promise<void> {
  const query = rest.indexOf('?');
  const { method = '', headers } = request;
  const {
    status,
    body,
    headers: said,
  } = await answerAsked(
    relay,
    {
      path: query < 0 ? rest : rest.slice(0, query),
      address,
      method,
      type: headers['content-type'],
      authorization: headers.authorization,
      host: headers.host,
    },
    () => readBody(request),
  );
  for (const [name, value] of Object.entries(said)) response.setHeader(name, value);
  response.setHeader('content-length', body.length);
  // What is left of a body that nobody reads would keep the connection busy.
  if (!request.complete) response.setHeader('connection', 'close');
  response.statusCode = status;
  response.end(method === 'HEAD' ? undefined : body);
}

/** The whole body, or why there is none. */
function readBody(request: IncomingMessage): Promise<Bytes | 'too-large' | 'bad-request'> {
  if (Number(request.headers['content-length'] ?? 0) > limits.body) return Promise.resolve('too-large');
  return new Promise((resolve) => {
    const parts: Uint8Array[] = [];
    let length = 0;
    request.on('data', (part: Uint8Array) => {
      length += part.length;
      parts.push(part);
      if (length <= limits.body) return;
      // Not destroyed: that would tear the connection down before the answer is out.
      request.pause();
      resolve('too-large');
    });
    request.on('end', () => resolve(concat(...parts)));
    // The client went away in the middle: nobody reads the answer.
    request.on('error', () => resolve('bad-request'));
  });
}

/**
 * The address of the connection, or the one that the proxy in front writes into `ADDRESS_HEADER`, counted from
 * the right by `XFF_DEPTH` where that is `x-forwarded-for`: as `@sveltejs/adapter-node` reads them. A request
 * that came past the proxy counts as what it is.
 */
export function addressFrom(env: Readonly<Record<string, string | undefined>>): AddressOf {
  const name = (env['ADDRESS_HEADER'] ?? '').toLowerCase();
  const depth = Number(env['XFF_DEPTH'] ?? 1);
  if (!(depth >= 1)) throw new TypeError('XFF_DEPTH is a number from 1');
  return (request) => {
    const header = name === '' ? undefined : request.headers[name];
    const said = typeof header === 'string' ? header : header?.join();
    const address = name === 'x-forwarded-for' ? said?.split(',').at(-depth) : said;
    return address?.trim() || request.socket.remoteAddress;
  };
}
