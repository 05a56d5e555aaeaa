import type * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { idFromBytes, type KeyPackageRef, type StreamId } from '../../src/lib/core/ids.ts';
import { KEY_PACKAGE_REFILL, RESERVATION_MS } from '../../src/lib/protocol/limits.ts';
import * as protocol from '../../src/lib/protocol/requests.ts';
import { CLAIM_BUDGET, CLAIM_WINDOW_MS, MOST_IN_POOL, TARGET_BUDGET } from '../../src/lib/server/keyPackages.ts';
import { newAccount, relayWorld, value, type RelayWorld, type TestDevice } from './relayWorld.ts';

/** What a pool has of the suite that these tests use, where they name none. */
const hybridOf = ({ pools }: v.InferOutput<typeof protocol.countKeyPackages.answer>) => {
  const { available = 0, lastResort = false } = pools.find(({ suite }) => suite === 83) ?? {};
  return { available, lastResort };
};
const pool = async (device: TestDevice) =>
  hybridOf(value(await device.ask(protocol.countKeyPackages.path, protocol.countKeyPackages, {})));

async function claimOne(claimer: TestDevice, target: TestDevice) {
  const { claims } = value(await claimer.claim(target.account.id));
  expect(claims).toHaveLength(1);
  const [claim] = claims;
  if (claim === undefined) throw new Error('no claim');
  return claim;
}

const spend = (world: RelayWorld, claimer: TestDevice, reservation: string) =>
  claimer.commit(idFromBytes<StreamId>(world.random.bytes(16)), 0, { spends: [reservation] });

describe('publishing', () => {
  test('fills the pool, and the same packages again change nothing', async () => {
    const world = await relayWorld();
    const ana = await world.device();
    const packages = Array.from({ length: 3 }, () => ({
      ref: idFromBytes<KeyPackageRef>(world.random.bytes(64)),
      suite: 83,
      notAfter: world.clock.now() + 1,
      lastResort: false,
      bytes: world.random.bytes(10),
    }));
    const publish = () => ana.ask(protocol.publishKeyPackages.path, protocol.publishKeyPackages, { packages });
    expect(hybridOf(value(await publish()))).toEqual({ available: 3, lastResort: false });
    expect(hybridOf(value(await publish()))).toEqual({ available: 3, lastResort: false });
    const claim = await claimOne(await world.device(), ana);
    expect(packages.map(({ ref }) => ref)).toContain(claim.ref);
    expect(hybridOf(value(await publish()))).toEqual({ available: 2, lastResort: false });
  });

  test('keeps the newest last resort', async () => {
    const world = await relayWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    expect(hybridOf(value(await ana.publish(1, { lastResort: true })))).toEqual({ available: 0, lastResort: true });
    const first = await claimOne(bo, ana);
    value(await ana.publish(1, { lastResort: true }));
    expect((await claimOne(bo, ana)).ref).not.toBe(first.ref);
  });

  test('is refused beyond the pool, and for packages that have ended', async () => {
    const world = await relayWorld();
    const ana = await world.device();
    value(await ana.publish(100));
    value(await ana.publish(MOST_IN_POOL - 100));
    expect(await ana.publish(1)).toMatchObject({ status: 400, code: 'bad-request' });
    expect(await ana.publish(1, { notAfter: world.clock.now() })).toMatchObject({ code: 'bad-request' });
    expect(await pool(ana)).toEqual({ available: MOST_IN_POOL, lastResort: false });
  });
});

describe('claiming', () => {
  test('takes from the suite that is asked for, and never from another', async () => {
    const world = await relayWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    value(await ana.publish(2));
    value(await ana.publish(1, { suite: 1 }));
    value(await ana.publish(1, { suite: 1, lastResort: true }));
    const claim = async (name: string, suite: number) =>
      value(await bo.claimOf(suite, name, ana.account.id)).claims.map(({ lastResort }) => lastResort);
    const names = Array.from({ length: 3 }, () => idFromBytes<string>(world.random.bytes(16)));
    for (const [i, name] of names.entries()) expect(await claim(name, 1)).toEqual([i > 0]);
    // The same claim in another suite is another claim.
    expect(await claim(names[0] ?? '', 83)).toEqual([false]);
    const left = value(await ana.ask(protocol.countKeyPackages.path, protocol.countKeyPackages, {}));
    expect(left.pools).toEqual([
      { suite: 1, available: 0, lastResort: true },
      { suite: 83, available: 1, lastResort: false },
    ]);
  });

  test('gives 100 parallel claims 100 different packages', async () => {
    const world = await relayWorld();
    const target = await world.device();
    value(await target.publish(100));
    const claimers = await Promise.all(Array.from({ length: 10 }, () => world.device()));
    const claims = await Promise.all(
      Array.from({ length: 100 }, (_, i) => claimOne(claimers[i % 10] ?? target, target)),
    );
    expect(new Set(claims.map(({ ref }) => ref)).size).toBe(100);
    expect(new Set(claims.map(({ reservation }) => reservation)).size).toBe(100);
    expect(await pool(target)).toEqual({ available: 0, lastResort: false });
  });

  test('reserves one package of every other active device of the account', async () => {
    const world = await relayWorld();
    const account = newAccount();
    const [phone, laptop] = [await world.device(account), await world.device(account)];
    const bo = await world.device();
    value(await phone.publish(1));
    value(await laptop.publish(1));
    expect(value(await phone.claim(account.id)).claims.map(({ device }) => device)).toEqual([laptop.id]);
    expect(value(await bo.claim(account.id, account.id))).toMatchObject({
      claims: [{ device: phone.id }],
      missing: [],
    });
    expect(value(await bo.claim(account.id, bo.account.id))).toEqual({ claims: [], missing: [account.id] });
    expect(value(await bo.claim(newAccount().id)).claims).toEqual([]);
  });

  test('serves the last resort only when the pool is empty, and does not use it up', async () => {
    const world = await relayWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    value(await ana.publish(1, { lastResort: true }));
    value(await ana.publish(1));
    expect(await claimOne(bo, ana)).toMatchObject({ lastResort: false });
    const [one, two] = [await claimOne(bo, ana), await claimOne(bo, ana)];
    expect([one, two]).toMatchObject([{ lastResort: true }, { lastResort: true }]);
    expect(one.ref).toBe(two.ref);
    expect(await spend(world, bo, one.reservation)).toMatchObject({ ok: true });
    expect(await spend(world, bo, one.reservation)).toMatchObject({ code: 'no-key-package' });
    expect(await spend(world, bo, two.reservation)).toMatchObject({ ok: true });
    expect(await pool(ana)).toEqual({ available: 0, lastResort: true });
  });

  test('of one account cannot drain the pool of a device', async () => {
    const world = await relayWorld();
    const [ana, cleo] = [await world.device(), await world.device()];
    const eves = newAccount();
    const eve = [await world.device(eves), await world.device(eves)];
    value(await ana.publish(CLAIM_BUDGET + 2));
    for (let i = 0; i < CLAIM_BUDGET; i++) await claimOne(eve[i % 2] ?? cleo, ana);
    expect(await eve[0]?.claim(ana.account.id)).toMatchObject({
      status: 429,
      code: 'rate-limited',
      retryAfter: '3600',
    });
    value(await ana.publish(1, { lastResort: true }));
    expect(await claimOne(eve[1] ?? cleo, ana)).toMatchObject({ lastResort: true });
    expect(await claimOne(cleo, ana)).toMatchObject({ lastResort: false });
    world.clock.advance(CLAIM_WINDOW_MS - 1);
    await eve[0]?.login();
    expect(await claimOne(eve[0] ?? cleo, ana)).toMatchObject({ lastResort: true });
    world.clock.advance(1);
    expect(await claimOne(eve[0] ?? cleo, ana)).toMatchObject({ lastResort: false });
  });

  test('never hands out a package that has ended', async () => {
    const world = await relayWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    value(await ana.publish(1, { notAfter: world.clock.now() + 1_000 }));
    world.clock.advance(1_000);
    expect(value(await bo.claim(ana.account.id))).toEqual({ claims: [], missing: [ana.account.id] });
    expect(await pool(ana)).toEqual({ available: 0, lastResort: false });
  });
});

describe('a reservation', () => {
  test('is for its holder, once, for a day; then the package is free again', async () => {
    const world = await relayWorld();
    const [ana, bo, eve] = [await world.device(), await world.device(), await world.device()];
    value(await ana.publish(1));
    const claim = await claimOne(bo, ana);
    expect(claim.expiresAt).toBe(world.clock.now() + RESERVATION_MS);
    expect(await spend(world, eve, claim.reservation)).toMatchObject({ code: 'no-key-package' });
    world.clock.advance(RESERVATION_MS);
    for (const device of [bo, eve]) await device.login();
    expect(await spend(world, bo, claim.reservation)).toMatchObject({ code: 'no-key-package' });

    const again = await claimOne(eve, ana);
    expect(again.ref).toBe(claim.ref);
    expect(again.reservation).not.toBe(claim.reservation);
    expect(await spend(world, eve, again.reservation)).toMatchObject({ ok: true });
    world.clock.advance(RESERVATION_MS);
    await eve.login();
    expect(value(await eve.claim(ana.account.id)).missing).toEqual([ana.account.id]);
  });
});

describe('a claim that is asked for again', () => {
  const newClaim = (world: RelayWorld) => idFromBytes<string>(world.random.bytes(16));

  test('gets the same packages and burns none, the last resort too', async () => {
    const world = await relayWorld();
    const [ana, bo, eve] = [await world.device(), await world.device(), await world.device()];
    value(await ana.publish(2));
    const claim = newClaim(world);
    const first = value(await bo.claimAs(claim, ana.account.id));
    expect(value(await bo.claimAs(claim, ana.account.id))).toEqual(first);
    expect(await pool(ana)).toMatchObject({ available: 1 });
    // The name of a claim says nothing to others.
    const other = value(await eve.claimAs(claim, ana.account.id));
    expect(other.claims[0]?.ref).not.toBe(first.claims[0]?.ref);
    value(await ana.publish(1, { lastResort: true }));
    const second = newClaim(world);
    const last = value(await bo.claimAs(second, ana.account.id));
    expect(last.claims).toMatchObject([{ lastResort: true }]);
    expect(value(await bo.claimAs(second, ana.account.id))).toEqual(last);
  });

  test('gets others once the first are spent or ended', async () => {
    const world = await relayWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    value(await ana.publish(3));
    const claim = newClaim(world);
    const [first] = value(await bo.claimAs(claim, ana.account.id)).claims;
    expect(await spend(world, bo, first?.reservation ?? '')).toMatchObject({ ok: true });
    const [second] = value(await bo.claimAs(claim, ana.account.id)).claims;
    expect(second?.ref).not.toBe(first?.ref);
    world.clock.advance(RESERVATION_MS);
    await bo.login();
    expect(value(await bo.claimAs(claim, ana.account.id)).claims[0]?.reservation).not.toBe(second?.reservation);
  });
});

describe('a draining attack', () => {
  test('by many accounts ends at the budget of its target, and others still get through', async () => {
    const world = await relayWorld();
    const ana = await world.device();
    value(await ana.publish(100));
    value(await ana.publish(MOST_IN_POOL - 100));
    value(await ana.publish(1, { lastResort: true }));
    const attackers = await Promise.all(Array.from({ length: 10 }, () => world.device()));
    for (const attacker of attackers) for (let i = 0; i < CLAIM_BUDGET; i++) await claimOne(attacker, ana);
    expect(await pool(ana)).toEqual({ available: MOST_IN_POOL - TARGET_BUDGET, lastResort: true });
    expect(await claimOne(await world.device(), ana)).toMatchObject({ lastResort: true });
    world.clock.advance(CLAIM_WINDOW_MS + 1);
    const ben = await world.device();
    expect(await claimOne(ben, ana)).toMatchObject({ lastResort: false });
    // What was never used comes back.
    world.clock.advance(RESERVATION_MS);
    value(await ana.login());
    value(await ben.login());
    await claimOne(ben, ana);
    expect((await pool(ana)).available).toBe(MOST_IN_POOL - 1);
  });

  test('without a last resort leaves out its target, and no other', async () => {
    const world = await relayWorld();
    const [ana, ben] = [await world.device(), await world.device()];
    value(await ana.publish(100));
    value(await ana.publish(50));
    value(await ben.publish(5));
    const attackers = await Promise.all(Array.from({ length: 5 }, () => world.device()));
    for (const attacker of attackers) for (let i = 0; i < CLAIM_BUDGET; i++) await claimOne(attacker, ana);
    const both = value(await (await world.device()).claim(ana.account.id, ben.account.id));
    expect(both.claims.map(({ device }) => device)).toEqual([ben.id]);
    expect(both.missing).toEqual([ana.account.id]);
  });

  test('is heard by its target: its mailbox rings when the pool runs low, and when it is empty', async () => {
    const world = await relayWorld();
    const [ana, ben, cara] = [await world.device(), await world.device(), await world.device()];
    value(await ana.publish(KEY_PACKAGE_REFILL + 1));
    const rings: string[] = [];
    const listener = { ring: ({ stream }: { stream: string }) => rings.push(stream), ended: () => undefined };
    expect(await world.relay.listen(ana.token ?? new Uint8Array(), listener)).toMatchObject({ ok: true });
    await claimOne(ben, ana);
    await ana.catchUp();
    expect(rings).toEqual([]);
    await claimOne(ben, ana);
    await expect.poll(() => rings).toEqual([ana.mailbox]);
    for (let i = 0; i < KEY_PACKAGE_REFILL - 1; i++) await claimOne(i % 2 === 0 ? ben : cara, ana);
    await expect.poll(() => rings).toEqual([ana.mailbox, ana.mailbox]);
  });
});
