import { afterEach, describe, expect, it } from 'vitest';
import type { ConversationId } from '../../src/lib/core/ids.ts';
import { catchUp } from '../../src/lib/protocol/requests.ts';
import { limits } from '../../src/lib/protocol/limits.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import { TRIM_MS } from '../../src/lib/server/relay.ts';
import { accountOf, must, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

const DAY_MS = 24 * 3600_000;

async function trio(): Promise<{ id: ConversationId; ana: Person; bo: Person; cy: Person }> {
  w = await world();
  const [ana, bo, cy] = [await w.person('Ana'), await w.person('Bo'), await w.person('Cy')];
  await ana.knows(bo, cy);
  await w.settle();
  const id = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo), await accountOf(cy)] }));
  await w.settle();
  return { id, ana, bo, cy };
}

/** Time passes, with everybody who is online there now and then, and the relay looks for what is old. */
async function pass(days: number): Promise<void> {
  await w.settle();
  for (let left = days; left > 0; left -= 40) {
    w.clock.advance(Math.min(40, left) * DAY_MS);
    await w.settle();
  }
  await look();
}

const kept = async () => (await w.relay.overview()).stored.entries;

async function look(): Promise<void> {
  for (let looks = 0; looks < 4; looks++) {
    w.clock.advance(TRIM_MS);
    await w.settle();
  }
}

const noticesOf = async (person: Person) => (await person.messages('Hike')).flatMap(({ notice }) => notice ?? []);
const missed = { what: 'missed', who: [''] };

async function expectTogether(people: readonly Person[], id: ConversationId): Promise<void> {
  for (const [i, person] of people.entries()) {
    await must(person.client.sendText(id, `together ${i}`));
    await w.settle();
  }
  const expected = people.map((_, i) => `together ${i}`);
  for (const person of people) expect((await person.texts('Hike')).slice(-people.length)).toEqual(expected);
}

describe('what the relay keeps no longer', () => {
  it('is missed by nobody who had read it', async () => {
    const { id, ana, bo, cy } = await trio();
    for (let i = 0; i < 5; i++) await must(ana.client.sendText(id, `old ${i}`));
    await w.settle();
    const before = await kept();
    await pass(40);
    expect(await kept()).toBeLessThan(before);
    await cy.restart();
    await must(cy.client.unlock('correct horse battery'));
    await expectTogether([ana, bo, cy], id);
    for (const person of [ana, bo, cy]) {
      expect(await person.texts('Hike')).toHaveLength(5 + 3);
      expect(await noticesOf(person)).not.toContainEqual(missed);
      expect(await person.securityEvents()).toEqual([]);
    }
  });

  it('is said to a device that was away for longer, which goes on with the others', async () => {
    const { id, ana, bo, cy } = await trio();
    await must(ana.client.sendText(id, 'before'));
    await w.settle();
    cy.network.isUp = false;
    await must(ana.client.sendText(id, 'old'));
    await pass(200);
    await must(bo.client.sendText(id, 'news'));
    await w.settle();
    cy.network.isUp = true;
    await pass(1);
    expect(await cy.texts('Hike')).toContain('before');
    expect(await cy.texts('Hike')).not.toContain('old');
    expect(await noticesOf(cy)).toContainEqual(missed);
    expect((await noticesOf(cy)).filter(({ what }) => what === 'missed')).toHaveLength(1);
    await expectTogether([ana, bo, cy], id);
    expect(await cy.waiting()).toBe(0);
    expect(await noticesOf(ana)).not.toContainEqual(missed);
    expect((await cy.securityEvents()).map(({ type }) => type)).not.toContain('entries-missing');
  });

  it('may have been one’s own removal: then one is told that one is out', async () => {
    const { id, ana, bo, cy } = await trio();
    cy.network.isUp = false;
    await must(ana.client.removePerson(id, await accountOf(cy)));
    await must(bo.client.sendText(id, 'without Cy'));
    await pass(200);
    cy.network.isUp = true;
    await pass(1);
    expect(await cy.view(id)).toMatchObject({ isMember: false, canSend: false });
    expect(await noticesOf(cy)).toContainEqual(missed);
    await expectTogether([ana, bo], id);
  });

  it('may have been a removal and an invitation after it', async () => {
    const { id, ana, bo, cy } = await trio();
    cy.network.isUp = false;
    await must(ana.client.removePerson(id, await accountOf(cy)));
    await w.settle();
    await must(ana.client.addPeople(id, [await accountOf(cy)]));
    await pass(200);
    cy.network.isUp = true;
    for (let i = 0; i < 4; i++) await pass(1);
    await expectTogether([ana, bo, cy], id);
  });

  it('is nothing that a relay can only claim: what it has is read after all', async () => {
    const { id, ana, bo, cy } = await trio();
    cy.network.alter = (path, body) => (path === 'catch-up' ? withTrimmed(body, id) : body);
    await must(ana.client.sendText(id, 'withheld'));
    await w.settle();
    expect(await noticesOf(cy)).toContainEqual(missed);
    cy.network.alter = undefined;
    await must(ana.client.sendText(id, 'one more'));
    await pass(1);
    expect(await cy.texts('Hike')).toEqual(['withheld', 'one more']);
    await expectTogether([ana, bo, cy], id);
  });
});

/** A catch-up that says that the group's entries are gone, up to one that was never there. */
function withTrimmed(body: Uint8Array<ArrayBuffer>, id: ConversationId): Uint8Array<ArrayBuffer> {
  const answer = unwrap(valueFromCbor(catchUp.answer, body, 2 * limits.body));
  const entries = answer.entries.filter(({ stream }) => (stream as string) !== id);
  return cborFromValue({ entries, more: answer.more, trimmed: { [id]: 1_000 } });
}
