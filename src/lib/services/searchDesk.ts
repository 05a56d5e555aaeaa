import type { Desk } from './desk.ts';
import type { SearchClient } from './searchClient.ts';

const searching = () => import('./search.ts');

/** Searching the history, and what is known of the index. */
export const searchDesk = ({ ports: { clock, locks }, meter, ask, watch, pokeIndex }: Desk): SearchClient => ({
  search: (text, filters, after) =>
    ask(async (session) => {
      const { searchMessages } = await searching();
      const began = clock.now();
      const page = await searchMessages(session, text, filters, after);
      meter.took('search', clock.now() - began, 'search');
      return page;
    }),
  async watchSearchCoverage(show) {
    const { searchCoverage } = await searching();
    return watch(({ store }) => searchCoverage(store), show);
  },
  rebuildSearch: () =>
    ask(async (session) => {
      const { startRebuild } = await searching();
      const { INDEX_LOCK } = await import('./indexing.ts');
      await locks.run(INDEX_LOCK, () => startRebuild(session.store));
      pokeIndex();
    }),
});
