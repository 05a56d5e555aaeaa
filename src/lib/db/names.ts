import { utf8 } from '../core/bytes.ts';
import type { Sealer } from '../core/ports.ts';

/** Names lie sealed on disk: they are put in order and searched here, and looked up by a keyed hash. */

const collator = new Intl.Collator(undefined, { sensitivity: 'base', numeric: true });

/** How two names stand in a list, whatever their case and accents; numbers by their value. */
export const compareNames = (a: string, b: string): number => collator.compare(a, b);

export const byName = <Row extends { readonly displayName: string }>(rows: readonly Row[]): Row[] =>
  [...rows].sort((a, b) => compareNames(a.displayName, b.displayName));

/** Lower case without accents, for searching within names. */
export const plain = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/** Whether one of `texts` contains `words`, whatever their case and accents. */
export const mentions = (words: string, ...texts: readonly (string | undefined)[]): boolean =>
  plain(texts.join('\n')).includes(plain(words));

/** What makes two names the same name: case, composition and surrounding blanks don't count, accents do. */
const sameName = (name: string): Uint8Array => utf8(name.normalize('NFKC').trim().toLowerCase());

/**
 * What the store writes in a column that is declared `keyed`, and what to ask for.
 * @param hasher the store, or the sealer itself. Refused: `locked`.
 */
export const nameKey = (hasher: Pick<Sealer, 'keyedHash'>, table: string, column: string, name: string): string =>
  hasher.keyedHash(`name ${table}.${column}`, sameName(name));
