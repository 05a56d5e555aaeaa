import type { Clock } from '../../core/ports.ts';
import type { CairnClient, SharedItem, SharedPage, SharedQuery } from '../../services/client.ts';
import { itemsOf, watchChain, type Chain } from './pageChain.ts';

/** What is listed of all that was shared: page after page, each of them live. */
export interface SharedPages {
  /** `undefined` until the first answer. */
  readonly items: readonly SharedItem[] | undefined;
  readonly hasMore: boolean;
  more(): void;
}

/** Typing pauses this long before anything is asked. */
const PAUSE_MS = 120;

/**
 * Asks again whenever what `wanted` reads changes; the items before stay until the new ones are there.
 * Call while a component starts.
 * @param wanted `undefined` asks nothing.
 */
export function sharedPages(
  client: CairnClient,
  clock: Clock,
  wanted: () => Omit<SharedQuery, 'before'> | undefined,
): SharedPages {
  let pages = $state.raw<readonly SharedPage[]>();
  let chain: Chain | undefined;
  $effect(() => {
    const query = wanted();
    const show = (next: readonly SharedPage[]) => (pages = next);
    const start = () => {
      if (query === undefined) show([]);
      else chain = watchChain(client, query, show);
    };
    // Nothing is typed where there is no name: what was pressed is shown at once.
    let cancel = () => {};
    if (query?.name === undefined) start();
    else cancel = clock.after(PAUSE_MS, start);
    return () => {
      cancel();
      chain?.end();
      chain = undefined;
    };
  });
  const items = $derived(pages && itemsOf(pages));
  return {
    get items() {
      return items;
    },
    get hasMore() {
      return pages?.at(-1)?.next !== undefined;
    },
    more: () => chain?.more(),
  };
}
