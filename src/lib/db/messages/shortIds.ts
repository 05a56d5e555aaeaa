/**
 * Ids as short index keys. IndexedDB keeps every code unit of a text key as two bytes, and the ids of messages are
 * most of what blocks add to an index: 22 digits of base64url, 132 bits, fit into 9 code units of 15 bits that
 * are no surrogates. Any other text is marked and stays what it is.
 */

const ID_LENGTH = 22;
const BITS = 15;
const FIRST_UNIT = 0x1000;
const AS_IT_IS = '!';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const NO_DIGIT = 64;
const DIGITS = new Uint8Array(128).fill(NO_DIGIT);
for (let i = 0; i < 64; i++) DIGITS[ALPHABET.charCodeAt(i)] = i;

/** Different ids are different keys. */
export function shortId(id: string): string {
  if (id.length !== ID_LENGTH) return AS_IT_IS + id;
  let short = '';
  let [bits, left] = [0, 0];
  for (let i = 0; i < ID_LENGTH; i++) {
    const digit = DIGITS[id.charCodeAt(i)] ?? NO_DIGIT;
    if (digit === NO_DIGIT) return AS_IT_IS + id;
    bits = (bits << 6) | digit;
    left += 6;
    if (left < BITS) continue;
    left -= BITS;
    short += String.fromCharCode(FIRST_UNIT + (bits >> left));
    bits &= (1 << left) - 1;
  }
  return short + String.fromCharCode(FIRST_UNIT + (bits << (BITS - left)));
}

/** The id that {@link shortId} made this of. */
export function longId(short: string): string {
  if (short.startsWith(AS_IT_IS)) return short.slice(AS_IT_IS.length);
  let id = '';
  let [bits, left] = [0, 0];
  for (let i = 0; id.length < ID_LENGTH;) {
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
