/** Deterministic CBOR as docs/protocol.md uses it: natural numbers, bytes, text, lists, maps with text keys, booleans. */
export type Value = number | boolean | string | Uint8Array | readonly Value[] | { readonly [name: string]: Value };

export function encode(value: Value): Buffer {
  if (typeof value === 'boolean') return Buffer.of(value ? 0xf5 : 0xf4);
  if (typeof value === 'number') return head(0, value);
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    return Buffer.concat([head(3, text.length), text]);
  }
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(encode)]);
  const members = Object.entries(value).map(([name, member]) => [encode(name), encode(member)] as const);
  members.sort(([a], [b]) => Buffer.compare(a, b));
  return Buffer.concat([head(5, members.length), ...members.flat()]);
}

function head(major: number, value: number): Buffer {
  const first = major << 5;
  if (value < 24) return Buffer.of(first | value);
  const size = value < 0x100 ? 0 : value < 0x1_0000 ? 1 : value < 0x1_0000_0000 ? 2 : 3;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return Buffer.concat([Buffer.of(first | (24 + size)), bytes.subarray(8 - 2 ** size)]);
}

/** `undefined` for anything that {@link encode} does not write. */
export function decode(bytes: Uint8Array): Value | undefined {
  try {
    const value = new Reader(Buffer.from(bytes)).value();
    return encode(value).equals(bytes) ? value : undefined;
  } catch {
    return undefined;
  }
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  value(): Value {
    const first = this.#take(1).readUInt8();
    if (first === 0xf4 || first === 0xf5) return first === 0xf5;
    const size = this.#size(first & 31);
    switch (first >> 5) {
      case 0:
        return size;
      case 2:
        return new Uint8Array(this.#take(size));
      case 3:
        return this.#take(size).toString();
      case 4:
        return Array.from({ length: size }, () => this.value());
      case 5:
        return Object.fromEntries(Array.from({ length: size }, () => [this.value() as string, this.value()]));
      default:
        throw new RangeError('not in use');
    }
  }

  #size(of: number): number {
    if (of < 24) return of;
    if (of > 27) throw new RangeError('indefinite');
    const value = Number(BigInt(`0x${this.#take(2 ** (of - 24)).toString('hex')}`));
    if (!Number.isSafeInteger(value)) throw new RangeError('too large');
    return value;
  }

  #take(length: number): Buffer {
    const part = this.#bytes.subarray(this.#at, this.#at + length);
    if (part.length !== length) throw new RangeError('ends too early');
    this.#at += length;
    return part;
  }
}
