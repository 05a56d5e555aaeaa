import type { CairnClient, PortraitItem } from '../../services/client.ts';
import { portraits } from './portraits.svelte.ts';

/** Keeps the pictures of people at hand while the vault is open; each is fetched once. @returns what ends it. */
export function keepPortraits(client: CairnClient): () => void {
  /** By account and version; `undefined` where there is none. */
  const made = new Map<string, string | undefined>();
  let isOver = false;
  let shown: readonly PortraitItem[] = [];

  const tell = () => {
    const ready = shown.flatMap((item) => {
      const url = made.get(keyOf(item));
      return url === undefined ? [] : [[item.id, url] as const];
    });
    portraits.set(new Map(ready));
  };
  const take = async (items: readonly PortraitItem[]) => {
    shown = items;
    const wanted = new Map(items.map((item) => [keyOf(item), item.account]));
    for (const [key, url] of made) {
      if (wanted.has(key)) continue;
      made.delete(key);
      if (url !== undefined) URL.revokeObjectURL(url);
    }
    for (const [key, account] of wanted) {
      if (made.has(key)) continue;
      made.set(key, undefined);
      const picture = await client.portrait(account);
      if (isOver) return;
      if (picture.ok && made.has(key)) {
        made.set(key, URL.createObjectURL(new Blob([picture.value], { type: 'image/jpeg' })));
      }
    }
    tell();
  };
  const unwatch = client.watchPortraits((items) => {
    if (!isOver) void take(items);
  });
  return () => {
    isOver = true;
    void unwatch.then((stop) => stop());
    portraits.set(new Map());
    for (const url of made.values()) if (url !== undefined) URL.revokeObjectURL(url);
  };
}

const keyOf = ({ account, version }: PortraitItem): string => `${account} ${version}`;
