import type { SearchPeer } from './peer.ts';

/** As much of MiniSearch as is used here; it is loaded from its own files. */
interface Library {
  readonly default: new (options: { fields: string[] }) => {
    addAll(texts: { id: number; text: string }[]): void;
    search(text: string, options: { combineWith: 'AND' }): unknown[];
  };
}

export async function createMiniSearch(): Promise<SearchPeer> {
  const address = '/minisearch.mjs';
  const { default: MiniSearch } = (await import(/* @vite-ignore */ address)) as Library;
  const index = new MiniSearch({ fields: ['text'] });
  return {
    add: (texts, first) => index.addAll(texts.map((text, n) => ({ id: first + n, text }))),
    finish: () => undefined,
    search: (text) => Math.min(50, index.search(text, { combineWith: 'AND' }).length),
    otherMemory: () => 0,
    facts: () => 'in memory, unsealed, by relevance',
  };
}
