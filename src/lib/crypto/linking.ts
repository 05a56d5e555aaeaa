import { concat, equal, utf8, type Bytes } from '../core/bytes.ts';
import { bytesFromId, newId } from '../core/ids.ts';
import type { Random } from '../core/ports.ts';
import { err, ok, type Fault, type Result } from '../core/result.ts';
import { boxToBind, linkTranscript, revealToCommit, type LinkCode } from '../protocol/linking.ts';
import { xWing } from './mls/provider/xWing.ts';
import { hkdfSha256, sha256, xchachaOpen, xchachaSeal } from './primitives.ts';

/**
 * The secret between a device without an account and one that has one, and the digits that show a person that
 * nobody stands between them (protocol, "Linking"). The old device commits to what it will show before the new
 * one says its nonce: whoever stands between has one try at equal digits, and cannot search for them.
 */

export type LinkFault = Fault<'link-untrue'>;
export const linkUntrue = (detail: string): LinkFault => ({ code: 'link-untrue', retry: 'person', detail });

/** What both sides have at the end. */
export interface LinkSecrets {
  /** Six digits. */
  readonly digits: string;
  /** Seals what the new device says. */
  readonly newKey: Bytes;
  /** Seals what the old device says. */
  readonly oldKey: Bytes;
}

const NONCE = 32;
const NO_DIGITS = 1_000_000;

/** The new device's side. */
export interface LinkOpening {
  readonly code: LinkCode;
  /** X-Wing public key. */
  readonly publicKey: Bytes;
  readonly nonce: Bytes;
  /** @returns `link-untrue` where what is shown is not what was committed to. */
  finish(
    commitment: Uint8Array,
    reveal: { readonly e: Uint8Array; readonly n: Uint8Array },
  ): Promise<Result<LinkSecrets, LinkFault>>;
}

export async function openLink(random: Random): Promise<LinkOpening> {
  const rendezvous = newId<string>(random);
  const privateKey = random.bytes(xWing.sizes.privateKey);
  const publicKey = await xWing.publicKeyOf(privateKey);
  const nonce = random.bytes(NONCE);
  return {
    code: { rendezvous, keyHash: sha256(publicKey) },
    publicKey,
    nonce,
    async finish(commitment, { e, n }) {
      if (!equal(sha256(revealToCommit(e, n)), commitment)) return err(linkUntrue('commitment'));
      const encapsulated = Uint8Array.from(e);
      const shared = await xWing.decapsulate(privateKey, encapsulated);
      const seen = { key: publicKey, commitment, newNonce: nonce, encapsulated, oldNonce: n };
      return ok(secretsOf(shared, linkTranscript({ rendezvous: bytesFromId(rendezvous), ...seen })));
    },
  };
}

/** The old device's side. */
export interface LinkAnswer {
  readonly commitment: Bytes;
  readonly reveal: { readonly e: Bytes; readonly n: Bytes };
  finish(newNonce: Uint8Array): LinkSecrets;
}

/** @returns `link-untrue` where the key is not the one of the code. */
export async function answerLink(
  random: Random,
  code: LinkCode,
  publicKey: Uint8Array,
): Promise<Result<LinkAnswer, LinkFault>> {
  if (!equal(sha256(publicKey), code.keyHash)) return err(linkUntrue('key'));
  const key = Uint8Array.from(publicKey);
  const made = await encapsulated(random, key);
  if (made === undefined) return err(linkUntrue('key'));
  const { encapsulated: e, sharedSecret } = made;
  const n = random.bytes(NONCE);
  const commitment = sha256(revealToCommit(e, n));
  return ok({
    commitment,
    reveal: { e, n },
    finish(newNonce) {
      const seen = { key, commitment, newNonce, encapsulated: e, oldNonce: n };
      return secretsOf(sharedSecret, linkTranscript({ rendezvous: bytesFromId(code.rendezvous), ...seen }));
    },
  });
}

/** A key that is no key is refused by throwing. */
const encapsulated = (random: Random, key: Bytes) =>
  xWing.encapsulate(key, random.bytes(xWing.sizes.entropy)).catch(() => undefined);

function secretsOf(shared: Bytes, transcript: Bytes): LinkSecrets {
  const salt = sha256(transcript);
  const derive = (label: string, length: number) => hkdfSha256(shared, salt, utf8(label), length);
  // Eight bytes modulo a million: no digit is likelier than another by more than 2⁻⁴⁴.
  const number = new DataView(derive('cairn/1 link digits', 8).buffer).getBigUint64(0) % BigInt(NO_DIGITS);
  return {
    digits: String(number).padStart(6, '0'),
    newKey: derive('cairn/1 link new', 32),
    oldKey: derive('cairn/1 link old', 32),
  };
}

const BOX_NONCE = 24;

/** A box `24-byte nonce ‖ XChaCha20-Poly1305`, bound to its side and number. */
export function sealBox(random: Random, key: Bytes, side: 'new' | 'old', n: number, plaintext: Uint8Array): Bytes {
  const nonce = random.bytes(BOX_NONCE);
  return concat(nonce, xchachaSeal(key, nonce, boxToBind(side, n), plaintext));
}

/** What {@link sealBox} sealed; `undefined` where it is another's, or another box. */
export const openBox = (key: Bytes, side: 'new' | 'old', n: number, box: Uint8Array): Bytes | undefined =>
  box.length < BOX_NONCE + 16
    ? undefined
    : xchachaOpen(key, box.subarray(0, BOX_NONCE), boxToBind(side, n), box.subarray(BOX_NONCE));
