import * as v from 'valibot';
import type { KeyPackage, PrivateKeyPackage } from 'ts-mls';
import { generateKeyPackageWithKey, makeKeyPackageRef, verifyKeyPackage } from 'ts-mls/keyPackage.js';
import { verifyLeafNodeSignatureKeyPackage } from 'ts-mls/leafNode.js';
import { equal, type Bytes } from '../../core/bytes.ts';
import { idFromBytes, type AccountId, type DeviceId, type KeyPackageRef } from '../../core/ids.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Certificate, NameCard } from '../../protocol/certificate.ts';
import { bytesUpTo } from '../../protocol/fields.ts';
import { KEY_PACKAGE_LIFETIME_MS, limits } from '../../protocol/limits.ts';
import { cborFromValue, valueFromCbor } from '../../protocol/wire.ts';
import { accountIdOf, CERTIFICATE_SKEW_MS } from '../identity.ts';
import {
  capabilities,
  certificateOf,
  GROUP_DATA_EXTENSION,
  LAST_RESORT_EXTENSION,
  NAME_CARD_EXTENSION,
} from './config.ts';
import { askLibrary, mlsFault, type MlsFault } from './fault.ts';
import type { MlsIdentity } from './group.ts';
import { bytesFromKeyPackage, keyPackageFromBytes } from './messages.ts';
import { bytesFromCard } from './nameCard.ts';
import { algorithmsOf, idOfSuite, isSuite, SUITE, type SuiteId } from './suite.ts';

/** A package is valid from this long before it is made: other devices' clocks are behind ours. */
export const KEY_PACKAGE_SKEW_MS = 24 * 3600_000;

export interface NewKeyPackage {
  readonly ref: KeyPackageRef;
  /** For the relay: an MLSMessage with the KeyPackage. */
  readonly publicBytes: Bytes;
  /** For this device's store; to be deleted with the first Welcome that is opened with it. */
  readonly privateBundle: Bytes;
  /** Milliseconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly suite: number;
  readonly lastResort: boolean;
}

/**
 * Makes KeyPackages of this device (RFC 9420 §10).
 * @param options.now milliseconds. @param options.lifetimeMs at most 60 days, counted from a day before `now`.
 */
export async function createKeyPackages(
  identity: MlsIdentity,
  count: number,
  options: { now: number; lastResort: boolean; lifetimeMs: number; suite?: SuiteId },
): Promise<NewKeyPackage[]> {
  const made: NewKeyPackage[] = [];
  for (let i = 0; i < count; i++) made.push(await createKeyPackage(identity, options));
  return made;
}

async function createKeyPackage(
  identity: MlsIdentity,
  options: { now: number; lastResort: boolean; lifetimeMs: number; suite?: SuiteId },
): Promise<NewKeyPackage> {
  const { now, lastResort, lifetimeMs, suite = SUITE } = options;
  if (lifetimeMs > KEY_PACKAGE_LIFETIME_MS) throw new TypeError('lifetime beyond the limit');
  const notBefore = Math.floor((now - KEY_PACKAGE_SKEW_MS) / 1000);
  const notAfter = notBefore + Math.floor(lifetimeMs / 1000);
  const pair = await generatePair(identity, suite, { notBefore, notAfter }, lastResort);
  const publicBytes = bytesFromKeyPackage(pair.publicPackage);
  return {
    ref: await refOf(pair.publicPackage),
    publicBytes,
    privateBundle: cborFromValue({
      v: 1,
      keyPackage: publicBytes,
      initPrivateKey: pair.privatePackage.initPrivateKey,
      leafPrivateKey: pair.privatePackage.hpkePrivateKey,
    }),
    notBefore: notBefore * 1000,
    notAfter: notAfter * 1000,
    suite,
    lastResort,
  };
}

/**
 * A KeyPackage of `identity`, valid between two times in seconds, with its private half.
 * @param card the name that its leaf brings; only for a leaf that comes by the link.
 */
export async function generatePair(
  identity: MlsIdentity,
  suite: SuiteId,
  lifetime: { notBefore: number; notAfter: number },
  lastResort = false,
  card?: NameCard,
): Promise<{ publicPackage: KeyPackage; privatePackage: PrivateKeyPackage }> {
  return generateKeyPackageWithKey(
    { credentialType: 'basic', identity: identity.certificate },
    capabilities(),
    { notBefore: BigInt(lifetime.notBefore), notAfter: BigInt(lifetime.notAfter) },
    lastResort ? [{ extensionType: LAST_RESORT_EXTENSION, extensionData: new Uint8Array() }] : [],
    { signKey: identity.signaturePrivate, publicKey: identity.signaturePublic },
    await algorithmsOf(suite),
    card === undefined ? [] : [{ extensionType: NAME_CARD_EXTENSION, extensionData: bytesFromCard(card) }],
  );
}

export interface ReadKeyPackage {
  readonly ref: KeyPackageRef;
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly certificate: Certificate;
  readonly suite: number;
  /** Milliseconds. */
  readonly notAfter: number;
  readonly lastResort: boolean;
}

/**
 * Checks a KeyPackage that the relay handed out (RFC 9420 §10.1): encoding, suite, both signatures,
 * certificate, what the device understands, and the lifetime at `now` (milliseconds).
 * @returns `malformed`, `unsupported-version`, `bad-certificate`, `tampered`, `expired-key-package`.
 */
export async function readKeyPackage(bytes: Uint8Array, now: number): Promise<Result<ReadKeyPackage, MlsFault>> {
  if (bytes.length > limits.keyPackage) return err(mlsFault('malformed', 'too large'));
  const decoded = keyPackageFromBytes(bytes);
  if (!decoded.ok) return decoded;
  const keyPackage = decoded.value;
  const suite = idOfSuite(keyPackage.cipherSuite);
  if (!isSuite(suite)) return err(mlsFault('unsupported-version', `suite ${suite}`));
  const { leafNode } = keyPackage;
  const certificate = certificateOf(leafNode.credential, leafNode.signaturePublicKey);
  if (!certificate.ok) return err(mlsFault('bad-certificate', certificate.error.detail ?? certificate.error.code));
  if (certificate.value.notBefore > now + CERTIFICATE_SKEW_MS) return err(mlsFault('bad-certificate', 'not valid yet'));
  const signed = await hasValidSignatures(keyPackage, suite);
  if (!signed.ok) return signed;
  const content = checkContent(keyPackage);
  if (!content.ok) return content;
  const at = BigInt(Math.floor(now / 1000));
  const { notBefore, notAfter } = leafNode.lifetime;
  if (at < notBefore || at > notAfter) return err(mlsFault('expired-key-package', `${notBefore} ${at} ${notAfter}`));
  return ok({
    ref: await refOf(keyPackage),
    account: accountIdOf(certificate.value.accountKey),
    device: certificate.value.device,
    certificate: certificate.value,
    suite,
    notAfter: Number(notAfter) * 1000,
    lastResort: keyPackage.extensions.length > 0,
  });
}

/**
 * What a KeyPackage must be whenever it is seen, so that every member judges a commit alike: our
 * extensions, understood by the device, and a lifetime within the limit.
 */
export function checkContent(keyPackage: KeyPackage): Result<void, MlsFault> {
  const { leafNode, extensions, initKey } = keyPackage;
  if (equal(initKey, leafNode.hpkePublicKey)) return err(mlsFault('invalid', 'init key is the leaf key'));
  if (!leafNode.capabilities.extensions.includes(GROUP_DATA_EXTENSION)) return err(mlsFault('invalid', 'capabilities'));
  const [first, ...others] = extensions;
  const isKnown =
    first === undefined || (first.extensionType === LAST_RESORT_EXTENSION && first.extensionData.length === 0);
  if (!isKnown || others.length > 0 || leafNode.extensions.length > 0) return err(mlsFault('invalid', 'extensions'));
  const { notBefore, notAfter } = leafNode.lifetime;
  const total = notAfter - notBefore;
  if (total < 0n || total > BigInt(KEY_PACKAGE_LIFETIME_MS / 1000)) {
    return err(mlsFault('expired-key-package', 'lifetime beyond the limit'));
  }
  return ok(undefined);
}

async function hasValidSignatures(keyPackage: KeyPackage, suite: SuiteId): Promise<Result<void, MlsFault>> {
  const { signature } = await algorithmsOf(suite);
  const answers = await askLibrary(async () => [
    await verifyLeafNodeSignatureKeyPackage(keyPackage.leafNode, signature),
    await verifyKeyPackage(keyPackage, signature),
  ]);
  if (!answers.ok) return answers;
  return answers.value.every(Boolean) ? ok(undefined) : err(mlsFault('tampered', 'key package signature'));
}

/** RFC 9420 §5.2. */
async function refOf(keyPackage: KeyPackage): Promise<KeyPackageRef> {
  const { hash } = await algorithmsOf(keyPackage.cipherSuite);
  return idFromBytes<KeyPackageRef>(await makeKeyPackageRef(keyPackage, hash));
}

const bundleSchema = v.strictObject({
  v: v.literal(1),
  keyPackage: bytesUpTo(limits.keyPackage),
  initPrivateKey: bytesUpTo(limits.keyPackage),
  leafPrivateKey: bytesUpTo(limits.keyPackage),
});

/** A private bundle with the signature key that it was made for, or `malformed`. */
export function pairFromBundle(
  bundle: Uint8Array,
  identity: MlsIdentity,
): Result<{ publicPackage: KeyPackage; privatePackage: PrivateKeyPackage }, MlsFault> {
  const decoded = valueFromCbor(bundleSchema, bundle, 3 * limits.keyPackage);
  if (!decoded.ok) return err(mlsFault('malformed', 'bundle'));
  const keyPackage = keyPackageFromBytes(decoded.value.keyPackage);
  if (!keyPackage.ok) return keyPackage;
  if (!equal(keyPackage.value.leafNode.signaturePublicKey, identity.signaturePublic)) {
    return err(mlsFault('malformed', 'bundle of another signature key'));
  }
  return ok({
    publicPackage: keyPackage.value,
    privatePackage: {
      initPrivateKey: decoded.value.initPrivateKey,
      hpkePrivateKey: decoded.value.leafPrivateKey,
      signaturePrivateKey: identity.signaturePrivate,
    },
  });
}
