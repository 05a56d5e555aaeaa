import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { searchCoverage, startRebuild } from '../../../src/lib/db/search/rebuild.ts';
import { liveSegments } from '../../../src/lib/db/search/segment.ts';
import { tendIndex } from '../../../src/lib/db/search/upkeep.ts';
import type { Store } from '../../../src/lib/db/store.ts';
import { unlockedStore, newDisk } from '../disks.ts';
import { account, conversation, NOW, standingClock } from '../fixtures.ts';
import {
  addConversations,
  deleteMessage,
  dyingAfter,
  messageAt,
  putMessages,
  sortKeyAt,
  tendAll,
  textsByScan,
  textsFor,
} from './history.ts';

const pause = () => Promise.resolve();

async function storeWith(texts: readonly string[], where = 'hike'): Promise<Store> {
  const store = await unlockedStore();
  await addConversations(store, ['hike', 'home']);
  await putMessages(
    store,
    texts.map((text, at) => messageAt(where, at, text)),
  );
  await tendAll(store);
  return store;
}

describe('searching the history', () => {
  it('finds messages by their words, the newest first, page after page', async () => {
    const store = await storeWith(
      Array.from({ length: 20 }, (_, i) => (i % 3 === 0 ? `red fox ${i}` : `blue jay ${i}`)),
    );
    expect(await textsFor(store, 'fox red')).toEqual([18, 15, 12, 9, 6, 3, 0].map((i) => `red fox ${i}`));
  });

  it.each([
    ['muller', 'Grüße an Frau Müller'],
    ['"frau muller"', 'Grüße an Frau Müller'],
    ['strass', 'Die Straße ist lang'],
    ['京都', '東京都に行く'],
    ['都', '東京都に行く'],
    ['한국', '한국어 수업'],
    ['รัก', 'ฉันรักเธอ'],
    ['👍', 'klar 👍🏽'],
    ['🚀', 'los 👩🏿‍🚀'],
    ['احمد', 'رسالة من أحمد'],
    ['example.org', 'see https://www.example.org/path'],
  ])('finds by %s what says %s', async (typed, text) => {
    const store = await storeWith(['something else', text, 'and another']);
    expect(await textsFor(store, typed)).toEqual([text]);
  });

  it('knows an unfinished word from its third letter on', async () => {
    const store = await storeWith(['mountain', 'mouse', 'mo']);
    expect(await textsFor(store, 'mou')).toEqual(['mouse', 'mountain']);
    expect(await textsFor(store, 'mo')).toEqual(['mo']);
    expect(await textsFor(store, 'mou ')).toEqual([]);
  });

  it('narrows down by conversation, person, type, time, file and link', async () => {
    const store = await storeWith([]);
    await putMessages(store, [
      messageAt('hike', 1, 'plan one'),
      messageAt('home', 2, 'plan two https://example.org'),
      messageAt('hike', 3, 'plan three', { senderId: account('bo') }),
      messageAt('home', 4, 'plan four', { type: 'image' }),
    ]);
    await tendAll(store);
    const plan = (filters: Parameters<typeof textsFor>[2]) => textsFor(store, 'plan ', filters);
    expect(await plan({ conversations: [conversation('hike')] })).toEqual(['plan three', 'plan one']);
    expect(await plan({ senders: [account('bo'), account('cy')] })).toEqual(['plan three']);
    expect(await plan({ senders: [] })).toEqual([]);
    expect(await plan({ types: ['image'] })).toEqual(['plan four']);
    expect(await plan({ hasFile: true })).toEqual(['plan four']);
    expect(await plan({ hasLink: true })).toEqual(['plan two https://example.org']);
    expect(await plan({ from: NOW + 2, to: NOW + 3 })).toEqual(['plan three', 'plan two https://example.org']);
    expect(await textsFor(store, '', { from: NOW + 4 })).toEqual(['plan four']);
  });

  it('shows no text that was edited away, deleted or expired, before the index knows of it', async () => {
    const store = await storeWith(['secret one', 'secret two', 'secret three']);
    await putMessages(store, [
      messageAt('hike', 0, 'nothing', { editedAt: NOW + 9 }),
      messageAt('hike', 1, 'secret two', { expiresAt: NOW }),
    ]);
    await deleteMessage(store, messageAt('hike', 2, ''));
    expect(await textsFor(store, 'secret')).toEqual([]);
    await tendAll(store);
    expect(await textsFor(store, 'secret')).toEqual([]);
    expect(await textsFor(store, 'nothing')).toEqual(['nothing']);
  });

  it('finds the same in a store of one segment as in one of many', async () => {
    const store = await storeWith([]);
    for (let i = 0; i < 40; i++) {
      await putMessages(store, [messageAt(i % 2 === 0 ? 'hike' : 'home', i, `word${i % 5} common`)]);
      await tendAll(store);
    }
    expect((await liveSegments(store)).length).toBeLessThan(10);
    expect(await textsFor(store, 'common')).toEqual(await textsByScan(store, 'common'));
    expect(await textsFor(store, 'word3 ')).toEqual(await textsByScan(store, 'word3 '));
  });

  it('reads on where two conversations share a moment', async () => {
    const store = await storeWith([]);
    await putMessages(
      store,
      ['hike', 'home'].flatMap((where) => [1, 2, 3].map((at) => messageAt(where, at, `${where} x${at}`))),
    );
    await tendAll(store);
    for (const limit of [1, 2, 3, 4]) {
      expect(await textsFor(store, '', { from: 0 }, limit)).toEqual([
        'hike x3',
        'home x3',
        'hike x2',
        'home x2',
        'hike x1',
        'home x1',
      ]);
    }
  });
});

describe('the index on disk', () => {
  it('holds no word of any message in the clear', async () => {
    const disk = newDisk();
    const store = await unlockedStore(disk);
    await addConversations(store, ['hike']);
    await putMessages(store, [messageAt('hike', 1, 'xylophone zeppelin')]);
    await tendAll(store);
    expect(await store.searchBlocks.count()).toBeGreaterThan(0);
    store.lock();
    const rows = [
      await store.searchSegments.toArray(),
      await store.searchBlocks.toArray(),
      await store.searchQueue.toArray(),
    ];
    const bytes = JSON.stringify(rows, (_, value: unknown) =>
      value instanceof Uint8Array ? new TextDecoder('latin1').decode(value) : value,
    );
    for (const word of ['xylo', 'phone', 'zeppelin', 'conversation-hike', 'account-ana'])
      expect(bytes).not.toContain(word);
  });

  it('gets rid of the words of deleted messages within the hour', async () => {
    const clock = standingClock();
    const store = await unlockedStore({ clock });
    await addConversations(store, ['hike']);
    await putMessages(
      store,
      Array.from({ length: 50 }, (_, i) => messageAt('hike', i, i === 7 ? 'unspeakable' : `word ${i}`)),
    );
    await tendAll(store);
    await deleteMessage(store, messageAt('hike', 7, ''));
    await tendAll(store);
    clock.move(61 * 60_000);
    await tendAll(store);
    expect(await termsOnDisk(store)).not.toContain('unspeakable');
    expect(await termsOnDisk(store)).toContain('word');
  });

  it('gets rid of a conversation that was deleted', async () => {
    const store = await storeWith(['unspeakable']);
    await putMessages(store, [messageAt('home', 5, 'spoken')]);
    await tendAll(store);
    await store.conversations.delete(conversation('hike'));
    await tendAll(store);
    const terms = await termsOnDisk(store);
    expect(terms).toContain('spoken');
    expect(terms.filter((term) => term === 'unspeakable' || term.includes('hike'))).toEqual([]);
  });

  it('takes a message in once, however often it is queued', async () => {
    const store = await storeWith(['one', 'two']);
    const before = await liveSegments(store);
    await putMessages(store, [messageAt('hike', 0, 'one', { status: 'delivered' })]);
    await tendAll(store);
    expect(await liveSegments(store)).toEqual(before);
    expect(await store.searchQueue.count()).toBe(0);
  });
});

/** Every term of every block, read as the index reads them. */
async function termsOnDisk(store: Store): Promise<string[]> {
  const { readTerms } = await import('../../../src/lib/db/search/termBlock.ts');
  const rows = await store.searchBlocks.toArray();
  const segments = new Map((await liveSegments(store)).map((one) => [one.id, one]));
  return rows.flatMap((row) => {
    const segment = segments.get(row.segmentId);
    const isTerms = segment === undefined || row.block >= segment.documentBlocks.length;
    return isTerms ? [...readTerms(row.postings)].map(({ term }) => term) : [];
  });
}

describe('how much of the history can be found', () => {
  it('is told while it grows, and is all of it in the end', async () => {
    const store = await unlockedStore();
    await addConversations(store, ['hike']);
    await tendAll(store);
    await putMessages(
      store,
      [1, 2, 3].map((at) => messageAt('hike', at, `text ${at}`)),
    );
    expect(await searchCoverage(store)).toEqual({ indexed: 0, known: 3 });
    await tendAll(store);
    expect(await searchCoverage(store)).toEqual({ indexed: 3, known: 3 });
  });

  it('starts with what was there before there was an index', async () => {
    const store = await unlockedStore();
    await addConversations(store, ['hike', 'home']);
    await store.messages.bulkAdd([messageAt('hike', 1, 'old fox'), messageAt('home', 2, 'new fox')]);
    const { indexed, known } = await searchCoverage(store);
    expect(indexed).toBeLessThan(known);
    await tendAll(store);
    expect(await searchCoverage(store)).toEqual({ indexed: 2, known: 2 });
    expect(await textsFor(store, 'fox')).toEqual(['new fox', 'old fox']);
  });

  it('can be made anew from nothing', async () => {
    const store = await storeWith(['one fox', 'two fox']);
    await store.searchBlocks.clear();
    await startRebuild(store);
    expect(await textsFor(store, 'fox')).toEqual([]);
    await tendAll(store);
    expect(await textsFor(store, 'fox')).toEqual(['two fox', 'one fox']);
    expect(await store.searchSegments.where('state').notEqual('live').count()).toBe(0);
  });
});

describe('any history', () => {
  const WORDS = ['fox', 'fern', 'ferry', 'fog', '東京', '👍🏽', 'été'];
  const text = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 4 }).map((words) => words.join(' '));
  const place = { where: fc.constantFrom('hike', 'home'), at: fc.nat({ max: 12 }) };
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), text, ...place }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('soft' as const), ...place }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('hard' as const), ...place }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('tend' as const) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('die' as const), after: fc.nat({ max: 6 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('hour' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('rebuild' as const) }) },
  );

  it('is found as by looking at every message, whatever happened and wherever the app died', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = standingClock();
        const store = await unlockedStore({ clock });
        await addConversations(store, ['hike', 'home']);
        for (const one of steps) {
          if (one.do === 'put') await putMessages(store, [messageAt(one.where, one.at, one.text)]);
          else if (one.do === 'soft') {
            const { content: _, ...rest } = messageAt(one.where, one.at, '');
            await putMessages(store, [{ ...rest, isDeleted: true }]);
          } else if (one.do === 'hard') {
            await deleteMessage(store, { conversationId: conversation(one.where), sortKey: sortKeyAt(one.at) });
          } else if (one.do === 'tend') await tendIndex(store, pause);
          else if (one.do === 'die') await tendAll(dyingAfter(store, one.after)).catch(() => undefined);
          else if (one.do === 'hour') clock.move(61 * 60_000);
          else await startRebuild(store);
          const all = await textsByScan(store, 'fox');
          for (const found of await textsFor(store, 'fox')) expect(all).toContain(found);
        }
        await tendAll(store);
        for (const typed of ['fox', 'fer', 'fern fog', '"fox fog"', '京', '👍', 'ete']) {
          expect(await textsFor(store, typed)).toEqual(await textsByScan(store, typed));
          const hike = conversation('hike');
          expect(await textsFor(store, typed, { conversations: [hike] })).toEqual(
            await textsByScan(store, typed, hike),
          );
        }
        const { indexed, known } = await searchCoverage(store);
        expect(indexed).toBe(known);
        store.close();
      }),
      { numRuns: 60 },
    );
  });
});
