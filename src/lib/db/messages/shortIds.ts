/**
 * Ids as short index keys. IndexedDB keeps every code unit of a text key as two bytes, and ids are most of what
 * blocks add to an index: the 22 digits of base64url of a message's id, 132 bits, fit into 9 code units of 15 bits
 * that are no surrogates, the 43 of an account's into 18. Any other text is marked and stays what it is.
 */

const LENGTHS: readonly number[] = [22, 43];
const BITS = 15;
const FIRST_UNIT = 0x1000;
const AS_IT_IS = '!';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const NO_DIGIT = 64;
const DIGITS = new Uint8Array(128).fill(NO_DIGIT);
for (let i = 0; i < 64; i++) DIGITS[ALPHABET.charCodeAt(i)] = i;

/** Different ids are different keys. */
export function shortId(id: string): string {
  if (!LENGTHS.includes(id.length)) return AS_IT_IS + id;
  let short = '';
  let [bits, left] = [0, 0];
  for (let i = 0; i < id.length; i++) {
    const digit = DIGITS[id.charCodeAt(i)] ?? NO_DIGIT;
    if (digit === NO_DIGIT) return AS_IT_IS + id;
    bits = (bits << 6) | digit;
    left += 6;
    if (left < BITS) continue;
    left -= BITS;
    short += String.fromCharCode(FIRST_UNIT + (bits >> left));
    bits &= (1 << left) - 1;
  }
  return left === 0 ? short : short + String.fromCharCode(FIRST_UNIT + (bits << (BITS - left)));
}

/** The id that {@link shortId} made this of. */
export function longId(short: string): string {
  if (short.startsWith(AS_IT_IS)) return short.slice(AS_IT_IS.length);
  const length = LENGTHS.find((digits) => Math.ceil((digits * 6) / BITS) === short.length) ?? 0;
  let id = '';
  let [bits, left] = [0, 0];
  for (let i = 0; id.length < length;) {
    if (left < 6) {
      bits = (bits << BITS) | (short.charCodeAt(i++) - FIRST_UNIT);
      left += BITS;
    }
    left -= 6;
    id += ALPHABET.charAt(bits >> left);
    bits &= (1 << left) - 1;
  }
  return id;
}
