import { serialize } from 'node:v8';
import { afterEach, describe, expect, it } from 'vitest';
import { SUITE } from '../../src/lib/crypto/mls/index.ts';
import { openStore, type Store } from '../../src/lib/db/store.ts';
import { tableNames } from '../../src/lib/db/schema.ts';
import { chainOf } from '../../src/lib/sync/storedChain.ts';
import { accountOf, must, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

describe('what is on disk and on the wire', () => {
  it('holds no key, name or word in clear', async () => {
    w = await world();
    const ana = await w.person('Anaximandra');
    const bo = await w.person('Bohumil');
    await ana.knows(bo);
    await w.settle();
    const id = await must(ana.client.createGroup({ name: 'Quokkaline', people: [await accountOf(bo)] }));
    await must(ana.client.sendText(id, 'the plover nests here'));
    await must(ana.client.saveDraft(id, 'an unsent thwimble'));
    await w.settle();

    const secrets = await secretsOf(ana.store);
    expect(secrets.length).toBeGreaterThan(100);
    expect((await ana.store.mlsGroups.toArray())[0]?.state.length).toBeGreaterThan(1_000);
    const planted = ['Anaximandra', 'Bohumil', 'Quokkaline', 'plover', 'thwimble', 'correct horse battery'];
    const needles = [...secrets, ...planted.map((text) => Buffer.from(text))];

    const disk = await lockedDisk(ana);
    expect(disk.length).toBeGreaterThan(10_000);
    expect(needles.filter((needle) => disk.includes(needle))).toEqual([]);
    const wire = Buffer.concat([...ana.network.sent, ...bo.network.sent].map(({ body }) => Buffer.from(body)));
    expect(wire.length).toBeGreaterThan(10_000);
    expect(needles.filter((needle) => wire.includes(needle))).toEqual([]);
    // The same look finds what is there: the public key that the relay knows the account by.
    const key = (await ana.store.keyStore.get('identity'))?.publicKey;
    expect(wire.includes(Buffer.from(key ?? []))).toBe(true);
  });
});

describe('the pool of key packages', () => {
  it('is fifty and a last resort, goes down with each group, and is filled up at twenty-five', async () => {
    w = await world();
    const ana = await w.person('Ana');
    await w.settle();
    expect(await available(ana)).toEqual({ ordinary: 50, lastResort: 1 });

    const others = [await w.person('Bo'), await w.person('Cy')];
    for (const other of others) {
      await other.knows(ana);
      // Twenty an hour is what one account may take of another's pool.
      for (let i = 0; i < 13; i++) {
        const people = [await accountOf(ana)];
        await must(other.client.createGroup({ name: `group ${i}`, people }));
      }
      await other.client.syncNow();
    }
    await ana.client.syncNow();
    await w.settle();
    // 26 were spent: 24 were left, so 26 more were made.
    expect(await available(ana)).toEqual({ ordinary: 50, lastResort: 1 });
    expect(await ana.store.keyPackages.where('status').equals('spent').count()).toBe(26);
    // With those of the classical suite, of which nobody took any.
    expect(await ana.store.keyPackageBundles.count()).toBe(51 + 11);
  });
});

describe('a pool that others have emptied', () => {
  it('still lets everybody reach the device through its last resort, which is then replaced', async () => {
    w = await world();
    const ana = await w.person('Ana');
    await w.settle();
    const before = await ana.store.keyPackages.toArray();
    ana.network.isUp = false;
    const others: Person[] = [];
    for (const name of ['Bo', 'Cy', 'Di']) {
      const other = await w.person(name);
      await other.knows(ana);
      others.push(other);
    }
    const people = [await accountOf(ana)];
    // Twenty are Bo's to take in an hour, twenty Cy's, the rest Di's; five more groups share the last resort.
    for (let i = 0; i < 55; i++) {
      const other = others[Math.floor(i / 20)] as Person;
      await must(other.client.createGroup({ name: `group ${i}`, people }));
    }
    for (const other of others) await other.client.syncNow();
    ana.network.isUp = true;
    await w.settle();
    for (let i = 0; i < 55; i++) await ana.conversation(`group ${i}`);
    expect(await available(ana)).toEqual({ ordinary: 50, lastResort: 1 });
    const used =
      before.find((row) => row.isLastResort && row.cipherSuite === SUITE)?.ref ?? expect.fail('no last resort');
    expect(await ana.store.keyPackageBundles.get(used)).toBeDefined();

    w.clock.advance(25 * 3600_000);
    await must((others[2] as Person).client.createGroup({ name: 'one more', people }));
    await w.settle();
    expect(await ana.store.keyPackageBundles.get(used)).toBeUndefined();
  });
});

/** Of the suite that small groups use. */
async function available(person: Person): Promise<{ ordinary: number; lastResort: number }> {
  const all = await person.store.keyPackages.where('status').equals('available').toArray();
  const rows = all.filter((row) => row.cipherSuite === SUITE);
  return {
    ordinary: rows.filter((row) => !row.isLastResort).length,
    lastResort: rows.filter((row) => row.isLastResort).length,
  };
}

/** Secrets that the unlocked store gives up: private keys, sender chains, private halves of key packages. */
async function secretsOf(store: Store): Promise<Buffer[]> {
  const keys = (await store.keyStore.toArray()).flatMap((row) => row.key ?? []);
  const chains = (await store.senderKeys.toArray()).map((row) => chainOf(row).chainKey);
  const bundles = (await store.keyPackageBundles.toArray()).flatMap((row) => [
    row.bundle.slice(0, 48),
    row.bundle.slice(-48),
  ]);
  return [...keys, ...chains, ...bundles].map((bytes) => Buffer.from(bytes));
}

/** Every row as it lies on disk, read without the vault. */
async function lockedDisk(person: Person): Promise<Buffer> {
  const store = await openStore({ ...person.storage, clock: w.clock, random: w.random });
  const parts: Buffer[] = [];
  for (const table of tableNames) {
    for (const row of await store[table].toArray()) {
      const { loginKey: _key, ...plain } = row as { loginKey?: unknown };
      parts.push(serialize(plain));
    }
  }
  store.close();
  return Buffer.concat(parts);
}
