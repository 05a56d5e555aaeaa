import type { Bytes } from '../../core/bytes.ts';

const PREFIX = 4;
const STEPS = [256, 512, 1024, 2048, 4096];

/**
 * `u32 length ‖ plaintext ‖ zeros`, so that a record's size says little about what is in it
 * (protocol.md §3).
 */
export function pad(plaintext: Uint8Array): Bytes {
  const padded = new Uint8Array(paddedLength(plaintext.length));
  new DataView(padded.buffer).setUint32(0, plaintext.length);
  padded.set(plaintext, PREFIX);
  return padded;
}

/**
 * The plaintext, a view into `padded`; `undefined` unless it is exactly what {@link pad} writes: one
 * plaintext has one padded form.
 */
export function unpad(padded: Bytes): Bytes | undefined {
  if (padded.length < PREFIX) return undefined;
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0);
  if (length > padded.length - PREFIX || paddedLength(length) !== padded.length) return undefined;
  let rest = 0;
  for (let i = PREFIX + length; i < padded.length; i++) rest |= padded[i] ?? 0;
  return rest === 0 ? padded.subarray(PREFIX, PREFIX + length) : undefined;
}

/** Bytes that a plaintext of `length` bytes takes: one of the fixed steps, then Padmé. */
export function paddedLength(length: number): number {
  const whole = PREFIX + length;
  return STEPS.find((step) => whole <= step) ?? padme(whole);
}

/**
 * Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with
 * PURBs", PoPETS 2019, §4): at most 12 % more, and a length leaks O(log log n) bits.
 */
function padme(length: number): number {
  const exponent = 31 - Math.clz32(length);
  const bits = exponent - (32 - Math.clz32(exponent));
  const mask = 2 ** bits - 1;
  return Math.ceil(length / (mask + 1)) * (mask + 1);
}
