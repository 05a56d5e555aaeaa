import { afterEach, describe, expect, it } from 'vitest';
import type { ConversationId } from '../../src/lib/core/ids.ts';
import { openStore, type Store } from '../../src/lib/db/store.ts';
import { accountOf, must, PASSPHRASE, until, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

const HOUR = 60 * 60_000;

describe('a disappearing message', () => {
  it('vanishes on time while the app is open, also after hours', async () => {
    const { ana } = await talk();
    await expireIn(ana, 5 * HOUR, 'soon gone');
    await must(ana.client.sendText((await ana.conversation('Bo')).id, 'another'));
    for (let hours = 0; hours < 4; hours++) w.clock.advance(HOUR);
    expect(await ana.texts('Bo')).toEqual(['soon gone', 'another']);
    const gone = hasVanished(ana.store, 'soon gone');
    w.clock.advance(HOUR);
    await gone;
    expect(await ana.texts('Bo')).toEqual(['another']);
  });

  it('is gone before anything is shown when its time came while nothing ran', async () => {
    const { ana } = await talk();
    await expireIn(ana, HOUR, 'soon gone');
    await w.close();
    w.clock.advance(2 * HOUR);
    const client = await ana.restart();
    await must(client.unlock(PASSPHRASE));
    expect(await ana.store.messages.count()).toBe(0);
    expect(await ana.texts('Bo')).toEqual([]);
  });

  it('vanishes while the app is open and locked', async () => {
    const { ana } = await talk();
    await expireIn(ana, HOUR, 'soon gone');
    await ana.restart();
    const beside = await openStore({ clock: w.clock, random: w.random, ...ana.storage });
    await counted(beside, 1);
    const gone = counted(beside, 0);
    w.clock.advance(2 * HOUR);
    await gone;
    beside.close();
  });
});

describe('a conversation whose messages disappear', () => {
  it('is agreed on by both, and what is written then vanishes on both devices and from their search', async () => {
    const { ana, bo } = await chat();
    const id = (await ana.conversation('Bo')).id;
    await must(ana.client.sendText(id, 'stays'));
    await must(ana.client.setDisappearing(id, HOUR));
    await must(ana.client.sendText(id, 'goes too'));
    await w.settle();
    expect((await bo.view(id)).disappearAfter).toBe(HOUR);
    expect(
      (await bo.view(id)).messages.filter(({ type }) => type === 'system').map(({ notice }) => notice),
    ).toContainEqual({ what: 'timer', by: 'Ana', after: HOUR });
    await must(bo.client.sendText(id, 'goes as well'));
    await w.settle();
    for (const one of [ana, bo]) expect((await textsIn(one, id)).sort()).toEqual(['goes as well', 'goes too', 'stays']);

    const gone = [ana, bo].map(({ store }) => hasVanished(store, 'goes'));
    w.clock.advance(HOUR);
    await Promise.all(gone);
    for (const one of [ana, bo]) {
      expect(await textsIn(one, id)).toEqual(['stays']);
      expect((await must(one.client.search('goes', {}))).hits).toEqual([]);
    }

    await must(bo.client.setDisappearing(id, 0));
    await w.settle();
    await must(ana.client.sendText(id, 'stays again'));
    await w.settle();
    w.clock.advance(HOUR);
    expect((await ana.view(id)).disappearAfter).toBe(0);
    expect(await textsIn(bo, id)).toEqual(['stays', 'stays again']);
  });

  it('sends nothing that had to wait until its time was over, and shows nothing that comes too late', async () => {
    const { ana, bo } = await chat();
    const id = (await ana.conversation('Bo')).id;
    await must(ana.client.setDisappearing(id, HOUR));
    await w.settle();
    ana.network.isUp = false;
    await must(ana.client.sendText(id, 'too late to go'));
    w.clock.advance(HOUR);
    await until(ana.store, async () => (await ana.store.offlineOperations.toArray()).every(({ lane }) => lane !== id));
    ana.network.isUp = true;
    await w.settle();
    expect(await textsIn(bo, id)).toEqual([]);

    bo.network.isUp = false;
    await must(ana.client.sendText(id, 'too late to be read'));
    await w.settle();
    w.clock.advance(HOUR);
    bo.network.isUp = true;
    await w.settle();
    expect(await textsIn(bo, id)).toEqual([]);
    expect((await bo.store.messages.toArray()).filter(({ type }) => type === 'text')).toEqual([]);
  });

  it('may be the notes to oneself', async () => {
    const { ana } = await talk();
    const notes = await must(ana.client.openNotes('Notes'));
    await must(ana.client.setDisappearing(notes, HOUR));
    await must(ana.client.sendText(notes, 'milk'));
    expect(await textsIn(ana, notes)).toEqual(['milk']);
    const gone = hasVanished(ana.store, 'milk');
    w.clock.advance(HOUR);
    await gone;
    expect(await textsIn(ana, notes)).toEqual([]);
  });

  it('is set by those who may change a group, and by nobody else', async () => {
    const { ana, bo } = await talk();
    const id = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo)] }));
    await w.settle();
    expect(await bo.client.setDisappearing(id, HOUR)).toMatchObject({ ok: false, error: { code: 'not-allowed' } });
    expect(await ana.client.setDisappearing(id, 5)).toMatchObject({ ok: false, error: { code: 'validation' } });
    await must(ana.client.setDisappearing(id, HOUR));
    await w.settle();
    const view = await bo.view(id);
    expect([view.disappearAfter, view.canSetDisappearing]).toEqual([HOUR, false]);
  });
});

async function chat(): Promise<{ ana: Person; bo: Person }> {
  const people = await talk();
  const [bo] = await people.ana.store.contacts.toArray();
  await must(people.ana.client.openDirect(bo?.contactId ?? expect.fail('nobody known')));
  await w.settle();
  return people;
}

const textsIn = async (person: Person, id: ConversationId): Promise<string[]> =>
  (await person.view(id)).messages.filter(({ type }) => type === 'text').map(({ text }) => text);

async function talk(): Promise<{ ana: Person; bo: Person }> {
  w = await world();
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  await w.settle();
  return { ana, bo };
}

async function expireIn(person: Person, ms: number, text: string): Promise<void> {
  const [bo] = await person.store.contacts.toArray();
  if (bo === undefined) throw new Error(`${person.name} knows nobody`);
  const chat = await must(person.client.openDirect(bo.contactId));
  const id = await must(person.client.sendText(chat, text));
  await person.store.messages
    .where('id')
    .equals(id)
    .modify({ expiresAt: w.clock.now() + ms });
}

const hasVanished = (store: Store, text: string): Promise<void> =>
  until(store, async () => (await store.messages.toArray()).every(({ content }) => content?.startsWith(text) !== true));
const counted = (store: Store, count: number): Promise<void> =>
  until(store, async () => (await store.messages.count()) === count);
