import { equal, type Bytes } from '../core/bytes.ts';
import type { AccountId } from '../core/ids.ts';
import { err, ok, type Fault, type Result } from '../core/result.ts';
import { accountIdOf, verifyCertificate } from '../crypto/identity.ts';
import { createSigner, createVerifier } from '../crypto/platformSignature.ts';
import { sha256 } from '../crypto/primitives.ts';
import { certificateFromBytes, type Certificate } from '../protocol/certificate.ts';
import { nearbyCodes, nearbyToSign, type NearbyCode, type NearbyMessage } from '../protocol/nearby.ts';
import type { Session } from './session.ts';

/** Who is at the other end of a link, proven for this link alone. */
export interface NearbyPeer {
  readonly account: AccountId;
  readonly device: Certificate['device'];
  readonly signatureKey: Bytes;
}

/**
 * The two devices tell each other who they are. The link itself is safe already: each saw the other's
 * fingerprint on its screen. A signature over both codes shows that the certificate belongs to this end.
 */
export interface NearbyMeeting {
  /** What one says first. */
  readonly hello: NearbyMessage;
  /** @returns the own proof. Errors: `nearby-untrue`. */
  takeHello(message: NearbyMessage): Promise<Result<NearbyMessage>>;
  /** @returns who it is. Errors: `nearby-untrue`. */
  takeProof(message: NearbyMessage): Promise<Result<NearbyPeer>>;
}

export function createMeeting(
  { identity, random, clock }: Session,
  role: NearbyCode['role'],
  texts: { readonly offer: string; readonly answer: string },
): NearbyMeeting {
  const codes = sha256(nearbyCodes(texts.offer, texts.answer));
  const nonce = random.bytes(32);
  let other: { readonly certificate: Certificate; readonly nonce: Bytes } | undefined;
  return {
    hello: { k: 'hello', device: identity.device, certificate: identity.certificate, nonce },
    async takeHello(message) {
      if (message.k !== 'hello' || other !== undefined) return err(UNTRUE);
      const certificate = certificateFromBytes(message.certificate);
      if (!certificate.ok || !verifyCertificate(certificate.value, clock.now()).ok) return err(UNTRUE);
      // One's own words, sent back.
      if (certificate.value.device !== message.device || equal(message.nonce, nonce)) return err(UNTRUE);
      other = { certificate: certificate.value, nonce: Uint8Array.from(message.nonce) };
      const { sign } = await createSigner(identity.signaturePrivate);
      return ok({ k: 'proof', signature: await sign(nearbyToSign(codes, role, nonce, other.nonce)) });
    },
    async takeProof(message) {
      if (message.k !== 'proof' || other === undefined) return err(UNTRUE);
      const { certificate } = other;
      const verify = await createVerifier(certificate.signatureKey);
      const signed = nearbyToSign(codes, role === 'offer' ? 'answer' : 'offer', other.nonce, nonce);
      if (!(await verify(Uint8Array.from(message.signature), signed))) return err(UNTRUE);
      const { accountKey, device, signatureKey } = certificate;
      return ok({ account: accountIdOf(accountKey), device, signatureKey });
    },
  };
}

const UNTRUE: Fault<'nearby-untrue'> = { code: 'nearby-untrue', retry: 'person' };
