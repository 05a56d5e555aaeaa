import { expect, it } from 'vitest';
import { findMessages } from '../../../src/lib/db/search/find.ts';
import { tendIndex } from '../../../src/lib/db/search/upkeep.ts';
import { parseQuery } from '../../../src/lib/domain/search/query.ts';
import { unlockedStore } from '../disks.ts';
import { addConversations, messageAt, putMessages } from './history.ts';

it('finds everything while segments are merged and swept under its feet', async () => {
  const store = await unlockedStore();
  await addConversations(store, ['hike']);
  const query = { clauses: parseQuery('fox ').clauses };
  for (let at = 0; at < 60; at++) {
    await putMessages(store, [messageAt('hike', at, `fox ${at}`)]);
    const searches = [1, 2, 3].map(() => findMessages(store, query, undefined, 100));
    while (await tendIndex(store, () => Promise.resolve()));
    for (const { found } of await Promise.all(searches)) expect(found.length).toBeGreaterThanOrEqual(at);
  }
  expect((await findMessages(store, query, undefined, 100)).found).toHaveLength(60);
});
