import type * as v from 'valibot';
import type { Bytes } from '../core/bytes.ts';
import type { StreamId } from '../core/ids.ts';
import { err, ok, type Result } from '../core/result.ts';
import { terms } from '../protocol/work.ts';
import { isRelayErrorCode, relayFault, type RelayFault } from '../protocol/errors.ts';
import { limits } from '../protocol/limits.ts';
import * as api from '../protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../protocol/wire.ts';
import { solveWork } from './proofOfWork.ts';
import { networkFault, type DoorbellEvents, type LoginSigner, type NetworkFault, type Transport } from './transport.ts';

export type CallFault = RelayFault | NetworkFault;

/** Typed calls to one relay as one device. Logs in, registers and renews the session by itself. */
export interface RelayClient {
  offer(stream: StreamId, request: v.InferInput<typeof api.offer.request>): Call<typeof api.offer>;
  append(stream: StreamId, request: v.InferInput<typeof api.append.request>): Call<typeof api.append>;
  commit(stream: StreamId, request: v.InferInput<typeof api.commit.request>): Call<typeof api.commit>;
  catchUp(request: v.InferInput<typeof api.catchUp.request>): Call<typeof api.catchUp>;
  /** @param through the token of the group's link, for whoever is not in it. */
  groupInfo(stream: StreamId, through?: Bytes): Call<typeof api.groupInfo>;
  claimKeyPackages(request: v.InferInput<typeof api.claimKeyPackages.request>): Call<typeof api.claimKeyPackages>;
  publishKeyPackages(request: v.InferInput<typeof api.publishKeyPackages.request>): Call<typeof api.publishKeyPackages>;
  countKeyPackages(): Call<typeof api.countKeyPackages>;
  /** Any other endpoint, for what is loaded when it is needed. */
  call<E extends Endpoint>(endpoint: E, path: string, request: v.InferInput<E['request']>): Call<E>;
  /** Opens the doorbell once logged in; the returned function closes it. */
  listen(events: DoorbellEvents): Promise<Result<() => void, CallFault>>;
}

interface Endpoint {
  readonly request: v.GenericSchema;
  readonly answer: v.GenericSchema;
}
type Call<E extends Endpoint> = Promise<Result<v.InferOutput<E['answer']>, CallFault>>;

export function createRelayClient(transport: Transport, signer: LoginSigner): RelayClient {
  let token: Bytes | undefined;
  let loggingIn: Promise<Result<Bytes, CallFault>> | undefined;

  const call = async <E extends Endpoint>(endpoint: E, path: string, request: unknown): Call<E> => {
    const known = token;
    if (known !== undefined) {
      const answer = await sendRequest(transport, endpoint, path, request, known);
      if (answer.ok || answer.error.code !== 'unauthorized') return answer;
      if (token === known) token = undefined;
    }
    const session = await logIn();
    return session.ok ? sendRequest(transport, endpoint, path, request, session.value) : session;
  };

  const logIn = (): Promise<Result<Bytes, CallFault>> =>
    (loggingIn ??= logInOrRegister(transport, signer)
      .then((session) => {
        if (session.ok) token = session.value;
        return session;
      })
      .finally(() => (loggingIn = undefined)));

  return {
    offer: (stream, request) => call(api.offer, api.offer.path(stream), request),
    append: (stream, request) => call(api.append, api.append.path(stream), request),
    commit: (stream, request) => call(api.commit, api.commit.path(stream), request),
    groupInfo: (stream, through) => call(api.groupInfo, api.groupInfo.path(stream), { through }),
    catchUp: (request) => call(api.catchUp, api.catchUp.path, request),
    claimKeyPackages: (request) => call(api.claimKeyPackages, api.claimKeyPackages.path, request),
    publishKeyPackages: (request) => call(api.publishKeyPackages, api.publishKeyPackages.path, request),
    countKeyPackages: () => call(api.countKeyPackages, api.countKeyPackages.path, {}),
    call,
    async listen(events) {
      const session = token === undefined ? await logIn() : ok(token);
      if (!session.ok) return session;
      const used = session.value;
      return ok(
        transport.listen(used, {
          ...events,
          onEnd: () => {
            // The session may be what ended it: the next call finds out and logs in again.
            if (token === used) token = undefined;
            events.onEnd();
          },
        }),
      );
    },
  };
}

/** Logs in; a device that the relay does not know is registered first. */
async function logInOrRegister(transport: Transport, signer: LoginSigner): Promise<Result<Bytes, CallFault>> {
  const first = await logInOnce(transport, signer);
  // Not its key: the certificate that the relay has may be the one from before this device was restored.
  const isNews = !first.ok && ['unknown-device', 'unauthorized'].includes(first.error.code);
  if (!isNews) return first;
  const registered = await register(transport, signer);
  return registered.ok ? logInOnce(transport, signer) : registered;
}

/** What the relay asks of new devices is looked up only when it asks: most devices are known. */
async function register(transport: Transport, { certificate, invite }: LoginSigner): Call<typeof api.register> {
  const request = { certificate, ...(invite === undefined ? {} : { invite }) };
  const first = await sendRequest(transport, api.register, api.register.path, request);
  if (first.ok || first.error.code !== 'work-needed') return first;
  const asked = await sendRequest(transport, terms, terms.path, {});
  if (!asked.ok) return asked;
  const work = solveWork(certificate, asked.value.workBits);
  return sendRequest(transport, api.register, api.register.path, { ...request, work });
}

async function logInOnce(transport: Transport, signer: LoginSigner): Promise<Result<Bytes, CallFault>> {
  const { device } = signer;
  const nonce = await sendRequest(transport, api.challenge, api.challenge.path, { device });
  if (!nonce.ok) return nonce;
  const { challenge } = nonce.value;
  const signature = await signer.sign(api.challengeToSign(transport.origin, challenge));
  const session = await sendRequest(transport, api.login, api.login.path, { device, challenge, signature });
  return session.ok ? ok(session.value.token) : session;
}

/** A call with the session of `token`, or of somebody who has none. */
export async function sendRequest<E extends Endpoint>(
  transport: Transport,
  endpoint: E,
  path: string,
  request: unknown,
  token?: Bytes,
): Call<E> {
  const answer = await transport.post(path, cborFromValue(request), token);
  if (!answer.ok) return answer;
  const { status, body, retryAfter } = answer.value;
  if (status === 200) {
    const value = valueFromCbor(endpoint.answer, body, 2 * limits.body);
    // An answer that is not the protocol's is as good as none: a captive portal, a proxy, a broken relay.
    return value.ok ? value : err(networkFault(`answer: ${value.error.detail ?? value.error.code}`));
  }
  const refused = valueFromCbor(api.errorBody, body, limits.body);
  if (!refused.ok || !isRelayErrorCode(refused.value.code)) return err(networkFault(`status ${status}`));
  const fault = relayFault(refused.value.code, refused.value.detail);
  return err(retryAfter === undefined ? fault : { ...fault, retryAfter });
}
