import { decode, encode, type Value } from './cbor.ts';
import { hkdf, isSignedBy, sha256, sha512, signWith, xchachaOpen, xchachaSeal } from './primitives.ts';

/** "Identity" and "At rest" of docs/protocol.md, step by step. */

const label = (text: string): Buffer => Buffer.from(`${text}\0`);

export const accountId = (publicKey: Uint8Array): string => sha256(publicKey).toString('base64url');

export const nameHash = (name: string, salt: Uint8Array): Buffer =>
  sha256(label('cairn/1 name'), salt, Buffer.from(name));

export function directConversation(a: string, b: string): string {
  const ids = [a, b].map((id) => Buffer.from(id, 'base64url')).sort((x, y) => Buffer.compare(x, y));
  return sha256(label('cairn/1 direct'), ...ids)
    .subarray(0, 16)
    .toString('base64url');
}

export function fingerprint(key: Uint8Array): Buffer {
  let hash = sha512(label('cairn/1 safety number'), key);
  for (let n = 2; n <= 5200; n++) hash = sha512(hash, key);
  return hash.subarray(0, 32);
}

/** @param a the one's own. */
export function safetyNumber(a: Uint8Array, b: Uint8Array): { digits: string; qr: string } {
  const prints = [a, b].map((print) => Buffer.from(print));
  const digits = prints
    .toSorted((x, y) => Buffer.compare(x, y))
    .flatMap((print) => [0, 5, 10, 15, 20, 25].map((at) => print.readUIntBE(at, 5) % 100_000))
    .map((five) => String(five).padStart(5, '0'));
  const qr = `cairn-safety:${Buffer.concat([Buffer.of(1), ...prints]).toString('base64url')}`;
  return { digits: digits.join(''), qr };
}

interface Fields {
  readonly [name: string]: Value;
}

const isBytes = (value: Value | undefined, length: number): value is Uint8Array =>
  value instanceof Uint8Array && value.length === length;
const isMap = (value: Value | undefined): value is Fields =>
  typeof value === 'object' && !(value instanceof Uint8Array) && !Array.isArray(value);
const hasJust = (map: Fields, names: string): boolean => Object.keys(map).sort().join(' ') === names;

const certificateToSign = ({ signature: _signature, ...fields }: Fields): Buffer =>
  Buffer.concat([label('cairn/1 device certificate'), encode(fields)]);

export function certificate(encoded: Uint8Array, accountPrivate: Uint8Array): Buffer {
  const fields = decode(encoded);
  if (!isMap(fields)) throw new TypeError('not a certificate');
  return encode({ ...fields, signature: signWith(accountPrivate, certificateToSign(fields)) });
}

export function checkCertificate(encoded: Uint8Array): string {
  if (encoded.length > 512) return 'wire-too-large';
  const fields = decode(encoded);
  if (!isMap(fields) || fields['v'] !== 1) return 'malformed';
  if (!hasJust(fields, 'accountKey device loginKey nameHash notBefore sequence signature signatureKey v'))
    return 'malformed';
  const { accountKey, device, signatureKey, loginKey, nameHash: hash, notBefore, sequence, signature } = fields;
  if (!isBytes(accountKey, 32) || !isBytes(signatureKey, 32) || !isBytes(loginKey, 32) || !isBytes(hash, 32))
    return 'malformed';
  if (typeof device !== 'string' || Buffer.from(device, 'base64url').toString('base64url') !== device)
    return 'malformed';
  if (device.length !== 22 || typeof notBefore !== 'number' || typeof sequence !== 'number') return 'malformed';
  if (!isBytes(signature, 64)) return 'malformed';
  const keys = new Set([accountKey, signatureKey, loginKey].map((key) => Buffer.from(key).toString('hex')));
  if (keys.size !== 3) return 'malformed';
  return isSignedBy(accountKey, certificateToSign(fields), signature) ? 'ok' : 'bad-signature';
}

const checksum = (body: Fields): Buffer => sha256(encode(body)).subarray(0, 4);

export function invite(publicKey: Uint8Array, name: string, salt: Uint8Array): string {
  const body = { k: publicKey, n: name, s: salt };
  return `cairn1:${encode({ ...body, c: checksum(body) }).toString('base64url')}`;
}

export function checkInvite(code: string): string {
  const text = code.replace(/\s+/g, '');
  if (text.length > 600) return 'wire-too-large';
  const version = /^cairn(\d+):/i.exec(text)?.[1];
  if (version === undefined) return 'malformed';
  if (version !== '1') return 'wrong-version';
  const encoded = Buffer.from(text.slice(7), 'base64url');
  const value = encoded.toString('base64url') === text.slice(7) ? decode(encoded) : undefined;
  if (!isMap(value) || !hasJust(value, 'c k n s')) return 'malformed';
  const { c, k, n, s } = value;
  if (!isBytes(c, 4) || !isBytes(k, 32) || !isBytes(s, 16) || typeof n !== 'string') return 'malformed';
  if (Buffer.byteLength(n) > 200 || n.trim() === '') return 'malformed';
  return checksum({ k, n, s }).equals(c) ? 'ok' : 'malformed';
}

export const bound = (table: string, key: readonly string[], columns: readonly string[], sealing: number): Buffer =>
  encode([table, key, columns, sealing]);

const tableKey = (databaseKey: Uint8Array, table: string): Buffer => hkdf(databaseKey, `cairn/1 table\0${table}`);

export function sealRow(
  databaseKey: Uint8Array,
  table: string,
  additional: Uint8Array,
  nonce: Uint8Array,
  plain: Uint8Array,
): Buffer {
  const sealed = xchachaSeal(tableKey(databaseKey, table), nonce, additional, plain);
  return Buffer.concat([Buffer.of(1), nonce, sealed]);
}

export function openRow(
  databaseKey: Uint8Array,
  table: string,
  additional: Uint8Array,
  sealed: Uint8Array,
): Buffer | undefined {
  if (sealed[0] !== 1 || sealed.length < 41) return undefined;
  return xchachaOpen(tableKey(databaseKey, table), sealed.subarray(1, 25), additional, sealed.subarray(25));
}
