import { unsafe } from '@noble/ciphers/aes.js';
import { expect, it } from 'vitest';
import { bytesFromHex } from '../../src/lib/core/bytes.ts';
import { encryptBlock, expandKey, SCHEDULE_LENGTH } from '../../src/lib/crypto/aes.ts';
import { createRandom } from '../world/seeded.ts';

const random = createRandom('aes');

function encrypted(key: Uint8Array, block: Uint8Array): Uint8Array {
  const schedule = new Int32Array(SCHEDULE_LENGTH);
  expandKey(key, schedule);
  const view = new DataView(block.buffer, block.byteOffset, 16);
  const out = new Int32Array(4);
  encryptBlock(schedule, view.getInt32(0), view.getInt32(4), view.getInt32(8), view.getInt32(12), out);
  const bytes = new Uint8Array(16);
  out.forEach((word, i) => new DataView(bytes.buffer).setInt32(4 * i, word));
  return bytes;
}

const hex = (text: string) => bytesFromHex(text) ?? new Uint8Array(0);

it('encrypts the example of FIPS 197, C.3', () => {
  const key = hex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f');
  expect(encrypted(key, hex('00112233445566778899aabbccddeeff'))).toEqual(hex('8ea2b7ca516745bfeafc49904b496089'));
});

it("encrypts as the cipher library does, whatever the key's place in its buffer", () => {
  for (let round = 0; round < 500; round++) {
    const key = random.bytes(40).subarray(round % 8, (round % 8) + 32);
    const block = random.bytes(16);
    const view = new DataView(block.buffer);
    const words = unsafe.encrypt(
      unsafe.expandKeyLE(key),
      ...([0, 4, 8, 12].map((at) => view.getUint32(at, true)) as [number, number, number, number]),
    );
    const expected = new Uint8Array(Uint32Array.of(words.s0, words.s1, words.s2, words.s3).buffer);
    expect(encrypted(key, block)).toEqual(expected);
  }
});

it('takes no key but one of 32 bytes', () => {
  const schedule = new Int32Array(SCHEDULE_LENGTH);
  for (const key of [random.bytes(16), random.bytes(33), 'k'.repeat(32) as unknown as Uint8Array]) {
    expect(() => expandKey(key, schedule)).toThrow(RangeError);
  }
});
