import { afterEach, expect, it } from 'vitest';
import { accountOf, must, until, world, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

it('what was written before one’s own words and comes after them is unread, shown as late, and its reading is told', async () => {
  w = await world({ seed: 'late' });
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  const atAna = await must(ana.client.openDirect(await accountOf(bo)));
  await must(ana.client.sendText(atAna, 'hello'));
  await w.settle();
  const { id } = await bo.conversation('Ana');
  await must(bo.client.markRead(id, (await bo.view(id)).messages.at(-1)!.id));

  ana.network.isUp = bo.network.isUp = false;
  await must(ana.client.sendText(atAna, 'written in the valley'));
  await must(ana.client.sendText(atAna, 'and at the ford'));
  w.clock.advance(60_000);
  await must(bo.client.sendText(id, 'written on the pass'));
  ana.network.isUp = bo.network.isUp = true;
  await w.settle();

  expect(await bo.texts('Ana')).toEqual(['hello', 'written in the valley', 'and at the ford', 'written on the pass']);
  const view = await bo.view(id);
  expect(view.unread).toBe(2);
  const texts = new Map(view.messages.map((message) => [message.id, message.text]));
  expect(view.late.map((late) => texts.get(late.id))).toEqual(['written in the valley', 'and at the ford']);
  expect((await ana.conversation('Bo')).unread).toBe(1);

  // Only what was before the eyes is read; what stands above it stays.
  await must(bo.client.markRead(id, view.messages.at(-1)!.id, view.late[1]!.id));
  expect((await bo.view(id)).late.map((late) => late.id)).toEqual([view.late[0]!.id]);
  await must(bo.client.markRead(id, view.messages.at(-1)!.id));
  expect(await bo.view(id)).toMatchObject({ unread: 0, late: [] });
  await until(ana.store, async () => {
    const own = (await ana.store.messages.toArray()).filter((row) => row.isOutgoing);
    return own.length === 3 && own.every((row) => row.status === 'read');
  });
});

it('whoever answers before looking has read what they answer, and the senders are told', async () => {
  w = await world({ seed: 'answered' });
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  const atAna = await must(ana.client.openDirect(await accountOf(bo)));
  await must(ana.client.sendText(atAna, 'hello'));
  await w.settle();
  const { id } = await bo.conversation('Ana');
  expect((await bo.view(id)).unread).toBe(1);
  await must(bo.client.sendText(id, 'hello to you'));
  expect(await bo.view(id)).toMatchObject({ unread: 0, late: [] });
  await until(ana.store, async () => {
    const own = (await ana.store.messages.toArray()).filter((row) => row.isOutgoing);
    return own.length === 1 && own.every((row) => row.status === 'read');
  });
});
