import * as v from 'valibot';
import { concat, equal, u32, utf8, type Bytes } from '../../core/bytes.ts';
import type { Random } from '../../core/ports.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { bytes, natural, plainMap, time } from '../../protocol/fields.ts';
import { cborFromValue, valueFromCbor } from '../../protocol/wire.ts';
import { xWing } from '../mls/provider/xWing.ts';
import {
  boundToKdf,
  defaultKdf,
  kdfFromValue,
  masterKeyFromPassphrase,
  unwrapKey,
  valueFromKdf,
  wasmRuns,
  wrapKey,
  type VaultFault,
} from '../vault.ts';
import { backupFault, type BackupFault } from './fault.ts';

/** The first bytes of every backup; an end of line of each kind shows a transfer that took it for text. */
export const MAGIC = concat(Uint8Array.of(0x8b), utf8('CAIRN\r\n'));
const VERSION = 1;
const LONGEST = 16 * 1024;
export const PREFIX = MAGIC.length + 4;

const WRAPPED = 24 + 32 + 16;
const schema = v.strictObject({
  v: natural,
  id: bytes(16),
  type: v.picklist(['full', 'incremental']),
  createdAt: time,
  /** The backup that an increment adds to, with its integrity hash. */
  base: v.exactOptional(v.strictObject({ id: bytes(16), integrity: bytes(32) })),
  phrase: v.exactOptional(v.strictObject({ encapsulated: bytes(xWing.sizes.encapsulated), wrapped: bytes(WRAPPED) })),
  passphrase: v.exactOptional(v.strictObject({ kdf: plainMap(), wrapped: bytes(WRAPPED) })),
});

/** What stands in clear at the start of a backup; the key of all that follows is bound to every byte of it. */
export type BackupHeader = v.InferOutput<typeof schema>;

/** What seals a new backup: at least one of the two. */
export interface BackupLocks {
  /** Public half of the recovery phrase's backup key. */
  readonly phrasePublic?: Bytes;
  readonly passphrase?: string;
}

/** What opens one. */
export type BackupOpener = { readonly phrasePrivate: Bytes } | { readonly passphrase: string };

export type HeaderFacts = Pick<BackupHeader, 'id' | 'type' | 'createdAt' | 'base'>;

/**
 * The first bytes of a new backup, `magic 8 ‖ u32 length ‖ CBOR header`, and the key of its chunks.
 * Refused: `empty-passphrase`.
 */
export async function createHeader(
  facts: HeaderFacts,
  locks: BackupLocks,
  random: Random,
): Promise<Result<{ readonly bytes: Bytes; readonly fileKey: Bytes }, VaultFault>> {
  const fileKey = random.bytes(32);
  const { phrasePublic, passphrase } = locks;
  if (phrasePublic === undefined && passphrase === undefined) throw new TypeError('a backup that nothing opens');
  let header: BackupHeader = { v: VERSION, ...facts };
  if (phrasePublic !== undefined) {
    const { encapsulated, sharedSecret } = await xWing.encapsulate(phrasePublic, random.bytes(xWing.sizes.entropy));
    header = {
      ...header,
      phrase: { encapsulated, wrapped: wrapKey(sharedSecret, fileKey, boundToFile(facts.id), random) },
    };
  }
  if (passphrase !== undefined) {
    const kdf = defaultKdf(random, wasmRuns());
    const masterKey = await masterKeyFromPassphrase(passphrase, kdf);
    if (!masterKey.ok) return masterKey;
    const wrapped = wrapKey(masterKey.value, fileKey, boundToKdf('backup', kdf), random);
    header = { ...header, passphrase: { kdf: valueFromKdf(kdf), wrapped } };
  }
  const encoded = cborFromValue(header);
  return ok({ bytes: concat(MAGIC, u32(encoded.length), encoded), fileKey });
}

/** Length of the whole header from its first {@link PREFIX} bytes. Refused: `backup-foreign`, `backup-damaged`. */
export function headerLength(start: Uint8Array): Result<number, BackupFault> {
  const isOurs = start.length >= MAGIC.length && equal(start.subarray(0, MAGIC.length), MAGIC);
  if (!isOurs) return err(backupFault('backup-foreign'));
  if (start.length < PREFIX) return err(backupFault('backup-damaged', 'header'));
  const length = new DataView(start.buffer, start.byteOffset).getUint32(MAGIC.length);
  return length > LONGEST ? err(backupFault('backup-damaged', 'header length')) : ok(PREFIX + length);
}

/** @param whole as long as {@link headerLength} says. Refused: `backup-newer`, `backup-damaged`. */
export function readHeader(whole: Uint8Array): Result<BackupHeader, BackupFault> {
  const version = valueFromCbor(v.looseObject({ v: natural }), whole.subarray(PREFIX), LONGEST);
  if (version.ok && version.value.v > VERSION) return err(backupFault('backup-newer', 'format'));
  const header = valueFromCbor(schema, whole.subarray(PREFIX), LONGEST);
  if (!header.ok) return err(backupFault('backup-damaged', 'header'));
  const { type, base } = header.value;
  if ((type === 'incremental') !== (base !== undefined)) return err(backupFault('backup-damaged', 'base'));
  return header;
}

/** The key of the chunks. Refused: `backup-key`, and `backup-damaged` for parameters below the floor. */
export async function openHeader(header: BackupHeader, opener: BackupOpener): Promise<Result<Bytes, BackupFault>> {
  const fileKey =
    'passphrase' in opener
      ? await byPassphrase(header, opener.passphrase)
      : ok(await byPhrase(header, opener.phrasePrivate));
  if (!fileKey.ok) return fileKey;
  return fileKey.value === undefined ? err(backupFault('backup-key')) : ok(fileKey.value);
}

async function byPhrase({ id, phrase }: BackupHeader, phrasePrivate: Bytes): Promise<Bytes | undefined> {
  if (phrase === undefined) return undefined;
  try {
    const secret = await xWing.decapsulate(phrasePrivate, Uint8Array.from(phrase.encapsulated));
    return unwrapKey(secret, phrase.wrapped, boundToFile(id));
  } catch {
    // A point or modulus that the mechanism refuses: this was never encapsulated to anybody.
    return undefined;
  }
}

async function byPassphrase(
  { passphrase }: BackupHeader,
  given: string,
): Promise<Result<Bytes | undefined, BackupFault>> {
  if (passphrase === undefined) return ok(undefined);
  const kdf = kdfFromValue(passphrase.kdf);
  if (!kdf.ok) return err(backupFault('backup-damaged', 'kdf'));
  const masterKey = await masterKeyFromPassphrase(given, kdf.value);
  if (!masterKey.ok) {
    return masterKey.error.code === 'empty-passphrase' ? ok(undefined) : err(backupFault('backup-damaged', 'kdf'));
  }
  return ok(unwrapKey(masterKey.value, passphrase.wrapped, boundToKdf('backup', kdf.value)));
}

const boundToFile = (id: Uint8Array): Bytes => concat(utf8('cairn/1 backup file key\0'), id);
