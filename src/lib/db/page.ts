import { cmp, Dexie, type Table } from 'dexie';

/** Where a page ended: the ordering value and the key of a row, which tells rows of the same value apart. */
export interface Cursor {
  readonly at: unknown;
  readonly key: unknown;
}

/** At most one of `after` and `before`, both exclusive; neither is the first page. */
export interface PageRequest {
  readonly after?: Cursor;
  readonly before?: Cursor;
  readonly limit: number;
  /** The greatest first. */
  readonly descending?: boolean;
}

export interface Page<Row> {
  /** In reading order, whichever way the page was reached. */
  readonly rows: Row[];
  readonly hasBefore: boolean;
  readonly hasAfter: boolean;
  /** Cursors of the first and the last row; absent in an empty page. */
  readonly first?: Cursor;
  readonly last?: Cursor;
}

/** The order of a table that pages follow: an index, the values that its leading columns are held at, and its last column. */
export interface PageOrder<Row> {
  readonly index: string;
  readonly held?: readonly (string | number)[];
  at(row: Row): unknown;
  key(row: Row): unknown;
}

/**
 * One page along an index, forwards or backwards from a cursor, however many rows share a value. A row that
 * came or went meanwhile moves nothing else. Costs as many rows as it shows, those of the cursor's own value,
 * and those that `keep` leaves out.
 */
export async function pageAlong<Row, Key>(
  table: Table<Row, Key>,
  order: PageOrder<Row>,
  request: PageRequest,
  keep: (row: Row) => boolean = () => true,
): Promise<Page<Row>> {
  const { after, before, limit, descending = false } = request;
  const held = order.held ?? [];
  const bound = (at: unknown): unknown => (held.length === 0 ? at : [...held, at]);

  const walk = (cursor: Cursor | undefined, forwards: boolean, inclusive: boolean, most: number): Promise<Row[]> => {
    const up = forwards !== descending;
    const at = cursor?.at;
    const low = bound(up && cursor !== undefined ? at : Dexie.minKey);
    const high = bound(!up && cursor !== undefined ? at : Dexie.maxKey);
    const beyond = (row: Row): boolean => {
      if (cursor === undefined) return true;
      const difference = cmp(order.at(row), at) || cmp(order.key(row), cursor.key);
      return difference === 0 ? inclusive : difference > 0 === up;
    };
    const rows = table.where(order.index).between(low, high, true, true);
    return Promise.resolve(
      (up ? rows : rows.reverse())
        .filter((row) => beyond(row) && keep(row))
        .limit(most)
        .toArray(),
    );
  };

  const cursor = after ?? before;
  const forwards = before === undefined;
  const found = await walk(cursor, forwards, false, limit + 1);
  const more = found.length > limit;
  const behind = cursor !== undefined && (await walk(cursor, !forwards, true, 1)).length > 0;
  const rows = forwards ? found.slice(0, limit) : found.slice(0, limit).reverse();
  return pageOf(
    rows,
    forwards ? { hasBefore: behind, hasAfter: more } : { hasBefore: more, hasAfter: behind },
    (row) => ({
      at: order.at(row),
      key: order.key(row),
    }),
  );
}

/** One page of a list that is already in order, such as one by names, which the database can't sort. */
export function pageOfList<Row>(
  sorted: readonly Row[],
  compare: (row: Row, cursor: Cursor) => number,
  cursorOf: (row: Row) => Cursor,
  request: PageRequest,
): Page<Row> {
  const { after, before, limit, descending = false } = request;
  const list = descending ? [...sorted].reverse() : sorted;
  const sign = descending ? -1 : 1;
  const from = after === undefined ? 0 : countWhile(list, (row) => sign * compare(row, after) <= 0);
  const to = before === undefined ? list.length : countWhile(list, (row) => sign * compare(row, before) < 0);
  const rows = before === undefined ? list.slice(from, from + limit) : list.slice(Math.max(0, to - limit), to);
  const start = before === undefined ? from : Math.max(0, to - limit);
  return pageOf(rows, { hasBefore: start > 0, hasAfter: start + rows.length < list.length }, cursorOf);
}

function countWhile<Row>(rows: readonly Row[], holds: (row: Row) => boolean): number {
  const end = rows.findIndex((row) => !holds(row));
  return end < 0 ? rows.length : end;
}

function pageOf<Row>(
  rows: Row[],
  sides: { readonly hasBefore: boolean; readonly hasAfter: boolean },
  cursorOf: (row: Row) => Cursor,
): Page<Row> {
  const [first, last] = [rows[0], rows.at(-1)];
  return {
    rows,
    ...sides,
    ...(first !== undefined && { first: cursorOf(first) }),
    ...(last !== undefined && { last: cursorOf(last) }),
  };
}
