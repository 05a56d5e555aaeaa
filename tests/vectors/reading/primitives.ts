import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  sign,
  verify,
} from 'node:crypto';

/** The algorithms that docs/protocol.md names, from Node's own cryptography. XChaCha20 is not in it: it is below. */

export const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
  createHash('sha256').update(Buffer.concat(parts)).digest();
export const sha512 = (...parts: readonly Uint8Array[]): Buffer =>
  createHash('sha512').update(Buffer.concat(parts)).digest();
export const hmac = (key: Uint8Array, data: Uint8Array): Buffer => createHmac('sha256', key).update(data).digest();
export const hkdf = (key: Uint8Array, info: string): Buffer =>
  Buffer.from(hkdfSync('sha256', key, new Uint8Array(0), info, 32));

export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
export const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};

const ZERO_NONCE = new Uint8Array(12);
const TAG = 16;

export function gcmSeal(key: Uint8Array, bound: Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, ZERO_NONCE).setAAD(bound);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

export const gcmOpen = (key: Uint8Array, bound: Uint8Array, sealed: Uint8Array): Buffer | undefined =>
  attempt(() => {
    const cipher = createDecipheriv('aes-256-gcm', key, ZERO_NONCE, { authTagLength: TAG });
    cipher.setAAD(bound).setAuthTag(sealed.subarray(-TAG));
    return Buffer.concat([cipher.update(sealed.subarray(0, -TAG)), cipher.final()]);
  });

export function xchachaSeal(key: Uint8Array, nonce: Uint8Array, bound: Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv('chacha20-poly1305', ...subkeyAndNonce(key, nonce), { authTagLength: TAG });
  cipher.setAAD(bound, { plaintextLength: plain.length });
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

export const xchachaOpen = (
  key: Uint8Array,
  nonce: Uint8Array,
  bound: Uint8Array,
  sealed: Uint8Array,
): Buffer | undefined =>
  attempt(() => {
    const cipher = createDecipheriv('chacha20-poly1305', ...subkeyAndNonce(key, nonce), { authTagLength: TAG });
    cipher.setAAD(bound, { plaintextLength: sealed.length - TAG }).setAuthTag(sealed.subarray(-TAG));
    return Buffer.concat([cipher.update(sealed.subarray(0, -TAG)), cipher.final()]);
  });

/** draft-irtf-cfrg-xchacha-03 §2.3: HChaCha20 of the first 16 bytes of the nonce, and four zeros before the rest. */
const subkeyAndNonce = (key: Uint8Array, nonce: Uint8Array): [Buffer, Buffer] => [
  hChaCha20(key, nonce.subarray(0, 16)),
  Buffer.concat([Buffer.alloc(4), nonce.subarray(16)]),
];

function hChaCha20(key: Uint8Array, nonce: Uint8Array): Buffer {
  const input = Buffer.concat([Buffer.from('expand 32-byte k'), key, nonce]);
  const x = Uint32Array.from({ length: 16 }, (_, i) => input.readUInt32LE(4 * i));
  const at = (i: number): number => x[i] ?? 0;
  const turn = (to: number, add: number, mix: number, by: number): void => {
    x[to] = at(to) + at(add);
    const mixed = at(mix) ^ at(to);
    x[mix] = (mixed << by) | (mixed >>> (32 - by));
  };
  const quarter = (a: number, b: number, c: number, d: number): void => {
    turn(a, b, d, 16);
    turn(c, d, b, 12);
    turn(a, b, d, 8);
    turn(c, d, b, 7);
  };
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 4; i++) quarter(i, 4 + i, 8 + i, 12 + i);
    for (let i = 0; i < 4; i++) quarter(i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4));
  }
  const output = Buffer.alloc(32);
  [0, 1, 2, 3, 12, 13, 14, 15].forEach((word, i) => output.writeUInt32LE(at(word), 4 * i));
  return output;
}

const PRIVATE = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC = Buffer.from('302a300506032b6570032100', 'hex');

export const signWith = (privateKey: Uint8Array, data: Uint8Array): Buffer =>
  sign(null, data, createPrivateKey({ key: Buffer.concat([PRIVATE, privateKey]), format: 'der', type: 'pkcs8' }));

export const isSignedBy = (publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean =>
  attempt(() => {
    const key = createPublicKey({ key: Buffer.concat([PUBLIC, publicKey]), format: 'der', type: 'spki' });
    return verify(null, data, key, signature);
  }) ?? false;

/** Node throws where a tag or a key is wrong. */
function attempt<T>(what: () => T): T | undefined {
  try {
    return what();
  } catch {
    return undefined;
  }
}
