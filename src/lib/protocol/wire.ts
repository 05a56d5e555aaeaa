import { decode, encode, rfc8949EncodeOptions, Tokenizer } from 'cborg';
import * as v from 'valibot';
import { equal, textFromUtf8, type Bytes } from '../core/bytes.ts';
import { err, ok, type Result } from '../core/result.ts';
import { wireFault, type WireFault } from './errors.ts';

/**
 * Deterministic CBOR (RFC 8949 §4.2.1): one value has one encoding. No tags, no floats that are
 * integers, no indefinite lengths.
 * @returns the encoded bytes; `undefined` members of objects are left out.
 */
export function cborFromValue(value: unknown): Bytes {
  return new Uint8Array(encode(value, { ...rfc8949EncodeOptions, ignoreUndefinedProperties: true }));
}

/**
 * Decodes deterministic CBOR and checks it against `schema`. Trailing bytes, duplicate keys, a second
 * spelling of the same value, and members that the schema does not name are refused.
 * @param limit largest input in bytes.
 */
export function valueFromCbor<const Schema extends v.GenericSchema>(
  schema: Schema,
  bytes: Uint8Array,
  limit: number,
): Result<v.InferOutput<Schema>, WireFault> {
  if (bytes.length > limit) return err(wireFault('wire-too-large', `${bytes.length} > ${limit}`));
  let value: unknown;
  try {
    // A plain view, since the slices of a Buffer would go on sharing its memory.
    const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    value = decode(plain, { ...STRICT, tokenizer: new ExactText(plain, STRICT) });
    if (!equal(cborFromValue(value), bytes)) return err(wireFault('malformed', 'not deterministic'));
  } catch (thrown) {
    return err(wireFault('malformed', thrown instanceof Error ? thrown.message : 'cbor'));
  }
  const parsed = v.safeParse(schema, value);
  return parsed.success ? ok(parsed.output) : err(wireFault('malformed', issuePath(parsed.issues)));
}

const STRICT = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  // cborg's default, which a tokenizer of one's own does not get.
  allowBigInt: true,
  allowInfinity: false,
  allowNaN: false,
  rejectDuplicateMapKeys: true,
  retainStringBytes: true,
} as const;

/** cborg drops a byte order mark at the start of a text, which somebody may have pasted: here it stays. */
class ExactText extends Tokenizer {
  override next(): ReturnType<Tokenizer['next']> {
    const token = super.next();
    // Bytes that are no UTF-8 keep cborg's replacement characters, and so fail the comparison.
    const spelled = token.byteValue?.[0] === 0xef ? textFromUtf8(token.byteValue) : undefined;
    if (spelled !== undefined) token.value = spelled;
    return token;
  }
}

/** Where the first issue is, without the value: that may be private. */
function issuePath(issues: readonly v.BaseIssue<unknown>[]): string {
  const issue = issues[0];
  return issue === undefined ? 'schema' : `${v.getDotPath(issue) ?? '.'}: ${issue.type}`;
}
