import * as v from 'valibot';
import { base64urlFromBytes, bytesFromBase64url, concat, utf8, type Bytes } from '../core/bytes.ts';
import { err, ok, type Result } from '../core/result.ts';
import { wireFault, type WireFault } from './errors.ts';
import { bytes, bytesUpTo, deviceId, entryId, natural, streamId, textUpTo } from './fields.ts';
import { limits } from './limits.ts';
import { cborFromValue, valueFromCbor } from './wire.ts';

/** What two devices in one room say to each other, without a relay (protocol, "Nearby"). */

/** How a device is reached over a local link: what WebRTC has to know of it, small enough for a QR code. */
export interface NearbyCode {
  /** Who began shows an offer, who read it an answer. */
  readonly role: 'offer' | 'answer';
  /** ICE user name fragment and password (RFC 8445 §5.3). */
  readonly user: string;
  readonly password: string;
  /** SHA-256 of the DTLS certificate (RFC 8122 §5): 32 bytes. */
  readonly fingerprint: Bytes;
  /** Host candidates: an address or an mDNS name, and a UDP port. */
  readonly candidates: readonly { readonly address: string; readonly port: number }[];
}

const PREFIX = 'cairn1-nearby:';
const CODE_LIMIT = 1_000;
const ICE_CHARS = /^[A-Za-z0-9+/]+$/;
const ADDRESS = /^[0-9A-Za-z.:-]{2,64}$/;

const code = v.strictObject({
  r: v.picklist(['offer', 'answer']),
  u: v.pipe(v.string(), v.regex(ICE_CHARS), v.maxLength(32)),
  p: v.pipe(v.string(), v.regex(ICE_CHARS), v.minLength(22), v.maxLength(64)),
  f: bytes(32),
  c: v.pipe(
    v.array(v.strictTuple([v.pipe(v.string(), v.regex(ADDRESS)), v.pipe(natural, v.minValue(1), v.maxValue(65_535))])),
    v.minLength(1),
    v.maxLength(8),
  ),
});

/** The code as text: `cairn1-nearby:` and base64url of CBOR. */
export const textFromNearbyCode = ({ role, user, password, fingerprint, candidates }: NearbyCode): string =>
  PREFIX +
  base64urlFromBytes(
    cborFromValue({
      r: role,
      u: user,
      p: password,
      f: fingerprint,
      c: candidates.map(({ address, port }) => [address, port]),
    }),
  );

/** The code in what somebody scanned or pasted. @returns `malformed`, `wrong-version`, `wire-too-large`. */
export function nearbyCodeFromText(text: string): Result<NearbyCode, WireFault> {
  const bare = text.replace(/\s+/g, '');
  if (bare.length > CODE_LIMIT) return err(wireFault('wire-too-large'));
  const version = /^cairn(\d+)-nearby:/i.exec(bare);
  if (version === null) return err(wireFault('malformed', 'prefix'));
  if (version[1] !== '1') return err(wireFault('wrong-version'));
  const encoded = bytesFromBase64url(bare.slice(PREFIX.length));
  if (encoded === undefined) return err(wireFault('malformed', 'base64url'));
  const decoded = valueFromCbor(code, encoded, CODE_LIMIT);
  if (!decoded.ok) return decoded;
  const { r, u, p, f, c } = decoded.value;
  return ok({
    role: r,
    user: u,
    password: p,
    fingerprint: Uint8Array.from(f),
    candidates: c.map(([address, port]) => ({ address, port })),
  });
}

const record = v.strictObject({ id: entryId, epoch: natural, payload: bytesUpTo(limits.entry) });

const message = v.variant('k', [
  /** Who one is; nothing else counts before the other's {@link nearbyToSign} is verified. */
  v.strictObject({ k: v.literal('hello'), device: deviceId, certificate: bytesUpTo(512), nonce: bytes(32) }),
  v.strictObject({ k: v.literal('proof'), signature: bytes(64) }),
  /** Sealed records as they wait for the relay. */
  v.strictObject({
    k: v.literal('records'),
    group: streamId,
    entries: v.pipe(v.array(record), v.minLength(1), v.maxLength(limits.appendEntries)),
  }),
  /** Everything that waits has been handed over. */
  v.strictObject({ k: v.literal('given') }),
  /** Wants a part of a file's ciphertext. */
  v.strictObject({
    k: v.literal('read'),
    n: natural,
    blob: entryId,
    offset: natural,
    length: v.pipe(natural, v.minValue(1), v.maxValue(limits.blobChunk)),
  }),
  /** Answers `read`; `size` is that of the whole file, 0 where it is not here. */
  v.strictObject({ k: v.literal('bytes'), n: natural, size: natural, bytes: bytesUpTo(limits.blobChunk) }),
  /** Ends the exchange. */
  v.strictObject({ k: v.literal('bye'), reason: textUpTo(64) }),
]);

export type NearbyMessage = v.InferOutput<typeof message>;

export const bytesFromNearby = (value: NearbyMessage): Bytes => cborFromValue(value);

/** @returns `malformed`, `wire-too-large`. */
export const nearbyFromBytes = (frame: Uint8Array): Result<NearbyMessage, WireFault> =>
  valueFromCbor(message, frame, limits.body);

/**
 * What a device signs with its signature key to show that it is at this end of this very link:
 * `"cairn/1 nearby" ‖ 0 ‖ SHA-256 of both codes ‖ 0 for the offer's side, 1 for the answer's ‖ own nonce ‖ the other's`.
 * @param codes SHA-256 over {@link nearbyCodes}.
 */
export const nearbyToSign = (codes: Bytes, role: NearbyCode['role'], own: Uint8Array, other: Uint8Array): Bytes =>
  concat(utf8('cairn/1 nearby\0'), codes, Uint8Array.of(role === 'offer' ? 0 : 1), own, other);

/** Both codes of a link as they were read: the offer's text, a zero, the answer's. */
export const nearbyCodes = (offer: string, answer: string): Bytes => utf8(`${offer}\0${answer}`);
