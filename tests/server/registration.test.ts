import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../src/lib/core/bytes.ts';
import { hasZeroBits, terms, workToHash } from '../../src/lib/protocol/work.ts';
import * as protocol from '../../src/lib/protocol/requests.ts';
import { solveWork } from '../../src/lib/sync/proofOfWork.ts';
import { createRelayClient } from '../../src/lib/sync/relayClient.ts';
import { createNetwork } from '../world/network.ts';
import { newAccount, newDevice, ORIGIN, relayWorld, value, type RelayWorld } from './relayWorld.ts';

const stranger = (world: RelayWorld, account = newAccount()) => newDevice(world.relay, account, world.random);
const register = (world: RelayWorld, certificate: Bytes, more: { work?: number; invite?: string } = {}) =>
  stranger(world).ask(protocol.register.path, protocol.register, { certificate, ...more });

describe('a relay that asks for work', () => {
  const workBits = 8;
  const laborious = () => relayWorld({ registration: { workBits } });

  test('says so, and takes a new device that has done it', async () => {
    const world = await laborious();
    const ana = stranger(world);
    const certificate = ana.certificate();
    expect(await register(world, certificate)).toMatchObject({ status: 403, code: 'work-needed' });
    expect(value(await ana.ask(terms.path, terms, {}))).toEqual({ workBits, inviteOnly: false });
    const work = solveWork(certificate, workBits);
    expect(await register(world, certificate, { work })).toMatchObject({ ok: true });
    expect(await ana.login()).toMatchObject({ ok: true });
    // A device that is known has paid.
    expect(await register(world, ana.certificate(1))).toMatchObject({ ok: true });
  });

  test('is not content with the work for another device, or with less', async () => {
    const world = await laborious();
    const [ana, bo] = [stranger(world).certificate(), stranger(world).certificate()];
    const hash = (certificate: Bytes, nonce: number) => {
      const certificateHash = createHash('sha256').update(certificate).digest();
      return createHash('sha256').update(workToHash(certificateHash, nonce)).digest();
    };
    const work = solveWork(ana, workBits);
    expect(hasZeroBits(hash(ana, work), workBits)).toBe(true);
    const elsewhere = solveWork(ana, 16);
    if (!hasZeroBits(hash(bo, elsewhere), workBits))
      expect(await register(world, bo, { work: elsewhere })).toMatchObject({ code: 'work-needed' });
    let lazy = 0;
    while (!hasZeroBits(hash(bo, lazy), workBits - 1) || hasZeroBits(hash(bo, lazy), workBits)) lazy++;
    expect(await register(world, bo, { work: lazy })).toMatchObject({ code: 'work-needed' });
    expect(await register(world, bo, { work: 2 ** 53 - 1 })).toMatchObject({ code: 'work-needed' });
  });

  test('is served by a client without anybody noticing', async () => {
    const world = await laborious();
    const ana = stranger(world);
    const network = createNetwork(ORIGIN, () => world.relay);
    const client = createRelayClient(network.transport, {
      device: ana.id,
      certificate: ana.certificate(),
      sign: async (data) => ana.loginKeys.sign(data),
    });
    expect(await client.countKeyPackages()).toMatchObject({ ok: true });
    expect(network.sent.map(({ path }) => path)).toContain('accounts/terms');
  });
});

describe('a relay for invited people', () => {
  test('takes one new account for each invitation, and its further devices without', async () => {
    const world = await relayWorld({ registration: { inviteOnly: true } });
    const [ana, eve] = [newAccount(), newAccount()];
    const invite = await world.relay.invite();
    const first = stranger(world, ana).certificate();
    expect(await register(world, first)).toMatchObject({ status: 403, code: 'invite-needed' });
    expect(await register(world, first, { invite })).toMatchObject({ ok: true });
    expect(await register(world, first, { invite })).toMatchObject({ ok: true });
    expect(await register(world, stranger(world, ana).certificate())).toMatchObject({ ok: true });
    expect(await register(world, stranger(world, eve).certificate(), { invite })).toMatchObject({
      code: 'invite-needed',
    });
  });

  test('lets invitations end after a week', async () => {
    const world = await relayWorld({ registration: { inviteOnly: true } });
    const invite = await world.relay.invite();
    world.clock.advance(7 * 24 * 3600_000);
    expect(await register(world, stranger(world).certificate(), { invite })).toMatchObject({ code: 'invite-needed' });
  });
});
