import { afterEach, describe, expect, it } from 'vitest';
import type { ConversationId, MessageId } from '../../src/lib/core/ids.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import { notesConversationId } from '../../src/lib/crypto/identity.ts';
import { stageCommit } from '../../src/lib/crypto/mls/index.ts';
import { loadIdentity } from '../../src/lib/services/account.ts';
import { compose, composeTables, newMessageId, nextSortKey, type Composer } from '../../src/lib/sync/compose.ts';
import { bytesFromContent, type Content } from '../../src/lib/sync/content.ts';
import { until } from './linked.ts';
import { stateOf, trioIn, withCommit } from './split.ts';
import { linked, together } from './together.ts';
import { accountOf, must, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

/** Lets time pass, so that whoever waits for an answer asks again. */
async function pass(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await w.settle();
    w.clock.advance(15 * 60_000);
  }
  await w.settle();
}

async function trio() {
  w = await world();
  const group = await trioIn(w);
  w.clock.advance(60_000);
  return group;
}

/** Ana, Bo and Cy, of whom Cy was shown another history: what Ana says next, Cy can’t open. */
async function split() {
  const { id, ana, bo, cy } = await trio();
  await must(ana.client.sendText(id, 'before'));
  await w.settle();
  const forged = unwrap(await stageCommit(await stateOf(bo, id), {}, w.clock.now()));
  cy.network.alter = (path, body) => (path === 'catch-up' ? withCommit(body, forged.commit) : body);
  await must(ana.client.changeGroup(id, { description: 'the true one' }));
  await w.settle();
  cy.network.alter = undefined;
  cy.network.isUp = false;
  return { id, ana, bo, cy };
}

async function composerOf({ name, store }: Person): Promise<Composer> {
  const identity = await loadIdentity(store);
  if (identity === undefined) throw new Error(`${name} has no account`);
  return { store, identity, clock: w.clock, random: w.random };
}

/** Says something that the app itself never would. */
async function sayAs(person: Person, id: ConversationId, content: Content): Promise<void> {
  const composer = await composerOf(person);
  await person.store.tx('rw', composeTables, async () => {
    const { sortKey } = await nextSortKey(composer);
    await compose(composer, id, content, { id: newMessageId(w.random), sortKey, isMessage: false });
  });
}

const shownTo = async (person: Person) =>
  (await person.messages('Hike'))
    .filter(({ notice }) => notice === undefined)
    .map(({ id, text, at, reactions, editedAt, quote, attachments }) => ({
      ...{ id, text, at, isEdited: editedAt !== undefined, answers: quote?.id },
      ...{ reactions: reactions?.map(({ emoji }) => emoji), files: attachments?.map(({ name }) => name) },
    }));

describe('what a device could not open', () => {
  it('is said again by whoever said it, with all that was done to it, and is nowhere twice', async () => {
    const { id, ana, bo, cy } = await split();
    const first = await must(ana.client.sendText(id, 'to the left'));
    await must(ana.client.sendText(id, 'an answer', { replyTo: first }));
    await must(ana.client.editMessage(first, 'to the right'));
    await must(ana.client.react(first, '👍'));
    const bytes = new Uint8Array(100).fill(3);
    const file = { blob: new Blob([bytes], { type: 'text/plain' }), name: 'route.txt', type: 'text/plain' };
    await must(ana.client.sendFiles(id, [file], 'the route'));
    await w.settle();
    await must(bo.client.sendText(id, 'and Bo too'));
    await pass();
    expect((await cy.messages('Hike')).map(({ text }) => text)).not.toContain('to the right');

    cy.network.isUp = true;
    await pass();
    const expected = await shownTo(ana);
    expect(expected.map(({ text }) => text)).toEqual([
      'before',
      'to the right',
      'an answer',
      'the route',
      'and Bo too',
    ]);
    expect(await shownTo(cy)).toEqual(expected);
    expect(await shownTo(bo)).toEqual(expected);
    const got = await must(cy.client.openFile(expected[3]?.id as MessageId, 0));
    expect(new Uint8Array(await got.arrayBuffer())).toEqual(bytes);
    for (const person of [ana, bo, cy]) expect(await person.waiting()).toBe(0);
  });

  it('comes back to a device that was put back to an old state', async () => {
    const { id, ana, bo, cy } = await trio();
    await must(ana.client.setRole(id, await accountOf(bo), 'admin'));
    await w.settle();
    const old = await bo.copyOfDisk();
    await must(bo.client.changeGroup(id, { name: 'Hike', description: 'mine' }));
    await w.settle();
    await must(ana.client.sendText(id, 'heard once'));
    await w.settle();
    await must(cy.client.sendText(id, 'and answered'));
    await w.settle();
    expect(await bo.texts('Hike')).toEqual(['heard once', 'and answered']);
    await bo.restoreDisk(old);
    expect(await bo.texts('Hike')).toEqual([]);
    bo.network.isUp = true;
    await pass();
    expect(await bo.texts('Hike')).toEqual(['heard once', 'and answered']);
  });

  it('stays gone where it was taken away or its time was over', async () => {
    const { id, ana, cy } = await split();
    await must(ana.client.setDisappearing(id, 3_600_000));
    await w.settle();
    await must(ana.client.sendText(id, 'soon over'));
    await must(ana.client.deleteMessage(await must(ana.client.sendText(id, 'a slip')), 'everyone'));
    await pass();
    w.clock.advance(3_600_000);
    cy.network.isUp = true;
    await pass();
    expect((await cy.messages('Hike')).map(({ text }) => text)).not.toContain('a slip');
    expect(await cy.texts('Hike')).not.toContain('soon over');
  });
});

describe('an own device that missed something', () => {
  it('is told all that the others keep for their person', async () => {
    w = await world();
    const { ana, phone } = await linked(w);
    const notes = notesConversationId(await accountOf(ana));
    const groupId = (await ana.store.mlsGroups.where('conversationId').equals(notes).first())?.groupId;
    const log = () => w.logOf(ana, groupId as string as ConversationId);
    await w.settle();
    const before = (await log()).length;
    await sayAs(phone, notes, { k: 'ask', i: [newMessageId(w.random)] });
    // The question, and all that Ana's device knows.
    await until(w, async () => (await log()).length === before + 2, 'an answer');
    await together(w, ana, phone);
  });
});

describe('who asks', () => {
  it('has nothing of what was said before they came, whatever the clocks said', async () => {
    const { id, ana, bo } = await trio();
    const [dee, name] = [await w.person('Dee'), 'Hike'];
    await ana.knows(dee);
    // Ana’s clock is put back between her words and Dee’s coming.
    const said = await must(ana.client.sendText(id, 'before Dee'));
    await w.settle();
    w.clock.advance(-86_400_000);
    await must(ana.client.addPeople(id, [await accountOf(dee)]));
    await w.settle();
    w.clock.advance(2 * 86_400_000);
    const after = await must(ana.client.sendText(id, 'to Dee too'));
    await w.settle();
    const before = (await w.logOf(ana, id)).length;
    await sayAs(dee, id, { k: 'ask', i: [said, after] });
    await w.settle();
    expect(await dee.texts(name)).toEqual(['to Dee too']);
    expect(await bo.texts(name)).toEqual(['before Dee', 'to Dee too']);
    // The question, and one answer.
    expect((await w.logOf(ana, id)).length - before).toBe(2);
  });

  it('is told nothing in another’s place', async () => {
    const { id, ana, bo, cy } = await split();
    const said = await must(ana.client.sendText(id, 'Ana said so'));
    await w.settle();
    ana.network.isUp = false;
    cy.network.isUp = true;
    await pass();
    expect(await cy.texts('Hike')).not.toContain('Ana said so');
    const composer = await composerOf(bo);
    const { sortKey } = await bo.store.tx('rw', ['settings'], () => nextSortKey(composer));
    const o = bytesFromContent({ k: 'text', s: sortKey, t: 'Bo says so' });
    await sayAs(bo, id, { k: 'again', i: said, o });
    await w.settle();
    expect(await cy.texts('Hike')).not.toContain('Bo says so');
    ana.network.isUp = true;
    await pass();
    expect(await cy.texts('Hike')).toEqual(['before', 'Ana said so']);
  });
});
