import { describe, expect, test } from 'vitest';
import { CHALLENGE_MS, SESSION_MS } from '../../src/lib/protocol/limits.ts';
import * as protocol from '../../src/lib/protocol/requests.ts';
import { newKeyPair, ORIGIN, relayWorld, value, type TestDevice } from './relayWorld.ts';

const challengeOf = async (device: TestDevice) =>
  value(await device.ask(protocol.challenge.path, protocol.challenge, { device: device.id })).challenge;

const answer = (device: TestDevice, challenge: Awaited<ReturnType<typeof challengeOf>>, signer = device.loginKeys) =>
  device.ask(protocol.login.path, protocol.login, {
    device: device.id,
    challenge,
    signature: signer.sign(protocol.challengeToSign(ORIGIN, challenge)),
  });

const isLoggedIn = async (device: TestDevice) =>
  (await device.ask(protocol.countKeyPackages.path, protocol.countKeyPackages, {})).ok;

describe('login', () => {
  test('takes a challenge once', async () => {
    const ana = await (await relayWorld()).device();
    const challenge = await challengeOf(ana);
    expect(await answer(ana, challenge)).toMatchObject({ ok: true });
    expect(await answer(ana, challenge)).toMatchObject({ status: 401, code: 'unauthorized' });
  });

  test('uses a challenge up with a wrong signature', async () => {
    const ana = await (await relayWorld()).device();
    const challenge = await challengeOf(ana);
    expect(await answer(ana, challenge, newKeyPair())).toMatchObject({ status: 401, code: 'unauthorized' });
    expect(await answer(ana, challenge)).toMatchObject({ code: 'unauthorized' });
  });

  test('takes no challenge of another device, and none that is older than a minute', async () => {
    const world = await relayWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    const stolen = await challengeOf(bo);
    expect(await answer(ana, stolen)).toMatchObject({ code: 'unauthorized' });
    expect(await answer(bo, stolen)).toMatchObject({ ok: true });
    const late = await challengeOf(ana);
    world.clock.advance(CHALLENGE_MS);
    expect(await answer(ana, late)).toMatchObject({ code: 'unauthorized' });
  });

  test('is worth nothing when it was signed for another origin', async () => {
    const ana = await (await relayWorld()).device();
    expect(await ana.login('https://evil.test')).toMatchObject({ status: 401, code: 'unauthorized' });
    expect(await ana.login(`${ORIGIN}/`)).toMatchObject({ code: 'unauthorized' });
  });

  test('goes by the host that was asked where the relay has no origin', async () => {
    const world = await relayWorld({ origin: undefined });
    const ana = await world.device();
    expect(ana.token).toBeUndefined();
    expect(await ana.login('http://localhost:3000')).toMatchObject({ code: 'unauthorized' });
    ana.host = 'localhost:3000';
    expect(await ana.login('http://localhost:3000')).toMatchObject({ ok: true });
    expect(await ana.login('http://localhost')).toMatchObject({ code: 'unauthorized' });
  });

  test('gives no more challenges than a device can use', async () => {
    const world = await relayWorld();
    const ana = await world.device();
    for (let i = 0; i < 16; i++) await challengeOf(ana);
    expect(await ana.login()).toMatchObject({ status: 429, code: 'rate-limited', retryAfter: '60' });
    world.clock.advance(CHALLENGE_MS);
    expect(await ana.login()).toMatchObject({ ok: true });
  });
});

describe('a session', () => {
  test('ends after an hour', async () => {
    const world = await relayWorld();
    const ana = await world.device();
    world.clock.advance(SESSION_MS - 1);
    expect(await isLoggedIn(ana)).toBe(true);
    world.clock.advance(1);
    expect(await isLoggedIn(ana)).toBe(false);
    expect(await ana.ask(protocol.refresh.path, protocol.refresh, {})).toMatchObject({ code: 'unauthorized' });
  });

  test('gets a new token, and the old one ends', async () => {
    const world = await relayWorld();
    const ana = await world.device();
    const before = ana.token;
    world.clock.advance(SESSION_MS - 1);
    const fresh = value(await ana.ask(protocol.refresh.path, protocol.refresh, {}));
    expect(fresh.expiresAt).toBe(world.clock.now() + SESSION_MS);
    expect(await isLoggedIn(ana)).toBe(false);
    ana.token = fresh.token;
    world.clock.advance(SESSION_MS - 1);
    expect(await isLoggedIn(ana)).toBe(true);
    ana.token = before;
    expect(await isLoggedIn(ana)).toBe(false);
  });

  test('needs a token that the relay gave', async () => {
    const ana = await (await relayWorld()).device();
    ana.token = undefined;
    expect(await isLoggedIn(ana)).toBe(false);
    ana.token = new Uint8Array(32);
    expect(await isLoggedIn(ana)).toBe(false);
  });
});
