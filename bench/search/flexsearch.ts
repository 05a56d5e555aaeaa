import type { SearchPeer } from './peer.ts';

/** As much of FlexSearch as is used here; it is loaded from its own files. */
interface FlexSearch {
  readonly Index: new (options: { tokenize: 'strict' }) => {
    add(id: number, text: string): unknown;
    search(text: string, options: { limit: number }): unknown[];
  };
}

/** Whole words, no context: the least it can be asked to hold. */
export async function createFlexSearch(): Promise<SearchPeer> {
  const address = '/flexsearch.mjs';
  const { Index } = (await import(/* @vite-ignore */ address)) as FlexSearch;
  const index = new Index({ tokenize: 'strict' });
  return {
    add: (texts, first) => texts.forEach((text, n) => void index.add(first + n, text)),
    finish: () => undefined,
    search: (text) => index.search(text, { limit: 50 }).length,
    otherMemory: () => 0,
    facts: () => 'in memory, unsealed, by relevance',
  };
}
