import * as v from 'valibot';
import { accountId, bytes, plainMap, textUpTo } from './fields.ts';

/** Handles: names by which an account is found at its relay. Optional; whoever claims one gives up being unlisted. */

const empty = v.pipe(plainMap<Record<string, never>>(), v.strictObject({}));
const handle = textUpTo(200);

/**
 * `POST handles/claim`: the caller's account is found as `handle`, and no more as what it had. Answers the
 * form that is shown. `bad-handle`, `handle-taken`: also by one that only looks the same.
 */
export const claimHandle = {
  path: 'handles/claim',
  request: v.strictObject({ handle }),
  answer: v.strictObject({ handle }),
};

/** `POST handles/release`: the caller's account has no handle any more. */
export const releaseHandle = { path: 'handles/release', request: empty, answer: empty };

/** `POST handles/find`: whose handle it is. The key is held against the account id, which is its hash. */
export const findHandle = {
  path: 'handles/find',
  request: v.strictObject({ handle }),
  answer: v.strictObject({ handle, account: accountId, accountKey: bytes(32) }),
};

/** Of one script each, as UTS 39 §5.1 says, with the sets that belong together. */
const SCRIPTS = [
  ['Latin'],
  ['Cyrillic'],
  ['Greek'],
  ['Arabic'],
  ['Hebrew'],
  ['Armenian'],
  ['Georgian'],
  ['Devanagari'],
  ['Bengali'],
  ['Gurmukhi'],
  ['Gujarati'],
  ['Tamil'],
  ['Telugu'],
  ['Kannada'],
  ['Malayalam'],
  ['Sinhala'],
  ['Thai'],
  ['Lao'],
  ['Khmer'],
  ['Myanmar'],
  ['Ethiopic'],
  ['Han', 'Hiragana', 'Katakana'],
  ['Han', 'Hangul'],
  ['Han', 'Bopomofo'],
].map((scripts) => new RegExp(`^(?:[0-9_]|${scripts.map((script) => `\\p{scx=${script}}`).join('|')})+$`, 'u'));

/** Letters, marks and digits, begun by a letter; `_` alone between them. 3 to 32 characters. */
const SHAPE = /^(?=.{3,32}$)\p{L}\p{M}*(?:_?[\p{L}\p{Nd}]\p{M}*)*$/u;

/**
 * The one spelling of a handle: compatibility forms and case folded (NFKC), of one script.
 * @returns `undefined` for what is no handle
 */
export function normalHandle(text: string): string | undefined {
  // Upper case first, because some letters have two lower ones; folding may undo the normal form.
  const folded = text.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
  return SHAPE.test(folded) && SCRIPTS.some((script) => script.test(folded)) ? folded : undefined;
}
