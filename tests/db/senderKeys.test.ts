import { beforeEach, describe, expect, it } from 'vitest';
import { base64urlFromBytes } from '../../src/lib/core/bytes.ts';
import {
  CHAIN_KEPT_MS,
  chainAt,
  deleteChainsOfGroup,
  deleteOldChains,
  listChains,
  loadChain,
  newestChainOf,
  saveChain,
  saveChains,
} from '../../src/lib/db/senderKeys.ts';
import type { SenderKeyRow, Store } from '../../src/lib/db/store.ts';
import { unlockedStore } from './disks.ts';
import { account, conversationRow, conversation, device, faultFrom, group, NOW } from './fixtures.ts';

const sender = (leaf: number) => new Uint8Array(32).fill(leaf + 1);

const chain = (epoch: number, leaf: number, more: Partial<SenderKeyRow> = {}): SenderKeyRow => ({
  groupId: group('hike'),
  senderPublicKey: base64urlFromBytes(sender(leaf)),
  keyId: String(epoch),
  chainKey: new Uint8Array([epoch, leaf]),
  iteration: 0,
  signaturePublic: sender(leaf),
  epoch,
  leaf,
  accountId: account('ana'),
  deviceId: device('ana-phone'),
  createdAt: NOW,
  updatedAt: NOW,
  ...more,
});

let store: Store;
beforeEach(async () => {
  store = await unlockedStore();
  await store.conversations.add(conversationRow('hike', { kind: 'system' }));
  for (const name of ['hike', 'choir']) {
    await store.mlsGroups.add({
      groupId: group(name),
      conversationId: conversation('hike'),
      epoch: 0,
      revision: 0,
      state: new Uint8Array(),
    });
  }
});

describe('sender chains', () => {
  it('are saved and replaced', async () => {
    await saveChain(store, chain(1, 0));
    await saveChain(store, chain(1, 0, { iteration: 5, chainKey: new Uint8Array([9]) }));
    expect(await loadChain(store, group('hike'), sender(0), '1')).toEqual(
      chain(1, 0, { iteration: 5, chainKey: new Uint8Array([9]) }),
    );
    expect(await store.senderKeys.count()).toBe(1);
    expect(await loadChain(store, group('hike'), sender(1), '1')).toBeUndefined();
  });

  it('never turn back', async () => {
    await saveChain(store, chain(1, 0, { iteration: 5 }));
    expect(await faultFrom(saveChain(store, chain(1, 0, { iteration: 4 })))).toMatchObject({
      code: 'constraint',
      field: 'iteration',
    });
  });

  it('belong to a group that is there', async () => {
    expect(await faultFrom(saveChain(store, chain(1, 0, { groupId: group('nobody') })))).toMatchObject({
      code: 'constraint',
    });
  });

  it('are found by epoch and leaf, and the newest of a sender by number, not by text', async () => {
    await saveChains(store, [
      chain(2, 0),
      chain(9, 0),
      chain(10, 0),
      chain(10, 1),
      chain(11, 0, { groupId: group('choir') }),
    ]);
    expect(await chainAt(store, group('hike'), 10, 1)).toEqual(chain(10, 1));
    expect(await chainAt(store, group('hike'), 9, 1)).toBeUndefined();
    expect(await newestChainOf(store, group('hike'), sender(0))).toEqual(chain(10, 0));
    expect(await newestChainOf(store, group('hike'), sender(7))).toBeUndefined();
    expect((await listChains(store, group('hike'))).map((row) => [row.epoch, row.leaf])).toEqual([
      [2, 0],
      [9, 0],
      [10, 0],
      [10, 1],
    ]);
  });

  it('of old epochs go 30 days after the next epoch began', async () => {
    await saveChains(store, [
      chain(1, 0),
      chain(2, 0, { createdAt: NOW + 1000 }),
      chain(3, 0, { createdAt: NOW + 2000 }),
    ]);
    expect(await deleteOldChains(store, group('hike'), NOW + 1000 + CHAIN_KEPT_MS)).toBe(0);
    expect(await deleteOldChains(store, group('hike'), NOW + 1001 + CHAIN_KEPT_MS)).toBe(1);
    expect((await listChains(store, group('hike'))).map((row) => row.epoch)).toEqual([2, 3]);
    expect(await deleteOldChains(store, group('hike'), NOW + 10 * CHAIN_KEPT_MS)).toBe(1);
    expect((await listChains(store, group('hike'))).map((row) => row.epoch)).toEqual([3]);
  });

  it('of old epochs go after 32 epochs', async () => {
    await saveChains(store, Array.from({ length: 40 }, (_, epoch) => [chain(epoch, 0), chain(epoch, 1)]).flat());
    await saveChain(store, chain(0, 0, { groupId: group('choir') }));
    expect(await deleteOldChains(store, group('hike'), NOW)).toBe(14);
    expect(Math.min(...(await listChains(store, group('hike'))).map((row) => row.epoch))).toBe(7);
    expect(await listChains(store, group('choir'))).toHaveLength(1);
  });

  it('go with their group', async () => {
    await saveChains(store, [chain(1, 0), chain(1, 0, { groupId: group('choir') })]);
    expect(await deleteChainsOfGroup(store, group('choir'))).toBe(1);
    await store.mlsGroups.delete(group('hike'));
    expect(await store.senderKeys.count()).toBe(0);
  });
});
