import { afterEach, describe, expect, it } from 'vitest';
import type { ConversationId } from '../../src/lib/core/ids.ts';
import type { LinkItem } from '../../src/lib/services/client.ts';
import { accountOf, must, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

async function choir(): Promise<{ id: ConversationId; ana: Person; bo: Person }> {
  w = await world();
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  const id = await must(ana.client.createGroup({ name: 'Choir', people: [], kind: 'public' }));
  await ana.knows(bo);
  await must(ana.client.createGroup({ name: 'Family', people: [await accountOf(bo)], kind: 'private' }));
  await w.settle();
  return { id, ana, bo };
}

async function links(person: Person): Promise<readonly LinkItem[]> {
  const seen = Promise.withResolvers<readonly LinkItem[]>();
  const stop = await person.client.watchLinks(seen.resolve);
  const items = await seen.promise;
  stop();
  return items;
}

describe('links that are out', () => {
  it('are all in one list, and lead nowhere once they are revoked', async () => {
    const { id, ana, bo } = await choir();
    const code = await must(ana.client.joinLink(id));
    expect(await links(ana)).toEqual([{ id, name: 'Choir', code, hasPassword: false, canChange: true }]);
    await must(bo.client.joinGroup(code ?? '', {}));
    await w.settle();
    expect(await links(bo)).toEqual([{ id, name: 'Choir', code, hasPassword: false, canChange: false }]);
    expect(await bo.client.revokeLink(id)).toMatchObject({ error: { code: 'not-allowed' } });
    ana.network.isUp = false;
    await must(ana.client.revokeLink(id));
    ana.network.isUp = true;
    await w.settle();
    expect([await links(ana), await links(bo)]).toEqual([[], []]);
    expect(await bo.client.lookAtLink(code ?? '')).toMatchObject({ ok: false });
  });
});

describe('the public directory', () => {
  it('has what was listed, leads in, and forgets it when the link is revoked', async () => {
    const { id, ana, bo } = await choir();
    expect(await must(bo.client.findGroups('choir'))).toEqual({ groups: [] });
    await must(ana.client.listInDirectory(id));
    expect((await links(ana))[0]?.listedUntil).toBeGreaterThan(w.clock.now());
    const found = (await must(bo.client.findGroups('CHOIR'))).groups;
    expect(found).toMatchObject([{ id, name: 'Choir', description: '', people: 1 }]);
    await must(bo.client.joinGroup(found[0]?.code ?? '', {}));
    await w.settle();
    expect((await ana.view(id)).members).toHaveLength(2);
    expect(await bo.client.listInDirectory(id)).toMatchObject({ error: { code: 'not-allowed' } });

    // It can't be revoked where the listing would stay behind.
    ana.network.isUp = false;
    expect(await ana.client.revokeLink(id)).toMatchObject({ error: { code: 'network' } });
    expect((await links(ana))[0]?.code).toBeDefined();
    ana.network.isUp = true;
    await must(ana.client.revokeLink(id));
    await w.settle();
    expect(await must(bo.client.findGroups(''))).toEqual({ groups: [] });
    expect(await links(ana)).toEqual([]);
  });

  it('shows no link that leads into another group than the one it names', async () => {
    const { id, ana, bo } = await choir();
    await must(ana.client.listInDirectory(id));
    const other = await must(ana.client.createGroup({ name: 'Trap', people: [], kind: 'public' }));
    await w.settle();
    const relay = await ana.relay();
    const { listGroup } = await import('../../src/lib/protocol/directory.ts');
    const group = (await ana.store.conversations.get(other))?.groupId ?? '';
    const link = new TextEncoder().encode(await must(ana.client.joinLink(id)));
    await must(relay.call(listGroup, listGroup.path(group), { name: 'Trap', description: '', link }));
    expect((await must(bo.client.findGroups(''))).groups.map(({ name }) => name)).toEqual(['Choir']);
  });
});
