import type * as v from 'valibot';
import { isRandomId, type StreamId } from '../core/ids.ts';
import { err, ok, settle, type Result } from '../core/result.ts';
import { isRelayErrorCode, relayFault, type RelayFault } from '../protocol/errors.ts';
import { limits } from '../protocol/limits.ts';
import * as account from '../protocol/account.ts';
import * as work from '../protocol/work.ts';
import * as directoryProtocol from '../protocol/directory.ts';
import * as pushProtocol from '../protocol/push.ts';
import * as handleProtocol from '../protocol/handles.ts';
import * as rendezvousProtocol from '../protocol/rendezvous.ts';
import * as signalProtocol from '../protocol/signals.ts';
import * as blobProtocol from '../protocol/blobs.ts';
import { appendFromBytes, bytesFromAppendAnswer, bytesFromCatchUp } from '../protocol/hot.ts';
import * as protocol from '../protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../protocol/wire.ts';
import { register } from './accounts.ts';
import * as life from './accountLife.ts';
import * as blobs from './blobs.ts';
import * as directory from './directory.ts';
import * as push from './push.ts';
import * as handles from './handles.ts';
import { terms } from './registration.ts';
import * as rendezvous from './rendezvous.ts';
import * as signals from './signals.ts';
import { catchUp } from './catchUp.ts';
import type { Caller, Outcome, RelayContext } from './context.ts';
import * as keyPackages from './keyPackages.ts';
import * as login from './login.ts';
import * as sessionList from './sessionList.ts';
import { groupInfo } from './groupInfos.ts';
import { commit, offer } from './streams.ts';
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
  const [area, id, what, ...rest] = path.split('/');
  if (id === undefined || what === undefined) return fixed.get(path);
  return rest.length === 0 && isRandomId(id) ? ofOne.get(`${area}/${what}`)?.(id) : undefined;
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
  [protocol.catchUp.path, known(protocol.catchUp, catchUp, { write: bytesFromCatchUp })],
  [work.terms.path, open(work.terms, terms)],
  [account.setStatus.path, open(account.setStatus, life.setStatus)],
  [account.deleteAccount.path, open(account.deleteAccount, life.deleteAccount)],
  [account.revokeOwnDevice.path, open(account.revokeOwnDevice, life.revokeOwnDevice)],
  [account.findRevocation.path, open(account.findRevocation, life.findRevocation)],
  [account.listDevices.path, known(account.listDevices, life.listDevices)],
  [account.listSessions.path, known(account.listSessions, sessionList.listSessions)],
  [account.endSession.path, known(account.endSession, sessionList.endSession)],
  [handleProtocol.claimHandle.path, known(handleProtocol.claimHandle, handles.claimHandle)],
  [handleProtocol.releaseHandle.path, known(handleProtocol.releaseHandle, handles.releaseHandle)],
  [
    handleProtocol.findHandle.path,
    known(handleProtocol.findHandle, (context, _caller, asked) => handles.findHandle(context, asked)),
  ],
  [pushProtocol.pushKey.path, known(pushProtocol.pushKey, push.pushKey)],
  [pushProtocol.subscribePush.path, known(pushProtocol.subscribePush, push.subscribePush)],
  [pushProtocol.stopPush.path, known(pushProtocol.stopPush, push.stopPush)],
  [
    directoryProtocol.searchDirectory.path,
    known(directoryProtocol.searchDirectory, (context, _caller, asked) => directory.searchDirectory(context, asked)),
  ],
  [blobProtocol.createBlob.path, known(blobProtocol.createBlob, blobs.createBlob)],
]);

/** Those of one stream or blob, by their path without its id. */
const ofOne: ReadonlyMap<string, (id: string) => Endpoint> = new Map<string, (id: string) => Endpoint>([
  [
    'streams/listing',
    (id) =>
      known(directoryProtocol.listGroup, (context, caller, asked) =>
        directory.listGroup(context, caller, id as StreamId, asked),
      ),
  ],
  [
    'streams/unlist',
    (id) =>
      known(directoryProtocol.unlistGroup, (context, caller) => directory.unlistGroup(context, caller, id as StreamId)),
  ],
  [
    'streams/entries',
    (id) =>
      known(protocol.append, (context, caller, asked) => context.appends.take(caller, id as StreamId, asked), {
        read: appendFromBytes,
        write: bytesFromAppendAnswer,
      }),
  ],
  [
    'streams/offer',
    (id) => known(protocol.offer, (context, caller, asked) => offer(context, caller, id as StreamId, asked)),
  ],
  [
    'streams/commits',
    (id) => known(protocol.commit, (context, caller, asked) => commit(context, caller, id as StreamId, asked)),
  ],
  [
    'streams/info',
    (id) => known(protocol.groupInfo, (context, caller, asked) => groupInfo(context, caller, id as StreamId, asked)),
  ],
  [
    'streams/signals',
    (id) =>
      known(signalProtocol.signal, (context, caller, asked) => signals.signal(context, caller, id as StreamId, asked)),
  ],
  [
    'rendezvous/offer',
    (id) => open(rendezvousProtocol.offerBox, (context, asked) => rendezvous.offerBox(context, id, asked)),
  ],
  [
    'rendezvous/answer',
    (id) =>
      known(rendezvousProtocol.answerBox, (context, caller, asked) => rendezvous.answerBox(context, caller, id, asked)),
  ],
  [
    'rendezvous/fetch',
    (id) => open(rendezvousProtocol.fetchBoxes, (context, asked) => rendezvous.fetchBoxes(context, id, asked)),
  ],
  [
    'blobs/append',
    (id) => known(blobProtocol.appendBlob, (context, caller, asked) => blobs.appendBlob(context, caller, id, asked)),
  ],
  ['blobs/read', (id) => known(blobProtocol.readBlob, (context, _caller, asked) => blobs.readBlob(context, id, asked))],
  ['blobs/hold', (id) => known(blobProtocol.holdBlob, (context, caller) => blobs.holdBlob(context, caller, id))],
  [
    'blobs/release',
    (id) => known(blobProtocol.releaseBlob, (context, caller) => blobs.releaseBlob(context, caller, id)),
  ],
]);

/** The route that a path asks for, without its id; `other` where there is none. */
export function routeOf(path: string): string {
  const [area, id, what] = path.split('/');
  const route = id === undefined || what === undefined ? path : `${area}/{id}/${what}`;
  return endpointOf(path) === undefined ? 'other' : route;
}

/** Every path, with `{id}` for a stream or a blob. */
export const routes: readonly string[] = [
  ...fixed.keys(),
  ...[...ofOne.keys()].map((path) => path.replace('/', '/{id}/')),
];

interface Shapes<Request extends v.GenericSchema, Answer extends v.GenericSchema> {
  readonly request: Request;
  readonly answer: Answer;
}

/** Quicker ways through the general codec, that give the same; see `protocol/hot.ts`. */
interface ByHand<Request extends v.GenericSchema, Answer extends v.GenericSchema> {
  /** `undefined` for whatever has to be looked at by the general one. */
  readonly read?: (body: Uint8Array) => v.InferOutput<Request> | undefined;
  readonly write?: (answer: v.InferOutput<Answer>) => Bytes;
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
  byHand: ByHand<Request, Answer> = {},
): Endpoint {
  return {
    isOpen: false,
    serve: async (context, asked) => {
      const { caller } = asked;
      if (caller === undefined) return err(relayFault('unauthorized'));
      return serve(shapes, asked, (request) => work(context, caller, request), byHand);
    },
  };
}

async function serve<Request extends v.GenericSchema, Answer extends v.GenericSchema>(
  shapes: Shapes<Request, Answer>,
  { body }: Asked,
  work: (request: v.InferOutput<Request>) => Outcome<v.InferOutput<Answer>>,
  { read, write = cborFromValue }: ByHand<Request, Answer> = {},
): Promise<Result<Bytes, RelayFault>> {
  const quick = read?.(body);
  const request = quick === undefined ? valueFromCbor(shapes.request, body, limits.body) : ok(quick);
  if (!request.ok) {
    const isLarge = request.error.code === 'wire-too-large';
    return err(relayFault(isLarge ? 'too-large' : 'bad-request', request.error.detail));
  }
  const settled = await settle(() => work(request.value));
  const result = settled.ok ? settled.value : settled;
  if (result.ok) return ok(write(result.value));
  const { error } = result;
  if (!isRelayErrorCode(error.code)) throw new TypeError(`a fault that the relay has no code for: ${error.code}`);
  return err({ ...error, code: error.code });
}
