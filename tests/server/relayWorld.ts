import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type * as v from 'valibot';
import { bytesFromBase64url, concat, u32, u64, type Bytes } from '../../src/lib/core/bytes.ts';
import {
  idFromBytes,
  type AccountId,
  type DeviceId,
  type KeyPackageRef,
  type StreamId,
} from '../../src/lib/core/ids.ts';
import type { Clock, Random } from '../../src/lib/core/ports.ts';
import { bytesFromCertificate, certificateToSign } from '../../src/lib/protocol/certificate.ts';
import { limits } from '../../src/lib/protocol/limits.ts';
import * as protocol from '../../src/lib/protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import { createRelay, type Relay, type RelayOptions } from '../../src/lib/server/relay.ts';

/** A relay in memory, a clock that a test moves, and devices that talk to the relay as clients do. */
export interface RelayWorld {
  readonly relay: Relay;
  readonly clock: TestClock;
  readonly random: Random;
  /** A device with an account of its own, or another one of `account`, registered and logged in. */
  device(account?: TestAccount): Promise<TestDevice>;
}

export const ORIGIN = 'https://relay.test';

export async function relayWorld(options: Partial<RelayOptions> = {}): Promise<RelayWorld> {
  const clock = testClock();
  const random = countedRandom();
  const relay = await createRelay({ dataDir: ':memory:', clock, random, origin: ORIGIN, ...options });
  const device = async (account = newAccount()): Promise<TestDevice> => {
    const made = newDevice(relay, account, random);
    await made.register();
    await made.login();
    return made;
  };
  return { relay, clock, random, device };
}

export interface TestClock extends Clock {
  /** Moves time on and runs what was due on the way. */
  advance(ms: number): void;
}

export function testClock(start = 1_800_000_000_000): TestClock {
  let now = start;
  const timers = new Set<{ at: number; run: () => void }>();
  return {
    now: () => now,
    after: (ms, run) => {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance: (ms) => {
      const end = now + ms;
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        now = next.at;
        next.run();
      }
      now = end;
    },
  };
}

/** Different bytes each time, the same in each run. */
export function countedRandom(seed = 0): Random {
  let calls = 0;
  return {
    bytes: (length) => {
      const parts: Bytes[] = [];
      for (let block = 0; block * 32 < length; block++) {
        parts.push(
          new Uint8Array(
            createHash('sha256')
              .update(concat(u32(seed), u64(calls), u32(block)))
              .digest(),
          ),
        );
      }
      calls++;
      return concat(...parts).slice(0, length);
    },
  };
}

export interface KeyPair {
  readonly publicKey: Bytes;
  readonly sign: (message: Uint8Array) => Bytes;
}

export function newKeyPair(): KeyPair {
  const pair: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync('ed25519');
  const publicKey = bytesFromBase64url(String(pair.publicKey.export({ format: 'jwk' }).x));
  if (publicKey === undefined) throw new TypeError('no key');
  return { publicKey, sign: (message) => new Uint8Array(sign(null, message, pair.privateKey)) };
}

export interface TestAccount {
  readonly id: AccountId;
  readonly keys: KeyPair;
}

export function newAccount(): TestAccount {
  const keys = newKeyPair();
  return { id: idFromBytes<AccountId>(new Uint8Array(createHash('sha256').update(keys.publicKey).digest())), keys };
}

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly status: number; readonly code: string; readonly retryAfter: string | undefined };

interface Endpoint<Request extends v.GenericSchema, Response extends v.GenericSchema> {
  readonly request: Request;
  readonly answer: Response;
}

export interface TestDevice {
  readonly id: DeviceId;
  readonly account: TestAccount;
  readonly mailbox: StreamId;
  readonly loginKeys: KeyPair;
  token: Bytes | undefined;
  /** The `Host` that the device believes to ask. */
  host: string | undefined;
  certificate(sequence?: number, keys?: KeyPair): Bytes;
  register(sequence?: number): Promise<Answer<{ account: AccountId }>>;
  login(origin?: string): Promise<Answer<{ token: Bytes; expiresAt: number }>>;
  ask<Q extends v.GenericSchema, A extends v.GenericSchema>(
    path: string,
    endpoint: Endpoint<Q, A>,
    request: v.InferInput<Q>,
  ): Promise<Answer<v.InferOutput<A>>>;
  append(
    stream: StreamId,
    entries: readonly TestRecord[],
  ): Promise<Answer<v.InferOutput<typeof protocol.append.answer>>>;
  commit(stream: StreamId, epoch: number, change?: Partial<TestCommit>): Promise<Answer<{ seq: number }>>;
  /** Everything that is new behind `cursors`, asked for until nothing is left; moves `cursors`. */
  catchUp(cursors?: Record<string, number>): Promise<protocol.Entry[]>;
  publish(
    count: number,
    options?: { suite?: number; lastResort?: boolean; notAfter?: number },
  ): Promise<Answer<v.InferOutput<typeof protocol.publishKeyPackages.answer>>>;
  claim(...accounts: readonly AccountId[]): Promise<Answer<Claims>>;
  /** Asks for the same claim, perhaps again. */
  claimAs(claim: string, ...accounts: readonly AccountId[]): Promise<Answer<Claims>>;
  claimOf(suite: number, claim: string, ...accounts: readonly AccountId[]): Promise<Answer<Claims>>;
}

type Claims = v.InferOutput<typeof protocol.claimKeyPackages.answer>;

export interface TestRecord {
  readonly id: string;
  readonly epoch: number;
  readonly payload?: Bytes;
  readonly quiet?: true;
}

export type TestCommit = v.InferOutput<typeof protocol.commit.request>;

async function ask<Q extends v.GenericSchema, A extends v.GenericSchema>(
  relay: Pick<Relay, 'handle'>,
  { token, host }: Pick<TestDevice, 'token' | 'host'>,
  path: string,
  endpoint: Endpoint<Q, A>,
  request: v.InferInput<Q>,
): Promise<Answer<v.InferOutput<A>>> {
  const { status, body, headers } = await relay.handle({ path, token, host, body: cborFromValue(request) });
  if (status === 200) {
    const decoded = valueFromCbor(endpoint.answer, body, 2 * limits.body);
    if (!decoded.ok) throw new TypeError(`answer of ${path}: ${decoded.error.detail}`);
    return { ok: true, value: decoded.value };
  }
  const fault = valueFromCbor(protocol.errorBody, body, limits.body);
  if (!fault.ok) throw new TypeError(`error of ${path}: ${fault.error.detail}`);
  return { ok: false, status, code: fault.value.code, retryAfter: headers['retry-after'] };
}

export function newDevice(relay: Pick<Relay, 'handle'>, account: TestAccount, random: Random): TestDevice {
  const id = idFromBytes<DeviceId>(random.bytes(16));
  const loginKeys = newKeyPair();
  const device: TestDevice = {
    id,
    account,
    mailbox: id as string as StreamId,
    loginKeys,
    token: undefined,
    host: undefined,
    certificate: (sequence = 0, keys = loginKeys) => {
      const fields = {
        accountKey: account.keys.publicKey,
        device: id,
        signatureKey: random.bytes(32),
        loginKey: keys.publicKey,
        nameHash: random.bytes(32),
        notBefore: 0,
        sequence,
      };
      return bytesFromCertificate({ ...fields, signature: account.keys.sign(certificateToSign(fields)) });
    },
    register: (sequence) =>
      device.ask(protocol.register.path, protocol.register, { certificate: device.certificate(sequence) }),
    login: async (origin = ORIGIN) => {
      const nonce = await device.ask(protocol.challenge.path, protocol.challenge, { device: id });
      if (!nonce.ok) return nonce;
      const { challenge } = nonce.value;
      const signature = loginKeys.sign(protocol.challengeToSign(origin, challenge));
      const answer = await device.ask(protocol.login.path, protocol.login, { device: id, challenge, signature });
      if (answer.ok) device.token = answer.value.token;
      return answer;
    },
    ask: (path, endpoint, request) => ask(relay, device, path, endpoint, request),
    append: (stream, entries) =>
      device.ask(protocol.append.path(stream), protocol.append, {
        entries: entries.map(({ id, epoch, payload = new Uint8Array([1]), quiet }) => ({
          id,
          epoch,
          payload,
          ...(quiet === true ? { quiet } : {}),
        })),
      }),
    commit: (stream, epoch, change = {}) =>
      device.ask(protocol.commit.path(stream), protocol.commit, {
        id: idFromBytes<string>(random.bytes(16)),
        epoch,
        payload: new Uint8Array([2]),
        members: [id],
        fence: false,
        welcomes: [],
        spends: [],
        ...change,
      }),
    catchUp: async (cursors = {}) => {
      const entries: protocol.Entry[] = [];
      for (;;) {
        const answer = await device.ask(protocol.catchUp.path, protocol.catchUp, { cursors });
        if (!answer.ok) throw new Error(answer.code);
        for (const entry of answer.value.entries) {
          entries.push(entry);
          cursors[entry.stream] = entry.seq;
        }
        if (!answer.value.more) return entries;
        if (answer.value.entries.length === 0) throw new Error('more, but nothing came');
      }
    },
    publish: (count, { suite = 83, lastResort = false, notAfter = 4_000_000_000_000 } = {}) =>
      device.ask(protocol.publishKeyPackages.path, protocol.publishKeyPackages, {
        packages: Array.from({ length: count }, () => ({
          ref: idFromBytes<KeyPackageRef>(random.bytes(32)),
          suite,
          notAfter,
          lastResort,
          bytes: random.bytes(40),
        })),
      }),
    claim: (...accounts) => device.claimAs(idFromBytes<string>(random.bytes(16)), ...accounts),
    claimAs: (claim, ...accounts) => device.claimOf(83, claim, ...accounts),
    claimOf: (suite, claim, ...accounts) =>
      device.ask(protocol.claimKeyPackages.path, protocol.claimKeyPackages, { claim, suite, accounts: [...accounts] }),
  };
  return device;
}

/** The value of an answer that has to be one. */
export function value<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(`${answer.status} ${answer.code}`);
  return answer.value;
}
