import { untrack } from 'svelte';
import type { Clock } from '../../core/ports.ts';
import type { CairnClient, SearchFilters, SearchHit, SearchPlace } from '../../services/client.ts';

/** What was found for what is in the box. */
export interface MessageSearch {
  readonly hits: readonly SearchHit[];
  readonly hasMore: boolean;
  readonly isBusy: boolean;
  readonly fault: { readonly code: string } | undefined;
  more(): void;
}

interface Wanted {
  readonly query: string;
  readonly filters: SearchFilters;
  /** Asked again when it changes: what was not indexed yet may be found now. */
  readonly isWhole: boolean;
}

/** Typing pauses this long before anything is asked. */
const PAUSE_MS = 120;

/**
 * Asks again whenever what `wanted` reads changes; the hits before stay until the new ones are there.
 * Call while a component starts.
 */
export function searchMessages(client: CairnClient, clock: Clock, wanted: () => Wanted): MessageSearch {
  let hits = $state.raw<readonly SearchHit[]>([]);
  let next = $state.raw<SearchPlace>();
  let isBusy = $state(true);
  let fault = $state.raw<{ code: string }>();
  /** An answer to an older question is of no interest. */
  let question = 0;

  async function ask(after: SearchPlace | undefined) {
    const mine = ++question;
    const { query, filters } = wanted();
    isBusy = true;
    let at = after;
    let found = after === undefined ? [] : hits;
    for (;;) {
      const answer = await client.search(query, filters, at);
      if (mine !== question) return;
      if (!answer.ok) {
        fault = answer.error;
        isBusy = false;
        return;
      }
      found = [...found, ...answer.value.hits];
      at = answer.value.next;
      // A page that found nothing is not the end.
      if (answer.value.hits.length > 0 || at === undefined) break;
    }
    [hits, next, fault, isBusy] = [found, at, undefined, false];
  }

  $effect(() => {
    wanted();
    const cancel = clock.after(PAUSE_MS, () => untrack(() => void ask(undefined)));
    return () => {
      question++;
      cancel();
    };
  });

  return {
    get hits() {
      return hits;
    },
    get hasMore() {
      return next !== undefined;
    },
    get isBusy() {
      return isBusy;
    },
    get fault() {
      return fault;
    },
    more() {
      if (!isBusy && next !== undefined) void ask(next);
    },
  };
}
