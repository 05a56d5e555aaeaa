import type { CairnClient, SharedItem, SharedPage, SharedQuery } from '../../services/client.ts';

/** All items of some pages; where two pages overlap while they move, each item once. */
export const itemsOf = (pages: readonly SharedPage[]): readonly SharedItem[] => [
  ...new Map(pages.flatMap((page) => page.items.map((one) => [one.id, one]))).values(),
];

export interface Chain {
  more(): void;
  end(): void;
}

/** Pages that each begin where the one before ends, also when that moves. */
export function watchChain(
  client: CairnClient,
  query: Omit<SharedQuery, 'before'>,
  show: (pages: readonly SharedPage[]) => void,
): Chain {
  const links: { readonly before: string | undefined; end(): void }[] = [];
  let shown: SharedPage[] = [];
  let wanted = 1;

  const watchFrom = (at: number, before: string | undefined) => {
    let isOver = false;
    const unwatch = client.watchShared({ ...query, ...(before === undefined ? {} : { before }) }, (page) => {
      if (isOver) return;
      shown = shown.with(at, page);
      follow(at, page.next);
      show(shown);
    });
    const end = () => {
      isOver = true;
      void unwatch.then((stop) => stop());
    };
    links[at] = { before, end };
    shown[at] ??= { items: [] };
  };

  const follow = (at: number, next: string | undefined) => {
    if (links[at + 1] !== undefined && links[at + 1]?.before !== next) {
      for (const link of links.splice(at + 1)) link.end();
      if (next === undefined) shown = shown.slice(0, at + 1);
    }
    if (links[at + 1] === undefined && next !== undefined && at + 1 < wanted) watchFrom(at + 1, next);
  };

  watchFrom(0, undefined);
  return {
    more() {
      const last = links.length - 1;
      const next = shown[last]?.next;
      if (next === undefined || wanted > links.length) return;
      wanted = links.length + 1;
      follow(last, next);
    },
    end() {
      for (const link of links.splice(0)) link.end();
    },
  };
}
