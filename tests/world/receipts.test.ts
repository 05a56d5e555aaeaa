import { afterEach, expect, it } from 'vitest';
import { sortKeyOf } from '../../src/lib/core/clock.ts';
import { newId, type DeviceId, type MessageId } from '../../src/lib/core/ids.ts';
import { importMessages } from '../../src/lib/db/messages/importMessages.ts';
import { nothingHangs } from '../../src/lib/db/messages/whole.ts';
import { accountOf, must, world, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

it('tells of more read messages than one receipt names in as many as it takes', async () => {
  w = await world();
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  await w.settle();
  const senderId = await accountOf(bo);
  const conversationId = await must(ana.client.openDirect(senderId));
  await w.settle();
  const now = w.clock.now();
  const messages = Array.from({ length: 5_001 }, (_, i) => ({
    ...nothingHangs(),
    row: {
      id: newId<MessageId>(w.random),
      conversationId,
      senderId,
      type: 'text' as const,
      content: `${i}`,
      isOutgoing: false,
      isEncrypted: true,
      status: 'delivered' as const,
      sortKey: sortKeyOf({ ms: now + i, count: 0 }, 'bo' as DeviceId),
      timestamp: now + i,
      isDeleted: false,
      createdAt: now,
      updatedAt: now,
    },
  }));
  await importMessages(ana.store, conversationId, messages);
  ana.network.isUp = false;
  await must(ana.client.markRead(conversationId, messages.at(-1)?.row.id ?? expect.fail()));
  const waiting = await ana.store.offlineOperations.where('operationType').equals('append').toArray();
  expect(waiting).toHaveLength(2);
  ana.network.isUp = true;
  await w.settle();
  const outcomes = await bo.store.inbox.toArray();
  expect(outcomes.filter(({ outcome }) => outcome === 'Malformed')).toEqual([]);
});
