import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ConversationId } from '../../src/lib/core/ids.ts';
import { SAID_EVERY_MS, SHOWN_MS } from '../../src/lib/services/typing.ts';
import { tableNames } from '../../src/lib/db/schema.ts';
import { accountOf, must, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

async function chat(): Promise<{ id: ConversationId; ana: Person; bo: Person; seen: string[][] }> {
  w = await world();
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  const id = await must(ana.client.openDirect(await accountOf(bo)));
  await must(ana.client.sendText(id, 'hello'));
  await w.settle();
  return { id, ana, bo, seen: await seenBy(bo, id) };
}

/** Every list that is shown, by name; the empty one at first. */
async function seenBy(person: Person, id: ConversationId): Promise<string[][]> {
  const seen: string[][] = [];
  await person.client.watchTyping(id, (people) => seen.push(people.map(({ name }) => name)));
  return seen;
}

const signalsOf = ({ network }: Person): Uint8Array[] =>
  network.sent.filter(({ path }) => path.endsWith('/signals')).map(({ body }) => body);

describe('who is writing', () => {
  it('shows while they write, until they stop or are silent, and is told now and then only', async () => {
    const { id, ana, seen } = await chat();
    for (let i = 0; i < 10; i++) await ana.client.tellTyping(id, true);
    await vi.waitFor(() => expect(seen).toEqual([[], ['Ana']]));
    expect(signalsOf(ana)).toHaveLength(1);
    w.clock.advance(SAID_EVERY_MS);
    await ana.client.tellTyping(id, true);
    expect(signalsOf(ana)).toHaveLength(2);
    w.clock.advance(1);
    await ana.client.tellTyping(id, false);
    await ana.client.tellTyping(id, false);
    await vi.waitFor(() => expect(seen).toEqual([[], ['Ana'], []]));
    expect(signalsOf(ana)).toHaveLength(3);

    w.clock.advance(SAID_EVERY_MS);
    await ana.client.tellTyping(id, true);
    await vi.waitFor(() => expect(seen.at(-1)).toEqual(['Ana']));
    w.clock.advance(SHOWN_MS);
    expect(seen.at(-1)).toEqual([]);
  });

  it('is neither told nor shown by whoever turned it off', async () => {
    const { id, ana, bo, seen } = await chat();
    const anas = await seenBy(ana, id);
    await must(bo.client.savePreferences({ typing: false }));
    await bo.client.tellTyping(id, true);
    expect(signalsOf(bo)).toEqual([]);
    await ana.client.tellTyping(id, true);
    w.clock.advance(1);
    await ana.client.tellTyping(id, false);
    expect(signalsOf(ana)).toHaveLength(2);
    await vi.waitFor(() => expect(bo.network.heard).toHaveLength(2));
    await must(bo.client.savePreferences({ typing: true }));
    w.clock.advance(SAID_EVERY_MS);
    await bo.client.tellTyping(id, true);
    await ana.client.tellTyping(id, true);
    await vi.waitFor(() =>
      expect([seen, anas]).toEqual([
        [[], ['Ana']],
        [[], ['Bo']],
      ]),
    );
  });

  it('is on no disk and in no log', async () => {
    const { id, ana, bo, seen } = await chat();
    const rows = async (person: Person) =>
      Promise.all(tableNames.map(async (table) => [table, await person.store[table].toArray()] as const));
    const entries = await w.logOf(bo, id);
    const before = [await rows(ana), await rows(bo)];
    await ana.client.tellTyping(id, true);
    await vi.waitFor(() => expect(seen.at(-1)).toEqual(['Ana']));
    w.clock.advance(1);
    await ana.client.tellTyping(id, false);
    await vi.waitFor(() => expect(seen.at(-1)).toEqual([]));
    expect([await rows(ana), await rows(bo)]).toEqual(before);
    expect(await w.logOf(bo, id)).toEqual(entries);
  });

  it('is not shown again when a relay says it again, in whoever’s name', async () => {
    w = await world();
    const [ana, bo, cy] = [await w.person('Ana'), await w.person('Bo'), await w.person('Cy')];
    await ana.knows(bo, cy);
    const people = [await accountOf(bo), await accountOf(cy)];
    const id = await must(ana.client.createGroup({ name: 'Hike', people }));
    await w.settle();
    const seen = await seenBy(bo, id);
    await ana.client.tellTyping(id, true);
    await vi.waitFor(() => expect(seen).toEqual([[], ['Ana']]));
    w.clock.advance(1);
    await ana.client.tellTyping(id, false);
    await vi.waitFor(() => expect(seen).toEqual([[], ['Ana'], []]));
    const said = bo.network.heard[0];
    const cys = (
      await bo.store.devices
        .where('userId')
        .equals(await accountOf(cy))
        .primaryKeys()
    )[0];
    if (said === undefined || cys === undefined) throw new Error('nothing to say again');
    bo.network.hear(said);
    bo.network.hear({ ...said, sender: cys });
    await cy.client.tellTyping(id, true);
    await vi.waitFor(() => expect(seen.at(-1)).toEqual(['Cy']));
    expect(seen).toHaveLength(4);
  });

  it('is not told without a network, to somebody who is blocked, or by them', async () => {
    const { id, ana, bo, seen } = await chat();
    await must(ana.client.saveContact(await accountOf(bo), { isBlocked: true }));
    await ana.client.tellTyping(id, true);
    expect(signalsOf(ana)).toEqual([]);
    const anas = await seenBy(ana, id);
    await bo.client.tellTyping(id, true);
    expect(signalsOf(bo)).toHaveLength(1);
    await must(ana.client.saveContact(await accountOf(bo), { isBlocked: false }));
    w.clock.advance(SAID_EVERY_MS);
    await bo.client.tellTyping(id, true);
    await vi.waitFor(() => expect(anas).toEqual([[], ['Bo']]));
    expect(seen).toEqual([[]]);
  });
});
