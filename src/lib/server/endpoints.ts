import type * as v from 'valibot';
import { isRandomId, type StreamId } from '../core/ids.ts';
import { err, settle, type Result } from '../core/result.ts';
import { isRelayErrorCode, relayFault, type RelayFault } from '../protocol/errors.ts';
import { limits } from '../protocol/limits.ts';
import * as protocol from '../protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../protocol/wire.ts';
import { register } from './accounts.ts';
import { catchUp } from './catchUp.ts';
import type { Caller, Outcome, RelayContext } from './context.ts';
import * as keyPackages from './keyPackages.ts';
import * as login from './login.ts';
import { append, commit, offer } from './streams.ts';
import type { Bytes } from '../core/bytes.ts';

/** An endpoint of `protocol/requests.ts` together with what serves it. */
export interface Endpoint {
  /** Whether it is served without a session. */
  readonly isOpen: boolean;
  /**
   * Decodes the request, serves it and encodes the answer.
   * Errors: `bad-request`, `too-large`, and those of what serves it.
   */
  serve(context: RelayContext, asked: Asked): Promise<Result<Bytes, RelayFault>>;
}

export interface Asked {
  readonly body: Uint8Array;
  /** Set for every endpoint that is not open. */
  readonly caller: Caller | undefined;
  /** Origins that a login may be signed for. */
  readonly origins: readonly string[];
}

/** What serves `path` (without `/api/v1/`), or `undefined` where nothing does. */
export function endpointOf(path: string): Endpoint | undefined {
  const [streams, stream, what, ...rest] = path.split('/');
  if (streams !== 'streams') return fixed.get(path);
  if (stream === undefined || !isRandomId(stream) || rest.length > 0) return undefined;
  if (what === 'entries') return entriesOf(stream as StreamId);
  if (what === 'offer') return offerOf(stream as StreamId);
  return what === 'commits' ? commitsOf(stream as StreamId) : undefined;
}

const fixed: ReadonlyMap<string, Endpoint> = new Map([
  [protocol.register.path, open(protocol.register, register)],
  [protocol.challenge.path, open(protocol.challenge, login.challenge)],
  [
    protocol.login.path,
    open(protocol.login, (context, request, { origins }) => login.login(context, request, origins)),
  ],
  [protocol.refresh.path, known(protocol.refresh, login.refresh)],
  [protocol.publishKeyPackages.path, known(protocol.publishKeyPackages, keyPackages.publish)],
  [protocol.countKeyPackages.path, known(protocol.countKeyPackages, keyPackages.count)],
  [protocol.claimKeyPackages.path, known(protocol.claimKeyPackages, keyPackages.claim)],
  [protocol.catchUp.path, known(protocol.catchUp, catchUp)],
]);

const entriesOf = (stream: StreamId): Endpoint =>
  known(protocol.append, (context, caller, request) => append(context, caller, stream, request));
const offerOf = (stream: StreamId): Endpoint =>
  known(protocol.offer, (context, caller, request) => offer(context, caller, stream, request));
const commitsOf = (stream: StreamId): Endpoint =>
  known(protocol.commit, (context, caller, request) => commit(context, caller, stream, request));

interface Shapes<Request extends v.GenericSchema, Answer extends v.GenericSchema> {
  readonly request: Request;
  readonly answer: Answer;
}

/** An endpoint for anybody. */
function open<Request extends v.GenericSchema, Answer extends v.GenericSchema>(
  shapes: Shapes<Request, Answer>,
  work: (context: RelayContext, request: v.InferOutput<Request>, asked: Asked) => Outcome<v.InferOutput<Answer>>,
): Endpoint {
  return { isOpen: true, serve: (context, asked) => serve(shapes, asked, (request) => work(context, request, asked)) };
}

/** An endpoint for devices with a session. */
function known<Request extends v.GenericSchema, Answer extends v.GenericSchema>(
  shapes: Shapes<Request, Answer>,
  work: (context: RelayContext, caller: Caller, request: v.InferOutput<Request>) => Outcome<v.InferOutput<Answer>>,
): Endpoint {
  return {
    isOpen: false,
    serve: async (context, asked) => {
      const { caller } = asked;
      if (caller === undefined) return err(relayFault('unauthorized'));
      return serve(shapes, asked, (request) => work(context, caller, request));
    },
  };
}

async function serve<Request extends v.GenericSchema, Answer extends v.GenericSchema>(
  shapes: Shapes<Request, Answer>,
  { body }: Asked,
  work: (request: v.InferOutput<Request>) => Outcome<v.InferOutput<Answer>>,
): Promise<Result<Bytes, RelayFault>> {
  const request = valueFromCbor(shapes.request, body, limits.body);
  if (!request.ok) {
    const isLarge = request.error.code === 'wire-too-large';
    return err(relayFault(isLarge ? 'too-large' : 'bad-request', request.error.detail));
  }
  const settled = await settle(() => work(request.value));
  const result = settled.ok ? settled.value : settled;
  if (result.ok) return { ok: true, value: cborFromValue(result.value) };
  const { error } = result;
  if (!isRelayErrorCode(error.code)) throw new TypeError(`a fault that the relay has no code for: ${error.code}`);
  return err({ ...error, code: error.code });
}
