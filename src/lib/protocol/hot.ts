import type * as v from 'valibot';
import type { Bytes } from '../core/bytes.ts';
import { isRandomId, type DeviceId, type StreamId } from '../core/ids.ts';
import { limits } from './limits.ts';
import { entryKinds, type append, type catchUp, type EntryKind, type liveEntries } from './requests.ts';

/**
 * The messages that a busy relay reads and writes by the ten thousand, by hand: the same bytes as
 * `cborFromValue`, and what `valueFromCbor` would say yes to, in a tenth of the time. Tests hold both against
 * each other. What is read here and is not of the one shape gives `undefined`: the general decoder says why.
 */

type Append = v.InferOutput<typeof append.request>;
type AppendAnswer = v.InferOutput<typeof append.answer>;
type CatchUpAnswer = v.InferOutput<typeof catchUp.answer>;
type LiveEntries = v.InferOutput<typeof liveEntries>;

const [UNSIGNED, BYTES, TEXT, ARRAY, MAP] = [0, 2, 3, 4, 5] as const;
const [FALSE, TRUE] = [0xf4, 0xf5] as const;

/** Grows as it is written to; sized well, it never has to. */
class Writer {
  private bytes: Uint8Array;
  private at = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  head(major: number, value: number): this {
    this.need(9);
    const { bytes } = this;
    const first = major << 5;
    if (value < 24) bytes[this.at++] = first | value;
    else if (value < 0x100) {
      bytes[this.at++] = first | 24;
      bytes[this.at++] = value;
    } else {
      const width = value < 0x1_0000 ? 2 : value < 0x1_0000_0000 ? 4 : 8;
      bytes[this.at++] = first | (width === 2 ? 25 : width === 4 ? 26 : 27);
      let left = value;
      for (let i = width - 1; i >= 0; i--) {
        bytes[this.at + i] = left % 0x100;
        left = Math.floor(left / 0x100);
      }
      this.at += width;
    }
    return this;
  }

  /** A text of ASCII, as ids and names of members are. */
  text(text: string): this {
    this.head(TEXT, text.length);
    this.need(text.length);
    for (let i = 0; i < text.length; i++) this.bytes[this.at++] = text.charCodeAt(i);
    return this;
  }

  string(bytes: Uint8Array): this {
    this.head(BYTES, bytes.length);
    this.need(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
    return this;
  }

  byte(byte: number): this {
    this.need(1);
    this.bytes[this.at++] = byte;
    return this;
  }

  done(): Bytes {
    return new Uint8Array(this.bytes.subarray(0, this.at));
  }

  private need(more: number): void {
    if (this.at + more <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.at + more));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
  }
}

/** An entry takes less than this beside its payload. */
export const ENTRY_BYTES = 160;

const sizeOf = (entries: readonly { readonly payload: Uint8Array }[]): number =>
  entries.reduce((sum, { payload }) => sum + payload.length + ENTRY_BYTES, 64);

// Members stand in the order of RFC 8949 §4.2.1: the shorter name first, then by its bytes.

export function bytesFromLive({ stream, entries }: LiveEntries): Bytes {
  const to = new Writer(sizeOf(entries)).head(MAP, 2).text('stream').text(stream);
  to.text('entries').head(ARRAY, entries.length);
  for (const entry of entries) writeEntry(to, entry);
  return to.done();
}

export function bytesFromCatchUp({ entries, more, ends, trimmed }: CatchUpAnswer): Bytes {
  const to = new Writer(sizeOf(entries)).head(MAP, 2 + Number(ends !== undefined) + Number(trimmed !== undefined));
  if (ends !== undefined) writeNumbers(to.text('ends'), ends);
  to.text('more').byte(more ? TRUE : FALSE);
  to.text('entries').head(ARRAY, entries.length);
  for (const entry of entries) writeEntry(to, entry, entry.stream);
  if (trimmed !== undefined) writeNumbers(to.text('trimmed'), trimmed);
  return to.done();
}

function writeNumbers(to: Writer, numbers: Readonly<Partial<Record<string, number>>>): void {
  const rows = Object.entries(numbers).toSorted(([a], [b]) => (a < b ? -1 : 1));
  to.head(MAP, rows.length);
  for (const [stream, number = 0] of rows) to.text(stream).head(UNSIGNED, number);
}

export function bytesFromAppendAnswer({ results }: AppendAnswer): Bytes {
  const to = new Writer(16 + results.length * 64).head(MAP, 1).text('results').head(ARRAY, results.length);
  for (const result of results) {
    to.head(MAP, 3)
      .text('id')
      .text(result.id)
      .text('ok')
      .byte(result.ok ? TRUE : FALSE);
    if (result.ok) to.text('seq').head(UNSIGNED, result.seq);
    else to.text('code').text(result.code);
  }
  return to.done();
}

export function bytesFromAppend({ entries }: Append): Bytes {
  const to = new Writer(sizeOf(entries)).head(MAP, 1).text('entries').head(ARRAY, entries.length);
  for (const { id, epoch, payload, quiet } of entries) {
    to.head(MAP, quiet === true ? 4 : 3)
      .text('id')
      .text(id)
      .text('epoch')
      .head(UNSIGNED, epoch);
    if (quiet === true) to.text('quiet').byte(TRUE);
    to.text('payload').string(payload);
  }
  return to.done();
}

function writeEntry(to: Writer, entry: LiveEntries['entries'][number], stream?: StreamId): void {
  to.head(MAP, stream === undefined ? 7 : 8);
  to.text('at').head(UNSIGNED, entry.at).text('id').text(entry.id).text('seq').head(UNSIGNED, entry.seq);
  to.text('kind').text(entry.kind).text('epoch').head(UNSIGNED, entry.epoch).text('sender').text(entry.sender);
  if (stream !== undefined) to.text('stream').text(stream);
  to.text('payload').string(entry.payload);
}

/** What a reader throws, and nobody sees. */
class OtherShape extends Error {}

class Reader {
  private at = 0;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The number in the head of an item of this kind, in its shortest spelling. */
  head(major: number): number {
    const first = this.next();
    if (first >> 5 !== major) throw new OtherShape();
    const short = first & 31;
    if (short < 24) return short;
    if (short > 27) throw new OtherShape();
    const width = 1 << (short - 24);
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 0x100 + this.next();
    const least = width === 1 ? 24 : width === 2 ? 0x100 : width === 4 ? 0x1_0000 : 0x1_0000_0000;
    if (value < least || value > Number.MAX_SAFE_INTEGER) throw new OtherShape();
    return value;
  }

  ascii(): string {
    const length = this.head(TEXT);
    if (length > 64) throw new OtherShape();
    let text = '';
    for (let i = 0; i < length; i++) {
      const byte = this.next();
      if (byte > 0x7f) throw new OtherShape();
      text += String.fromCharCode(byte);
    }
    return text;
  }

  name(name: string): this {
    if (this.ascii() !== name) throw new OtherShape();
    return this;
  }

  id<Id extends string>(): Id {
    const text = this.ascii();
    if (!isRandomId(text)) throw new OtherShape();
    return text as Id;
  }

  true(): true {
    if (this.next() !== TRUE) throw new OtherShape();
    return true;
  }

  /** A copy, as the general decoder gives. */
  string(most: number): Bytes {
    const length = this.head(BYTES);
    if (length > most || this.at + length > this.bytes.length) throw new OtherShape();
    const bytes = new Uint8Array(this.bytes.subarray(this.at, this.at + length));
    this.at += length;
    return bytes;
  }

  end(): void {
    if (this.at !== this.bytes.length) throw new OtherShape();
  }

  private next(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new OtherShape();
    return byte;
  }
}

function read<T>(bytes: Uint8Array, limit: number, of: (from: Reader) => T): T | undefined {
  if (bytes.length > limit) return undefined;
  try {
    const from = new Reader(bytes);
    const value = of(from);
    from.end();
    return value;
  } catch (thrown) {
    if (thrown instanceof OtherShape) return undefined;
    throw thrown;
  }
}

export const appendFromBytes = (bytes: Uint8Array): Append | undefined =>
  read(bytes, limits.body, (from) => {
    if (from.head(MAP) !== 1) throw new OtherShape();
    const count = from.name('entries').head(ARRAY);
    if (count < 1 || count > limits.appendEntries) throw new OtherShape();
    const entries: Append['entries'] = [];
    for (let i = 0; i < count; i++) {
      const members = from.head(MAP);
      if (members !== 3 && members !== 4) throw new OtherShape();
      const id = from.name('id').id<string>();
      const epoch = from.name('epoch').head(UNSIGNED);
      const quiet = members === 4 ? ({ quiet: from.name('quiet').true() } as const) : {};
      entries.push({ id, epoch, payload: from.name('payload').string(limits.entry), ...quiet });
    }
    return { entries };
  });

/** @param limit largest frame in bytes. */
export const liveFromBytes = (bytes: Uint8Array, limit: number): LiveEntries | undefined =>
  read(bytes, limit, (from) => {
    if (from.head(MAP) !== 2) throw new OtherShape();
    const stream = from.name('stream').id<StreamId>();
    const count = from.name('entries').head(ARRAY);
    const entries: LiveEntries['entries'] = [];
    for (let i = 0; i < count; i++) {
      if (from.head(MAP) !== 7) throw new OtherShape();
      const at = from.name('at').head(UNSIGNED);
      const id = from.name('id').id<string>();
      const seq = from.name('seq').head(UNSIGNED);
      const kind = kindFrom(from.name('kind').ascii());
      const epoch = from.name('epoch').head(UNSIGNED);
      const sender = from.name('sender').id<DeviceId>();
      entries.push({ seq, kind, id, epoch, sender, at, payload: from.name('payload').string(limits.entry) });
    }
    return { stream, entries };
  });

function kindFrom(text: string): EntryKind {
  const kind = entryKinds.find((known) => known === text);
  if (kind === undefined) throw new OtherShape();
  return kind;
}
