import { vi } from 'vitest';

/**
 * The key derivation is slow by design, and the same for the same input: within a file each is worked out once. The
 * people of a test have the same salts as their namesakes in the test before.
 */
vi.mock(import('../src/lib/crypto/argon2.ts'), async (original) => {
  const { argon2id } = await original();
  return { argon2id: remembered(argon2id) };
});

function remembered<I extends object, O>(derive: (input: I) => Promise<O>) {
  const known = new Map<string, Promise<O>>();
  return (input: I): Promise<never> => {
    const key = JSON.stringify(input, (_, part: unknown) => (part instanceof Uint8Array ? [...part] : part));
    const value = known.get(key) ?? derive(input);
    known.set(key, value);
    return value.then((bytes) => structuredClone(bytes) as never);
  };
}
