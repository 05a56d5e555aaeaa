import { concat, utf8, type Bytes } from '../core/bytes.ts';
import type { Random } from '../core/ports.ts';
import { err, ok, type Fault, type Result } from '../core/result.ts';
import { cborFromValue } from '../protocol/wire.ts';
import { xWing } from './mls/provider/xWing.ts';
import { hkdfSha256 } from './primitives.ts';

/** Bytes of chance behind 24 words. */
const ENTROPY = 32;
const WORDS = 24;

export type PhraseErrorCode = 'phrase-length' | 'phrase-word' | 'phrase-checksum';
/** `at` counts words from 1: the first that is not in the list. */
export type PhraseFault = Fault<PhraseErrorCode> & { readonly at?: number };

/** The 2,048 words of BIP39's English list, in its order. */
export async function phraseWordList(): Promise<readonly string[]> {
  const { wordlist } = await import('@scure/bip39/wordlists/english.js');
  return wordlist;
}

/** 32 fresh bytes and the 24 words that say them (BIP39: a checksum of 8 bits is in the last). */
export async function createPhrase(
  random: Random,
): Promise<{ readonly words: readonly string[]; readonly entropy: Bytes }> {
  const { entropyToMnemonic } = await import('@scure/bip39');
  const entropy = random.bytes(ENTROPY);
  return { words: entropyToMnemonic(entropy, [...(await phraseWordList())]).split(' '), entropy };
}

/** The 32 bytes behind a phrase. Refused: `phrase-length`, `phrase-word` with `at`, `phrase-checksum`. */
export async function entropyFromPhrase(words: readonly string[]): Promise<Result<Bytes, PhraseFault>> {
  const list = await phraseWordList();
  const unknown = words.findIndex((word) => !list.includes(word));
  if (unknown >= 0) return err({ ...phraseFault('phrase-word'), at: unknown + 1 });
  if (words.length !== WORDS) return err(phraseFault('phrase-length'));
  const { mnemonicToEntropy, validateMnemonic } = await import('@scure/bip39');
  const phrase = words.join(' ');
  if (!validateMnemonic(phrase, [...list])) return err(phraseFault('phrase-checksum'));
  return ok(new Uint8Array(mnemonicToEntropy(phrase, [...list])));
}

/**
 * What a phrase is good for, each use with a key of its own: a wrapping key for the vault's database key,
 * one for the account's identity key, and a key pair that backups are sealed to. The device keeps only the
 * public half of the pair, so it can seal a backup without the phrase and can't open one.
 */
export interface PhraseKeys {
  readonly databaseWrapping: Bytes;
  readonly identityWrapping: Bytes;
  /** X-Wing (draft-connolly-cfrg-xwing-kem-06): what is kept for years should outlast quantum computers. */
  readonly backupPrivate: Bytes;
}

/** `HKDF(entropy, "cairn/1 recovery …")` for each use. */
export const keysFromEntropy = (entropy: Bytes): PhraseKeys => ({
  databaseWrapping: derive(entropy, 'cairn/1 recovery database'),
  identityWrapping: derive(entropy, 'cairn/1 recovery identity'),
  backupPrivate: derive(entropy, 'cairn/1 recovery backup'),
});

/** The public half of {@link PhraseKeys.backupPrivate}: 1,216 bytes. */
export const backupPublicOf = (backupPrivate: Bytes): Promise<Bytes> => xWing.publicKeyOf(backupPrivate);

/** Bound data of a key that the phrase wraps: `"cairn/1 wrapped key" ‖ 0 ‖ CBOR [purpose, "recovery phrase"]`. */
export const boundToPhrase = (purpose: 'database' | 'identity'): Bytes =>
  concat(utf8('cairn/1 wrapped key\0'), cborFromValue([purpose, 'recovery phrase']));

const derive = (entropy: Bytes, label: string): Bytes => hkdfSha256(entropy, new Uint8Array(0), utf8(label), 32);

const phraseFault = (code: PhraseErrorCode): PhraseFault => ({ code, retry: 'person' });
