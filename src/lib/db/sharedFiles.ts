import type { ConversationId } from '../core/ids.ts';
import { fold } from '../domain/search/fold.ts';
import { LAST } from './messages/archive.ts';
import type { SharedFileRow, Store } from './store.ts';

export interface SharedQuery {
  readonly conversationId?: ConversationId | undefined;
  readonly kind?: SharedFileRow['kind'] | undefined;
  /** Part of the name; case and accents don't matter. Empty: all. */
  readonly name?: string | undefined;
  /** Only what stands before this place. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Rows opened at once while a name is looked for. */
const STEP = 200;

/** Files and links, the newest first: a walk along an index from the cursor on, until there are enough. */
export async function pageOfShared(
  store: Store,
  { conversationId, kind, name = '', before = LAST, limit }: SharedQuery,
): Promise<{ readonly rows: readonly SharedFileRow[]; readonly next?: string }> {
  const words = fold(name)
    .split(/\s+/u)
    .filter((word) => word !== '');
  const fits = (row: SharedFileRow): boolean => {
    const folded = fold(row.name);
    return words.every((word) => folded.includes(word));
  };
  const found: SharedFileRow[] = [];
  const step = words.length === 0 ? limit + 1 : STEP;
  for (let from = before; ;) {
    const rows = await stretch(store, conversationId, kind, from).limit(step).toArray();
    found.push(...(words.length === 0 ? rows : rows.filter(fits)));
    const last = rows.at(-1);
    if (found.length > limit) break;
    if (rows.length < step || last === undefined) return { rows: found };
    from = last.place;
  }
  const rows = found.slice(0, limit);
  const next = rows.at(-1)?.place;
  return next === undefined ? { rows } : { rows, next };
}

/** Backwards from a place, which is outside. No two places are the same: a clock ticks with every message. */
function stretch(
  { sharedFiles }: Store,
  conversationId: SharedQuery['conversationId'],
  kind: SharedQuery['kind'],
  before: string,
) {
  const first = [...(conversationId === undefined ? [] : [conversationId]), ...(kind === undefined ? [] : [kind])];
  const index = [
    ...(conversationId === undefined ? [] : ['conversationId']),
    ...(kind === undefined ? [] : ['kind']),
    'place',
  ];
  const range =
    first.length === 0
      ? sharedFiles.where('place').below(before)
      : sharedFiles.where(`[${index.join('+')}]`).between([...first, ''], [...first, before], true, false);
  return range.reverse();
}
