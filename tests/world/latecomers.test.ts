import { afterEach, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/lib/core/bytes.ts';
import type { ConversationId } from '../../src/lib/core/ids.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import { CHAIN_KEPT_EPOCHS } from '../../src/lib/db/senderKeys.ts';
import { limits } from '../../src/lib/protocol/limits.ts';
import { catchUp } from '../../src/lib/protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import { accountOf, must, PASSPHRASE, world, type Person, type World } from './world.ts';

const DAY_MS = 24 * 3600_000;

let w: World;
afterEach(() => w.close());

async function groupOf(...names: string[]): Promise<{ id: ConversationId; people: Person[] }> {
  w = await world();
  const people: Person[] = [];
  for (const name of names) people.push(await w.person(name));
  const [maker, ...others] = people as [Person, ...Person[]];
  await maker.knows(...others);
  await w.settle();
  const accounts = await Promise.all(others.map(accountOf));
  const id = await must(maker.client.createGroup({ name: 'Hike', people: accounts }));
  await w.settle();
  return { id, people };
}

describe('a message that was written long before it goes out', () => {
  it('is read by everybody, though the group is many epochs on', async () => {
    const { id, people } = await groupOf('Ana', 'Bo');
    const [ana, bo] = people as [Person, Person];
    bo.network.isUp = false;
    await must(bo.client.sendText(id, 'from the hut'));
    for (let i = 0; i <= CHAIN_KEPT_EPOCHS; i++) {
      await must(ana.client.changeGroup(id, { description: `plan ${i}` }));
      await ana.client.syncNow();
    }
    // Locked, it has the record only as it is: members would have no key for it any more.
    await bo.restart();
    bo.network.isUp = true;
    await w.settle();
    expect(await ana.texts('Hike')).toEqual([]);
    await must(bo.client.unlock(PASSPHRASE));
    await w.settle();
    expect(await ana.texts('Hike')).toEqual(['from the hut']);
    expect(await bo.waiting()).toBe(0);
  });

  it('is read by everybody, though old keys are gone by time', async () => {
    const { id, people } = await groupOf('Ana', 'Bo');
    const [ana, bo] = people as [Person, Person];
    bo.network.isUp = false;
    await must(bo.client.sendText(id, 'from the hut'));
    for (let day = 0; day < 40; day += 4) {
      w.clock.advance(4 * DAY_MS);
      await w.settle();
    }
    bo.network.isUp = true;
    await w.settle();
    expect(await ana.texts('Hike')).toEqual(['from the hut']);
  });

  it('may be no further back for the relay than for those who read it', () => {
    expect(limits.epochsBack).toBeLessThanOrEqual(CHAIN_KEPT_EPOCHS);
  });
});

describe('whoever leaves, and was not heard', () => {
  it('says so again after a while', async () => {
    const { id, people } = await groupOf('Ana', 'Bo');
    const [ana, bo] = people as [Person, Person];
    // What Bo said reaches nobody as it was.
    ana.network.alter = (path, body) => (path === 'catch-up' ? withoutRecords(body) : body);
    await must(bo.client.leaveGroup(id));
    await w.settle();
    ana.network.alter = undefined;
    await w.settle();
    expect((await bo.store.offlineOperations.toArray()).map((row) => row.operationType)).toEqual(['leave']);
    w.clock.advance(11 * 60_000);
    await w.settle();
    expect(await bo.waiting()).toBe(0);
    expect((await ana.view(id)).members.map(({ name }) => name)).toEqual(['Ana']);
  });

  it('goes by itself after the third time, and is let go by whoever reads it later', async () => {
    const { id, people } = await groupOf('Ana', 'Bo');
    const [ana, bo] = people as [Person, Person];
    ana.network.isUp = false;
    await must(bo.client.leaveGroup(id));
    await w.settle();
    for (const minutes of [11, 21]) {
      w.clock.advance(minutes * 60_000);
      await w.settle();
      expect(await bo.store.mlsGroups.count()).toBe(1);
    }
    w.clock.advance(41 * 60_000);
    await w.settle();
    expect(await bo.store.mlsGroups.count()).toBe(0);
    expect(await bo.store.senderKeys.count()).toBe(0);
    expect(await bo.waiting()).toBe(0);
    ana.network.isUp = true;
    await w.settle();
    expect((await ana.view(id)).members.map(({ name }) => name)).toEqual(['Ana']);
    expect(await ana.waiting()).toBe(0);
  });
});

/** An answer of the relay with every record spoiled. */
function withoutRecords(body: Bytes): Bytes {
  const answer = unwrap(valueFromCbor(catchUp.answer, body, 2 * limits.body));
  const spoiled = new Uint8Array(8);
  const entries = answer.entries.map((entry) => (entry.kind === 'record' ? { ...entry, payload: spoiled } : entry));
  return cborFromValue({ ...answer, entries });
}
