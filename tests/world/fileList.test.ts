import { afterEach, describe, expect, it } from 'vitest';
import type { ConversationId } from '../../src/lib/core/ids.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import { compactStep } from '../../src/lib/db/messages/compact.ts';
import { recount } from '../../src/lib/db/messages/recount.ts';
import type { OutgoingFile, SharedPage, SharedQuery } from '../../src/lib/services/client.ts';
import { accountOf, must, onDemand, PASSPHRASE, until, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

async function two(): Promise<{ hike: ConversationId; hut: ConversationId; ana: Person; bo: Person }> {
  w = await world();
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  await onDemand(bo);
  await w.settle();
  const people = [await accountOf(bo)];
  const hike = await must(ana.client.createGroup({ name: 'Hike', people }));
  const hut = await must(ana.client.createGroup({ name: 'Hut', people }));
  await w.settle();
  return { hike, hut, ana, bo };
}

const file = (name: string, type: string): OutgoingFile => ({
  blob: new Blob([new Uint8Array(300)], { type }),
  name,
  type,
});

async function shared(person: Person, query: Partial<SharedQuery> = {}): Promise<SharedPage> {
  const seen = Promise.withResolvers<SharedPage>();
  const stop = await person.client.watchShared({ limit: 50, ...query }, seen.resolve);
  const page = await seen.promise;
  stop();
  return page;
}

const names = async (person: Person, query: Partial<SharedQuery> = {}): Promise<string[]> =>
  (await shared(person, query)).items.map(({ name }) => name);

const uploaded = (person: Person) =>
  until(person.store, async () => {
    const rows = await person.store.fileTransfers.toArray();
    return rows.every((row) => row.direction === 'inbound' || row.status === 'completed');
  });

describe('the list of what was shared', () => {
  it('has the files and links of all conversations, the newest first, and says where each stands', async () => {
    const { hike, hut, ana, bo } = await two();
    const thumbnail = new Uint8Array(40).fill(7);
    await must(ana.client.sendFiles(hike, [{ ...file('peak.jpg', 'image/jpeg'), thumbnail }], 'from above'));
    await must(ana.client.sendFiles(hut, [file('keys.pdf', 'application/pdf'), file('song.mp3', 'audio/mpeg')], ''));
    await w.settle();
    await uploaded(ana);
    const link = await must(
      bo.client.sendText(hike, 'See https://example.org/weather, and pack (https://example.org/list).'),
    );
    await w.settle();
    await bo.client.syncNow();

    const all = ['https://example.org/weather', 'https://example.org/list', 'keys.pdf', 'song.mp3', 'peak.jpg'];
    expect(await names(bo)).toEqual(all);
    expect(await names(ana)).toEqual(all);
    const { items } = await shared(bo);
    expect(items[0]).toMatchObject({ kind: 'link', message: link, conversation: hike, title: 'Hike', sender: '' });
    expect(items[4]).toMatchObject({
      kind: 'image',
      hasThumbnail: true,
      conversation: hike,
      size: 300,
      sender: 'Ana',
      state: 'absent',
    });
    expect((await shared(ana)).items[4]).toMatchObject({ sender: '', state: 'here' });

    // By kind, by conversation, by both, and by name whatever its case.
    expect(await names(bo, { kind: 'document' })).toEqual(['keys.pdf']);
    expect(await names(bo, { conversation: hut })).toEqual(['keys.pdf', 'song.mp3']);
    expect(await names(bo, { conversation: hut, kind: 'audio' })).toEqual(['song.mp3']);
    expect(await names(bo, { conversation: hut, kind: 'image' })).toEqual([]);
    expect(await names(bo, { name: 'PEAK j' })).toEqual(['peak.jpg']);
    expect(await names(bo, { name: 'nowhere' })).toEqual([]);

    // Fetching it is seen at once.
    const { message = link } = items[4] ?? {};
    await must(bo.client.openFile(message, 0));
    expect((await shared(bo, { kind: 'image' })).items[0]?.state).toBe('here');
  });

  it('is turned page by page, each where the one before ended', async () => {
    const { hike, hut, ana } = await two();
    for (let i = 0; i < 9; i++) {
      await must(ana.client.sendFiles(i % 3 === 0 ? hut : hike, [file(`${i}.txt`, 'text/plain')], ''));
    }
    const read = async (query: Partial<SharedQuery>): Promise<string[][]> => {
      const pages: string[][] = [];
      for (let before = ''; ;) {
        const page = await shared(ana, { ...query, limit: 4, ...(before === '' ? {} : { before }) });
        pages.push(page.items.map(({ name }) => name.slice(0, 1)));
        if (page.next === undefined) return pages;
        before = page.next;
      }
    };
    expect(await read({})).toEqual([['8', '7', '6', '5'], ['4', '3', '2', '1'], ['0']]);
    expect(await read({ conversation: hike })).toEqual([
      ['8', '7', '5', '4'],
      ['2', '1'],
    ]);
    expect(await read({ name: 'txt' })).toEqual([['8', '7', '6', '5'], ['4', '3', '2', '1'], ['0']]);
  });

  it('follows edits and deletions, of messages in the archive too, and is made anew from them', async () => {
    const { hike, ana, bo } = await two();
    const text = await must(ana.client.sendText(hike, 'https://example.org/old'));
    const map = await must(ana.client.sendFiles(hike, [file('map.pdf', 'application/pdf')], ''));
    const photo = await must(ana.client.sendFiles(hike, [file('photo.png', 'image/png')], ''));
    await w.settle();
    await uploaded(ana);
    await w.settle();
    for (const { store } of [ana, bo]) await compactStep(store, hike, '', 0);
    expect(await ana.store.messages.get({ id: map })).toBeUndefined();
    expect(await names(bo)).toEqual(['photo.png', 'map.pdf', 'https://example.org/old']);

    await must(ana.client.editMessage(text, 'rather https://example.org/new'));
    await must(ana.client.deleteMessage(map, 'everyone'));
    await w.settle();
    for (const person of [ana, bo]) expect(await names(person)).toEqual(['photo.png', 'https://example.org/new']);
    await must(bo.client.deleteMessage(photo, 'me'));
    expect(await names(bo)).toEqual(['https://example.org/new']);

    const before = await bo.store.sharedFiles.toArray();
    await bo.store.sharedFiles.clear();
    await recount(bo.store, hike);
    expect(await bo.store.sharedFiles.toArray()).toEqual(before);
  });

  it('says nothing of names, addresses and senders on the disk', async () => {
    const { hike, ana } = await two();
    await must(ana.client.sendFiles(hike, [file('divorce.pdf', 'application/pdf')], 'https://example.org/lawyer'));
    await w.settle();
    await uploaded(ana);
    const below = await ana.store.beneath();
    const disk = JSON.stringify(await below.sharedFiles.toArray());
    below.close();
    for (const word of ['divorce', 'lawyer', 'application/pdf', await accountOf(ana)]) expect(disk).not.toContain(word);
    unwrap(await (await ana.restart()).unlock(PASSPHRASE));
    expect(await names(ana)).toEqual(['divorce.pdf', 'https://example.org/lawyer']);
  });
});
