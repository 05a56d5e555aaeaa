import { afterEach, expect, it } from 'vitest';
import { accountOf, must, world, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

it('a view of one conversation is read again for what happens there, and for nothing that happens in another', async () => {
  w = await world();
  const [ana, bo, cy] = [await w.person('Ana'), await w.person('Bo'), await w.person('Cy')];
  await ana.knows(bo, cy);
  const withBo = await must(ana.client.openDirect(await accountOf(bo)));
  const withCy = await must(ana.client.openDirect(await accountOf(cy)));
  await must(ana.client.sendText(withBo, 'one'));
  await must(ana.client.sendText(withCy, 'one'));
  await w.settle();

  const shown: number[] = [];
  const stop = await ana.client.watchConversation(withBo, 50, (view) => shown.push(view?.messages.length ?? 0));
  await w.settle();
  const before = shown.length;

  await must(ana.client.sendText(withCy, 'two'));
  await w.settle();
  await must(cy.client.sendText((await cy.conversation('Ana')).id, 'three'));
  await w.settle();
  expect(shown).toHaveLength(before);
  // Somebody who is not in it becomes known.
  await ana.knows(await w.person('Dee'));
  await w.settle();
  expect(shown).toHaveLength(before);

  await must(ana.client.sendText(withBo, 'two'));
  await w.settle();
  expect(shown.length).toBeGreaterThan(before);
  expect(shown.at(-1)).toBe(2);
  stop();
});
