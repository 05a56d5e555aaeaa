import { describe, expect, test } from 'vitest';
import { hexFromBytes } from '../../src/lib/core/bytes.ts';
import {
  backupPublicOf,
  createPhrase,
  entropyFromPhrase,
  keysFromEntropy,
  phraseWordList,
} from '../../src/lib/crypto/recoveryPhrase.ts';
import { createRandom } from '../world/seeded.ts';

const random = createRandom('phrase');

describe('a recovery phrase', () => {
  test('is 24 words that say 32 fresh bytes, and gives them back', async () => {
    const phrase = await createPhrase(random);
    expect(phrase.words).toHaveLength(24);
    const list = await phraseWordList();
    expect(phrase.words.every((word) => list.includes(word))).toBe(true);
    expect(await entropyFromPhrase(phrase.words)).toEqual({ ok: true, value: phrase.entropy });
    expect((await createPhrase(random)).words).not.toEqual(phrase.words);
  });

  test("agrees with BIP39's own vectors", async () => {
    const vectors = [
      ['00'.repeat(32), `${'abandon '.repeat(23)}art`],
      [
        '7f'.repeat(32),
        `${'legal winner thank year wave sausage worth useful '.repeat(2)}legal winner thank year wave sausage worth title`,
      ],
      ['ff'.repeat(32), `${'zoo '.repeat(23)}vote`],
    ] as const;
    for (const [entropy, phrase] of vectors) {
      const read = await entropyFromPhrase(phrase.split(' '));
      expect(read.ok && hexFromBytes(read.value)).toBe(entropy);
    }
  });

  test('names the first word that is not in the list, and finds a word that is there but wrong', async () => {
    const { words } = await createPhrase(random);
    expect(await entropyFromPhrase(words.with(4, 'cairn'))).toMatchObject({
      ok: false,
      error: { code: 'phrase-word', at: 5 },
    });
    expect(await entropyFromPhrase(words.slice(1))).toMatchObject({ ok: false, error: { code: 'phrase-length' } });
    const wrong = words
      .with(0, words[0] === 'zoo' ? 'abandon' : 'zoo')
      .with(1, 'zoo')
      .with(2, 'zoo');
    const found = await entropyFromPhrase(wrong);
    // One wrong phrase in 256 has a fitting checksum by chance; this one is fixed by the seed and has not.
    expect(found).toMatchObject({ ok: false, error: { code: 'phrase-checksum' } });
  });

  test('has a key of its own for each use', async () => {
    const keys = keysFromEntropy(random.bytes(32));
    const all = [keys.databaseWrapping, keys.identityWrapping, keys.backupPrivate].map(hexFromBytes);
    expect(new Set(all).size).toBe(3);
    expect(await backupPublicOf(keys.backupPrivate)).toHaveLength(1216);
  });
});
