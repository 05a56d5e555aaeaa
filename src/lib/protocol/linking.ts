import * as v from 'valibot';
import { base64urlFromBytes, bytesFromBase64url, concat, utf8, type Bytes } from '../core/bytes.ts';
import { idFromBytes } from '../core/ids.ts';
import { err, ok, type Result } from '../core/result.ts';
import { CERTIFICATE_LIMIT } from './certificate.ts';
import { wireFault, type WireFault } from './errors.ts';
import { bytes, bytesUpTo, deviceId, entryId, natural, plainMap, textUpTo } from './fields.ts';
import { limits } from './limits.ts';
import { cborFromValue, valueFromCbor } from './wire.ts';

/** How two devices of one person come to share an account (protocol, "Linking"). */

/** What the new device shows: where it waits, and the hash of the key that it waits with. */
export interface LinkCode {
  /** Of a rendezvous. */
  readonly rendezvous: string;
  /** SHA-256 of an X-Wing public key: 32 bytes. */
  readonly keyHash: Bytes;
}

const PREFIX = 'cairn1-link:';
const CODE_LIMIT = 200;
const code = v.strictObject({ r: bytes(16), h: bytes(32), c: bytes(4) });

/**
 * The code as text and in the QR code: `cairn1-link:` and base64url of CBOR.
 * @param checksum as of an invite: the first 4 bytes of SHA-256 of the CBOR without it.
 */
export function textFromLinkCode({ rendezvous, keyHash }: LinkCode, checksum: (data: Uint8Array) => Bytes): string {
  const body = { r: bytesFromBase64url(rendezvous), h: keyHash };
  return PREFIX + base64urlFromBytes(cborFromValue({ ...body, c: checksum(cborFromValue(body)) }));
}

/** The code in what somebody scanned, typed or pasted. @returns `malformed`, `wrong-version`, `wire-too-large`. */
export function linkCodeFromText(text: string, checksum: (data: Uint8Array) => Bytes): Result<LinkCode, WireFault> {
  const bare = text.replace(/\s+/g, '');
  if (bare.length > CODE_LIMIT) return err(wireFault('wire-too-large'));
  const version = /^cairn(\d+)-link:/i.exec(bare);
  if (version === null) return err(wireFault('malformed', 'prefix'));
  if (version[1] !== '1') return err(wireFault('wrong-version'));
  const encoded = bytesFromBase64url(bare.slice(PREFIX.length));
  if (encoded === undefined) return err(wireFault('malformed', 'base64url'));
  const decoded = valueFromCbor(code, encoded, CODE_LIMIT);
  if (!decoded.ok) return decoded;
  const { r, h, c } = decoded.value;
  const expected = checksum(cborFromValue({ r, h }));
  if (base64urlFromBytes(expected) !== base64urlFromBytes(c)) return err(wireFault('malformed', 'checksum'));
  return ok({ rendezvous: idFromBytes<string>(r), keyHash: Uint8Array.from(h) });
}

/** X-Wing, draft-connolly-cfrg-xwing-kem-06. */
const PUBLIC_KEY = 1216;
const ENCAPSULATED = 1120;

/** What is said before there is a key, in the order in which it is said: new, old, new, old. */
export const linkKey = v.strictObject({ k: v.literal('key'), key: bytes(PUBLIC_KEY) });
/** SHA-256 over {@link revealToCommit}: the old device can't choose any more what it has not shown yet. */
export const linkCommitment = v.strictObject({ k: v.literal('commit'), c: bytes(32) });
export const linkNonce = v.strictObject({ k: v.literal('nonce'), n: bytes(32) });
export const linkReveal = v.strictObject({ k: v.literal('reveal'), e: bytes(ENCAPSULATED), n: bytes(32) });

/** Input of the commitment: `"cairn/1 link commitment" ‖ 0 ‖ encapsulated ‖ nonce`. */
export const revealToCommit = (encapsulated: Uint8Array, nonce: Uint8Array): Bytes =>
  concat(utf8('cairn/1 link commitment\0'), encapsulated, nonce);

/**
 * What both sides saw, which keys and digits come from:
 * `"cairn/1 link" ‖ 0 ‖ rendezvous ‖ public key ‖ commitment ‖ nonce of the new ‖ encapsulated ‖ nonce of the old`.
 */
export const linkTranscript = (seen: {
  readonly rendezvous: Bytes;
  readonly key: Uint8Array;
  readonly commitment: Uint8Array;
  readonly newNonce: Uint8Array;
  readonly encapsulated: Uint8Array;
  readonly oldNonce: Uint8Array;
}): Bytes =>
  concat(
    utf8('cairn/1 link\0'),
    seen.rendezvous,
    seen.key,
    seen.commitment,
    seen.newNonce,
    seen.encapsulated,
    seen.oldNonce,
  );

/** Additional data of a sealed box: `"cairn/1 link box" ‖ 0 ‖ 1 from the old device, else 0 ‖ number as u32`. */
export const boxToBind = (side: 'new' | 'old', n: number): Bytes => {
  const number = new Uint8Array(5);
  number[0] = side === 'old' ? 1 : 0;
  new DataView(number.buffer).setUint32(1, n);
  return concat(utf8('cairn/1 link box\0'), number);
};

const nameCard = { name: textUpTo(limits.name), salt: bytes(16) };
const row = plainMap<Record<string, unknown>>();
const rows = v.array(row);
/** A message with all that hangs on it, as rows. */
const whole = v.strictObject({ row, changes: rows, reactions: rows, receipts: rows, attachments: rows });

/** What the new device says under the key. */
export const fromNewDevice = v.variant('k', [
  /** Who it wants to be. `p`: what it runs on, for people. */
  v.strictObject({
    k: v.literal('device'),
    device: deviceId,
    signatureKey: bytes(32),
    loginKey: bytes(32),
    p: textUpTo(100),
  }),
  /** It wants no more. */
  v.strictObject({ k: v.literal('stop') }),
]);
export type FromNewDevice = v.InferOutput<typeof fromNewDevice>;

/** What the old device says under the key. */
export const fromOldDevice = v.variant('k', [
  /** The person said no: the digits differ (`mismatch`), or they want it no more. */
  v.strictObject({ k: v.literal('no'), why: v.picklist(['mismatch', 'declined']) }),
  /** The person said yes. `schema`: version of the tables that the rows are of. */
  v.strictObject({
    k: v.literal('yes'),
    certificate: bytesUpTo(CERTIFICATE_LIMIT),
    accountKey: bytes(32),
    databaseKey: bytes(32),
    schema: natural,
    ...nameCard,
  }),
  /** Rows of a table that come before the device is ready. */
  v.strictObject({ k: v.literal('rows'), t: textUpTo(40), r: rows }),
  /** From here on the device can be used; so many messages follow. */
  v.strictObject({ k: v.literal('ready'), messages: natural }),
  /** Messages of the conversation `c`, the newest first, and where their files are to be had. */
  v.strictObject({ k: v.literal('messages'), c: entryId, m: v.array(whole), f: rows }),
  /** That was all. */
  v.strictObject({ k: v.literal('end') }),
]);
export type FromOldDevice = v.InferOutput<typeof fromOldDevice>;
