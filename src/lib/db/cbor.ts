import { decode, encode, rfc8949EncodeOptions, Tokenizer } from 'cborg';
import { textFromUtf8, type Bytes } from '../core/bytes.ts';

/** Values as they lie on disk: deterministic CBOR (RFC 8949 §4.2.1), written and read in one place. */

const ENCODING = { ...rfc8949EncodeOptions, ignoreUndefinedProperties: true };
// Its defaults, which a tokenizer of one's own does not get.
const DECODING = { allowIndefinite: true, allowUndefined: true, allowBigInt: true, retainStringBytes: true };

/** @returns the bytes; members that are `undefined` are left out. */
export const bytesFromValue = (value: unknown): Bytes => encode(value, ENCODING);

/** Throws where the bytes are no CBOR: what is read here was sealed, or is a cache that can be made again. */
export const valueFromBytes = (bytes: Uint8Array): unknown =>
  mayHoldMark(bytes) ? decode(bytes, { ...DECODING, tokenizer: new ExactText(bytes, DECODING) }) : decode(bytes);

/** cborg drops a byte order mark at the start of a text, and what a person wrote comes back to the letter. */
class ExactText extends Tokenizer {
  override next(): ReturnType<Tokenizer['next']> {
    const token = super.next();
    const spelled = token.byteValue?.[0] === 0xef ? textFromUtf8(token.byteValue) : undefined;
    if (spelled !== undefined) token.value = spelled;
    return token;
  }
}

/** Whether the bytes of a byte order mark are in it, which they hardly ever are. */
function mayHoldMark(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(0xef); at >= 0; at = bytes.indexOf(0xef, at + 1)) {
    if (bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) return true;
  }
  return false;
}
