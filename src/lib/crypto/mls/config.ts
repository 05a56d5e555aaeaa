import type { Capabilities, ClientConfig, Credential, LifetimeConfig } from 'ts-mls';
import { defaultKeyPackageEqualityConfig } from 'ts-mls/keyPackageEqualityConfig.js';
import { base64urlFromBytes, equal } from '../../core/bytes.ts';
import type { Result } from '../../core/result.ts';
import { certificateFromBytes, type Certificate } from '../../protocol/certificate.ts';
import type { WireFault } from '../../protocol/errors.ts';
import { wireFault } from '../../protocol/errors.ts';
import { KEY_PACKAGE_LIFETIME_MS } from '../../protocol/limits.ts';
import { verifyCertificate } from '../identity.ts';
import { sha256 } from '../primitives.ts';
import { suiteNames } from './suite.ts';

/** GroupContext extension with the group's data: of the private-use range (RFC 9420 §17.3). */
export const GROUP_DATA_EXTENSION = 0xf0ca;
/** KeyPackage extension `last_resort` (draft-ietf-mls-extensions): no content. */
export const LAST_RESORT_EXTENSION = 0x000a;

/** LeafNode extension with the name of somebody who came by the link; private-use range. */
export const NAME_CARD_EXTENSION = 0xf0cb;

/** What each leaf says it understands. The group's data is required of everybody in a group. */
export const capabilities = (): Capabilities => ({
  versions: ['mls10'],
  ciphersuites: [...suiteNames],
  extensions: [GROUP_DATA_EXTENSION, LAST_RESORT_EXTENSION, NAME_CARD_EXTENSION],
  proposals: [],
  credentials: ['basic'],
});

export const requiredCapabilities = {
  extensionTypes: [GROUP_DATA_EXTENSION],
  proposalTypes: [],
  credentialTypes: ['basic' as const],
};

/** A client configuration for one call, and whether a certificate was refused in it. */
export interface CallConfig {
  readonly config: ClientConfig;
  refusedCertificate(): boolean;
}

/** @param now milliseconds; the time that KeyPackages which we add are held against. */
export function configAt(now: number): CallConfig {
  let refused = false;
  const lifetimeConfig: LifetimeConfig & { currentTime(): bigint } = {
    maximumTotalLifetime: BigInt(KEY_PACKAGE_LIFETIME_MS / 1000),
    // A commit is right or wrong for everybody alike, however late they see it; whoever adds a package
    // checks its lifetime at that moment (RFC 9420 §7.3 asks for no more).
    validateLifetimeOnReceive: false,
    currentTime: () => BigInt(Math.floor(now / 1000)),
  };
  return {
    refusedCertificate: () => refused,
    config: {
      // Consumed keys are gone at once. We send commits only, one in each epoch, so nothing arrives late.
      keyRetentionConfig: { retainKeysForGenerations: 0, retainKeysForEpochs: 1, maximumForwardRatchetSteps: 16 },
      lifetimeConfig,
      keyPackageEqualityConfig: defaultKeyPackageEqualityConfig,
      paddingConfig: { kind: 'padUntilLength', padUntilLength: 256 },
      authService: {
        validateCredential: (credential, signatureKey) => {
          const isGood = certificateOf(credential, signatureKey).ok;
          refused ||= !isGood;
          return Promise.resolve(isGood);
        },
      },
    },
  };
}

/**
 * The certificate in a leaf's credential, if it is signed by the account it names and made for the
 * leaf's signature key.
 */
export function certificateOf(credential: Credential, signatureKey: Uint8Array): Result<Certificate, WireFault> {
  if (credential.credentialType !== 'basic') return { ok: false, error: wireFault('malformed', 'credential type') };
  const decoded = certificateFromBytes(credential.identity);
  if (!decoded.ok) return decoded;
  if (!equal(decoded.value.signatureKey, signatureKey)) {
    return { ok: false, error: wireFault('malformed', 'another signature key') };
  }
  const known = base64urlFromBytes(sha256(credential.identity));
  if (accepted.has(known)) return decoded;
  const verified = verifyCertificate(decoded.value);
  if (!verified.ok) return verified;
  if (accepted.size >= MOST_ACCEPTED) accepted.clear();
  accepted.add(known);
  return decoded;
}

/** Hashes of certificates whose signature was found good: each is met again with every commit of its device. */
const accepted = new Set<string>();
const MOST_ACCEPTED = 4096;
