import { afterEach, describe, expect, it } from 'vitest';
import { must, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

async function trio(): Promise<{ ana: Person; bo: Person; cy: Person }> {
  w = await world();
  const [ana, bo, cy] = [await w.person('Ana'), await w.person('Bo'), await w.person('Cy')];
  await ana.knows(bo, cy);
  await w.settle();
  return { ana, bo, cy };
}

const accountOf = async (person: Person) => {
  const self = await person.client.self();
  if (self === undefined) throw new Error('locked');
  return self.account;
};

describe('three people', () => {
  it('write to each other in a direct chat, and see each other’s names and states', async () => {
    const { ana, bo } = await trio();
    const chat = await must(ana.client.openDirect(await accountOf(bo)));
    await must(ana.client.sendText(chat, 'hello Bo'));
    await w.settle();
    expect(await bo.texts('Ana')).toEqual(['hello Bo']);
    const here = await bo.conversation('Ana');
    expect(here).toMatchObject({ kind: 'direct', unread: 1 });
    await must(bo.client.sendText(here.id, 'hello Ana'));
    await w.settle();
    expect(await ana.texts('Bo')).toEqual(['hello Bo', 'hello Ana']);
    const first = (await ana.messages('Bo'))[0];
    expect(first?.state).toBe('delivered');
  });

  it('talk in a group made while its maker was offline', async () => {
    const { ana, bo, cy } = await trio();
    ana.network.isUp = false;
    const people = [await accountOf(bo), await accountOf(cy)];
    const hike = await must(ana.client.createGroup({ name: 'Hike', people }));
    await must(ana.client.sendText(hike, 'one'));
    await must(ana.client.sendText(hike, 'two'));
    expect((await ana.conversation('Hike')).isPending).toBe(true);
    await w.settle();
    expect(await ana.texts('Hike')).toEqual(['one', 'two']);
    ana.network.isUp = true;
    await w.settle();
    expect(await bo.texts('Hike')).toEqual(['one', 'two']);
    expect(await cy.texts('Hike')).toEqual(['one', 'two']);
    const view = await cy.view((await cy.conversation('Hike')).id);
    expect(view.members.map((member) => member.name).sort()).toEqual(['Ana', 'Bo', 'Cy']);
  });
});
