import { equal, type Bytes } from '../../../core/bytes.ts';
import { checkReduced, ML_KEM_768, nobleMlKem768, type MlKem768 } from './mlKem768.ts';

/**
 * The platform's own ML-KEM-768 where a trial shows that it has one which agrees with JavaScript's, and
 * JavaScript's otherwise. Native is several times faster, and constant in time.
 */
export const platformMlKem768: MlKem768 = {
  keyPair: async (seed) => (await chosen()).keyPair(seed),
  encapsulate: async (publicKey, message) => (await chosen()).encapsulate(publicKey, message),
};

let choice: Promise<MlKem768> | undefined;
const chosen = (): Promise<MlKem768> => (choice ??= chooseMlKem768(webMlKem768(globalThis.crypto?.subtle)));

/**
 * `native` if it makes the same key of the same seed as JavaScript's, and each opens what the other
 * encapsulated; else JavaScript's. Takes a few milliseconds.
 */
export async function chooseMlKem768(native: MlKem768): Promise<MlKem768> {
  try {
    const seed = Uint8Array.from({ length: ML_KEM_768.seed }, (_, i) => i);
    const message = seed.slice(0, ML_KEM_768.message);
    const [ours, theirs] = [await nobleMlKem768.keyPair(seed), await native.keyPair(seed)];
    const publicKey = await ours.publicKey();
    const made = await native.encapsulate(publicKey, message);
    const back = await nobleMlKem768.encapsulate(publicKey, message);
    const agrees =
      equal(publicKey, await theirs.publicKey()) &&
      equal(made.sharedSecret, await ours.decapsulate(made.ciphertext)) &&
      equal(back.sharedSecret, await theirs.decapsulate(back.ciphertext));
    return agrees ? native : nobleMlKem768;
  } catch {
    // No such algorithm, no such method, or a draft of it with other formats.
    return nobleMlKem768;
  }
}

const NAME = 'ML-KEM-768';

/** What WICG "Modern Algorithms in the Web Cryptography API" adds, which TypeScript does not know yet. */
interface ModernSubtle {
  importKey(format: string, bytes: Bytes, name: string, extractable: boolean, usages: string[]): Promise<CryptoKey>;
  exportKey(format: string, key: CryptoKey): Promise<ArrayBuffer>;
  getPublicKey(key: CryptoKey, usages: string[]): Promise<CryptoKey>;
  encapsulateBits(name: string, key: CryptoKey): Promise<{ ciphertext: ArrayBuffer; sharedKey: ArrayBuffer }>;
  decapsulateBits(name: string, key: CryptoKey, ciphertext: Bytes): Promise<ArrayBuffer>;
}

/** WebCrypto's. Private keys can't be extracted. Without the algorithm, every call throws. */
export function webMlKem768(webCrypto: SubtleCrypto | undefined): MlKem768 {
  const subtle = webCrypto as unknown as ModernSubtle;
  return {
    async keyPair(seed) {
      const key = await subtle.importKey('raw-seed', seed, NAME, false, ['decapsulateBits']);
      return {
        async publicKey() {
          const publicKey = await subtle.getPublicKey(key, ['encapsulateBits']);
          return new Uint8Array(await subtle.exportKey('raw-public', publicKey));
        },
        decapsulate: async (ciphertext) => new Uint8Array(await subtle.decapsulateBits(NAME, key, ciphertext)),
      };
    },
    async encapsulate(publicKey) {
      checkReduced(publicKey);
      const key = await subtle.importKey('raw-public', publicKey, NAME, false, ['encapsulateBits']);
      const { ciphertext, sharedKey } = await subtle.encapsulateBits(NAME, key);
      return { ciphertext: new Uint8Array(ciphertext), sharedSecret: new Uint8Array(sharedKey) };
    },
  };
}
