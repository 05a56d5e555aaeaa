import type { Bytes } from '../../core/bytes.ts';

/** Grows as it is written to. Numbers are unsigned LEB128, up to 2^53. */
export interface ByteWriter {
  readonly length: number;
  number(value: number): void;
  text(value: string): void;
  raw(bytes: Uint8Array): void;
  /** What was written so far; the writer starts again. */
  take(): Bytes;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export function createByteWriter(): ByteWriter {
  let bytes = new Uint8Array(1024);
  let at = 0;
  const reserve = (more: number) => {
    if (at + more <= bytes.length) return;
    const larger = new Uint8Array(Math.max(bytes.length * 2, at + more));
    larger.set(bytes.subarray(0, at));
    bytes = larger;
  };
  const number = (value: number) => {
    reserve(8);
    let left = value;
    while (left > 0x7f) {
      bytes[at++] = (left % 0x80) | 0x80;
      left = Math.floor(left / 0x80);
    }
    bytes[at++] = left;
  };
  const raw = (more: Uint8Array) => {
    reserve(more.length);
    bytes.set(more, at);
    at += more.length;
  };
  return {
    get length() {
      return at;
    },
    number,
    text(value) {
      // Most text is short and ASCII: calling the encoder would take longer than the writing.
      reserve(value.length + 8);
      const start = at;
      number(value.length);
      for (let i = 0; i < value.length; i++) {
        const code = value.charCodeAt(i);
        if (code > 0x7f) {
          at = start;
          const encoded = encoder.encode(value);
          number(encoded.length);
          raw(encoded);
          return;
        }
        bytes[at++] = code;
      }
    },
    raw,
    take() {
      const taken = bytes.slice(0, at);
      at = 0;
      return taken;
    },
  };
}

/** Reads what a {@link ByteWriter} wrote. */
export interface ByteReader {
  at: number;
  readonly length: number;
  number(): number;
  text(): string;
}

export function createByteReader(bytes: Uint8Array): ByteReader {
  const reader: ByteReader = {
    at: 0,
    length: bytes.length,
    number() {
      let value = 0;
      for (let scale = 1; ; scale *= 0x80) {
        const byte = bytes[reader.at++] ?? 0;
        value += (byte & 0x7f) * scale;
        if (byte < 0x80) return value;
      }
    },
    text() {
      const length = reader.number();
      const start = reader.at;
      reader.at += length;
      let text = '';
      for (let i = start; i < reader.at; i++) {
        const code = bytes[i] ?? 0;
        if (code > 0x7f) return decoder.decode(bytes.subarray(start, reader.at));
        text += String.fromCharCode(code);
      }
      return text;
    },
  };
  return reader;
}
