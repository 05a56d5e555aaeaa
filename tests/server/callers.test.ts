import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { newId, type StreamId } from '../../src/lib/core/ids.ts';
import { deletionToSign, revocationToSign, statusToSign } from '../../src/lib/protocol/account.ts';
import { SESSION_MS } from '../../src/lib/protocol/limits.ts';
import { errorBody } from '../../src/lib/protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import { routes } from '../../src/lib/server/endpoints.ts';
import { relayWorld, value, type RelayWorld, type TestDevice } from './relayWorld.ts';

/** Everybody who may come: without a session, with one that ended, and with one, in and out of the group. */
const kinds = ['nobody', 'expired', 'revoked', 'stranger', 'former', 'member'] as const;
type Kind = (typeof kinds)[number];

interface Scene {
  readonly world: RelayWorld;
  readonly callers: Readonly<Record<Kind, TestDevice>>;
  readonly stream: StreamId;
  /** Whole, and the member's. */
  readonly blob: string;
}

/** A group of one member, who has a file there, and who removed somebody; and everybody else. */
async function scene(): Promise<Scene> {
  const world = await relayWorld();
  const expired = await world.device();
  world.clock.advance(SESSION_MS);
  const member = await world.device();
  const [former, stranger, revoked] = [await world.device(), await world.device(), await world.device()];
  value(await member.publish(3));
  const nobody = { ...stranger, token: undefined };
  await world.relay.revokeDevice(revoked.id);
  const [stream, blob] = [newId<StreamId>(world.random), newId<string>(world.random)];
  value(await member.commit(stream, 0, { members: [member.id, former.id] }));
  value(await member.commit(stream, 1, { members: [member.id], fence: true }));
  const made: Scene = { world, callers: { nobody, expired, revoked, stranger, former, member }, stream, blob };
  for (const path of ['blobs', 'blobs/{id}/append', 'rendezvous/{id}/offer'])
    expect((await ask(made, path, member)).status).toBe(200);
  return made;
}

const byte = new Uint8Array([1]);
const hash = new Uint8Array(createHash('sha256').update(byte).digest());

/** A request of each route that is right when the right caller makes it. */
const requests: Readonly<Record<string, (scene: Scene, caller: TestDevice) => unknown>> = {
  accounts: ({ world }, caller) => ({
    certificate: caller.certificate(world.random.bytes(4).reduce((n, b) => n * 256 + b)),
  }),
  'login/challenge': (_, caller) => ({ device: caller.id }),
  login: (_, caller) => ({ device: caller.id, challenge: new Uint8Array(32), signature: new Uint8Array(64) }),
  'login/refresh': () => ({}),
  'accounts/terms': () => ({}),
  'accounts/status': ({ world }, { account }) => {
    const at = world.clock.now();
    return {
      account: account.id,
      isActive: true,
      at,
      signature: account.keys.sign(statusToSign(account.id, true, at)),
    };
  },
  'accounts/delete': ({ callers }, { account }) => ({
    account: callers.member.account.id,
    signature: account.keys.sign(deletionToSign(callers.member.account.id)),
  }),
  'devices/revoke': ({ callers }, { account }) => {
    const { id, account: owner } = callers.member;
    return { account: owner.id, device: id, at: 1, signature: account.keys.sign(revocationToSign(owner.id, id, 1)) };
  },
  'devices/revocation': (_, { id }) => ({ device: id }),
  devices: () => ({}),
  sessions: () => ({}),
  'sessions/end': ({ callers }) => ({
    id: new Uint8Array(
      createHash('sha256')
        .update(callers.member.token ?? byte)
        .digest(),
    ),
  }),
  'push/key': () => ({}),
  'push/subscribe': () => ({
    endpoint: 'https://fcm.googleapis.com/fcm/send/1',
    p256dh: new Uint8Array(65),
    auth: new Uint8Array(16),
  }),
  'push/stop': () => ({}),
  directory: () => ({ query: 'hike' }),
  'streams/{id}/listing': () => ({ name: 'Hike', description: '', link: byte }),
  'streams/{id}/unlist': () => ({}),
  'handles/claim': (_, { id }) => ({ handle: `a${id.toLowerCase().replaceAll(/[^a-z]/g, 'x')}` }),
  'handles/release': () => ({}),
  'handles/find': () => ({ handle: 'nobody' }),
  'key-packages': () => ({ packages: [] }),
  'key-packages/count': () => ({}),
  'key-packages/claim': ({ world, callers }) => ({
    claim: newId(world.random),
    suite: 83,
    accounts: [callers.member.account.id],
  }),
  'catch-up': () => ({ cursors: {} }),
  blobs: ({ blob }) => ({ id: blob, size: 1, sha256: hash }),
  'blobs/{id}/append': () => ({ offset: 0, bytes: byte }),
  'blobs/{id}/read': () => ({ offset: 0, length: 1 }),
  'blobs/{id}/hold': () => ({}),
  'blobs/{id}/release': () => ({}),
  'streams/{id}/entries': ({ world }) => ({ entries: [{ id: newId(world.random), epoch: 2, payload: byte }] }),
  'streams/{id}/offer': ({ world }) => ({ entries: [{ id: newId(world.random), epoch: 2 }] }),
  'streams/{id}/commits': ({ world }, caller) => ({
    id: newId(world.random),
    epoch: 2,
    payload: byte,
    members: [caller.id],
    fence: true,
    welcomes: [],
    spends: [],
  }),
  'streams/{id}/info': () => ({}),
  'streams/{id}/signals': () => ({ payload: new Uint8Array(64) }),
  'rendezvous/{id}/offer': () => ({ n: 0, box: byte }),
  'rendezvous/{id}/answer': () => ({ n: 0, box: byte }),
  'rendezvous/{id}/fetch': () => ({ from: 'old', next: 0 }),
};

async function ask(scene: Scene, route: string, caller: TestDevice) {
  const path = route.replace('{id}', route.startsWith('blobs') ? scene.blob : scene.stream);
  const body = cborFromValue(requests[route]?.(scene, caller));
  const answer = await scene.world.relay.handle({ path, token: caller.token, body });
  const fault = valueFromCbor(errorBody, answer.body, 1_000);
  return { status: answer.status, code: answer.status === 200 ? 'ok' : fault.ok ? fault.value.code : 'no code' };
}

const noSession = { nobody: 'unauthorized', expired: 'unauthorized', revoked: 'unauthorized' } as const;
const anyDevice = { ...noSession, stranger: 'ok', former: 'ok', member: 'ok' } as const;
const membersOnly = { ...noSession, stranger: 'forbidden', former: 'forbidden', member: 'ok' } as const;
const ownersOnly = { ...noSession, stranger: 'not-found', former: 'not-found', member: 'ok' } as const;
/** Proved by the request itself: the session does not matter. */
const open = (code: string) =>
  ({ ...Object.fromEntries(kinds.map((kind) => [kind, code])), revoked: 'revoked-device' }) as Record<Kind, string>;

/** Signed by the account's key, or not done. */
const ownersKeyOnly = { ...open('unauthorized'), revoked: 'unauthorized', member: 'ok' };

const table: Readonly<Record<string, Readonly<Record<Kind, string>>>> = {
  accounts: open('ok'),
  'login/challenge': open('ok'),
  login: open('unauthorized'),
  'login/refresh': anyDevice,
  'accounts/terms': { ...open('ok'), revoked: 'ok' },
  'accounts/status': { ...open('ok'), revoked: 'ok' },
  'accounts/delete': ownersKeyOnly,
  'devices/revoke': ownersKeyOnly,
  // The one that is revoked in this scene was revoked by the operator, who signs nothing.
  'devices/revocation': { ...open('not-found'), revoked: 'not-found' },
  devices: anyDevice,
  sessions: anyDevice,
  'sessions/end': ownersOnly,
  'push/key': anyDevice,
  'push/subscribe': anyDevice,
  'push/stop': anyDevice,
  directory: anyDevice,
  'streams/{id}/listing': membersOnly,
  'streams/{id}/unlist': membersOnly,
  'handles/claim': anyDevice,
  'handles/release': anyDevice,
  'handles/find': { ...noSession, stranger: 'not-found', former: 'not-found', member: 'not-found' },
  'key-packages': anyDevice,
  'key-packages/count': anyDevice,
  'key-packages/claim': anyDevice,
  'catch-up': anyDevice,
  blobs: { ...anyDevice, stranger: 'conflict', former: 'conflict' },
  'blobs/{id}/append': ownersOnly,
  'blobs/{id}/read': anyDevice,
  'blobs/{id}/hold': anyDevice,
  'blobs/{id}/release': anyDevice,
  'streams/{id}/entries': membersOnly,
  'streams/{id}/offer': membersOnly,
  'streams/{id}/commits': membersOnly,
  'streams/{id}/info': membersOnly,
  'streams/{id}/signals': membersOnly,
  // Whoever knows its id, which is in the code on a screen.
  'rendezvous/{id}/offer': { ...open('ok'), revoked: 'ok' },
  'rendezvous/{id}/answer': anyDevice,
  'rendezvous/{id}/fetch': { ...open('ok'), revoked: 'ok' },
};

describe('every route', () => {
  test('is in this table', () => {
    expect(Object.keys(table).toSorted()).toEqual(routes.toSorted());
  });

  test.each(Object.entries(table))('%s answers every kind of caller as it should', async (route, expected) => {
    const made = await scene();
    const said: Record<string, string> = {};
    for (const kind of kinds) said[kind] = (await ask(made, route, made.callers[kind])).code;
    expect(said).toEqual(expected);
  });
});
