import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConversationId } from '../../src/lib/core/ids.ts';
import type { SearchFilters } from '../../src/lib/services/client.ts';
import { accountOf, must, world, type Person, type World } from './world.ts';

let w: World;
beforeEach(async () => (w = await world({ seed: 'search' })));
afterEach(() => w.close());

async function hike(): Promise<{ id: ConversationId; ana: Person; bo: Person }> {
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  await w.settle();
  const id = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo)] }));
  await w.settle();
  return { id, ana, bo };
}

/** Hits as one line each, with the words that were found in brackets. */
async function hits(person: Person, text: string, filters: SearchFilters = {}): Promise<string[]> {
  const page = await must(person.client.search(text, filters));
  return page.hits.map(
    ({ title, senderName, snippet }) =>
      `${title}, ${senderName || 'you'}: ${snippet.map((part) => (part.isHit ? `[${part.text}]` : part.text)).join('')}`,
  );
}

/** Lets time pass until this person's index knows all there is. */
async function indexed({ client }: Person): Promise<void> {
  let isWhole = false;
  const unwatch = await client.watchSearchCoverage((coverage) => {
    isWhole = coverage.known > 0 && coverage.indexed === coverage.known;
  });
  do {
    w.clock.advance(1_000);
    await w.settle();
  } while (!isWhole);
  unwatch();
}

describe('searching', () => {
  it('finds what oneself and others said, by words, people and conversations', async () => {
    const { id, ana, bo } = await hike();
    await must(ana.client.sendText(id, 'Where is the Müller hut?'));
    await w.settle();
    await must(bo.client.sendText(id, 'the hut is up there'));
    await w.settle();
    await indexed(ana);
    expect(await hits(ana, 'hut')).toEqual([
      'Hike, Bo: the [hut] is up there',
      'Hike, you: Where is the Müller [hut]?',
    ]);
    expect(await hits(ana, 'muller hut')).toEqual(['Hike, you: Where is the [Müller] [hut]?']);
    expect(await hits(ana, 'hut from:bo')).toEqual(['Hike, Bo: the [hut] is up there']);
    expect(await hits(ana, 'hut in:hik')).toHaveLength(2);
    expect(await hits(ana, 'hut in:home')).toEqual([]);
    expect(await hits(ana, 'hut', { senders: [await accountOf(ana)] })).toHaveLength(1);
  });

  it('no longer finds a text that was edited away or deleted', async () => {
    const { id, ana } = await hike();
    const edited = await must(ana.client.sendText(id, 'the old plan'));
    const deleted = await must(ana.client.sendText(id, 'the bad plan'));
    await w.settle();
    await indexed(ana);
    await must(ana.client.editMessage(edited, 'the new idea'));
    await must(ana.client.deleteMessage(deleted, 'everyone'));
    expect(await hits(ana, 'plan')).toEqual([]);
    await w.settle();
    await indexed(ana);
    expect(await hits(ana, 'idea')).toEqual(['Hike, you: the new [idea]']);
  });

  it('works on after the index was made anew', async () => {
    const { id, ana } = await hike();
    await must(ana.client.sendText(id, 'lasting words'));
    await w.settle();
    await indexed(ana);
    await must(ana.client.rebuildSearch());
    await indexed(ana);
    expect(await hits(ana, 'lasting')).toEqual(['Hike, you: [lasting] words']);
    const pages = await must(ana.client.search('', {}));
    expect(pages.hits).toEqual([]);
  });
});
