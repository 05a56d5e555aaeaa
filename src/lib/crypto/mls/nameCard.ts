import * as v from 'valibot';
import type { Bytes } from '../../core/bytes.ts';
import type { NameCard } from '../../protocol/certificate.ts';
import { bytes, textUpTo } from '../../protocol/fields.ts';
import { limits } from '../../protocol/limits.ts';
import { cborFromValue, valueFromCbor } from '../../protocol/wire.ts';

/**
 * The content of the leaf extension by which somebody who comes by the link tells their name: CBOR
 * `{ n: name, s: salt }`. Only members see the leaf; the certificate in it vouches for the name.
 */
export const bytesFromCard = ({ name, salt }: NameCard): Bytes => cborFromValue({ n: name, s: salt });

/** `undefined` for anything else: whoever has no name that holds is not let in. */
export function cardFromBytes(encoded: Uint8Array): NameCard | undefined {
  const decoded = valueFromCbor(schema, encoded, LIMIT);
  return decoded.ok ? { name: decoded.value.n, salt: Uint8Array.from(decoded.value.s) } : undefined;
}

const LIMIT = 512;
const schema = v.strictObject({ n: textUpTo(limits.name), s: bytes(16) });
