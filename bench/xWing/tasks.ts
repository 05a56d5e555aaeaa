import { nobleMlKem768 } from '../../src/lib/crypto/mls/provider/mlKem768.ts';
import { chooseMlKem768, webMlKem768 } from '../../src/lib/crypto/mls/provider/platformMlKem768.ts';
import { createXWing } from '../../src/lib/crypto/mls/provider/xWing.ts';
import { alternate, timed, type Contestant, type Rate } from '../rates.ts';

export const IN_SCRIPT = 'ML-KEM in JavaScript';
export const NATIVE = "the platform's ML-KEM";

export const TASKS = ['make a key pair', 'encapsulate', 'decapsulate'] as const;
export type Comparison = Readonly<Record<(typeof TASKS)[number], readonly Rate[]>>;

const COUNT = 40;
export const ROUNDS = 21;

/** X-Wing with either ML-KEM-768, in this process or page; native alone is missing where the platform has none. */
export async function compareXWing(): Promise<Comparison> {
  const web = webMlKem768(globalThis.crypto.subtle);
  const hasNative = (await chooseMlKem768(web)) === web;
  const contestants = [
    { name: IN_SCRIPT, kem: createXWing(nobleMlKem768) },
    ...(hasNative ? [{ name: NATIVE, kem: createXWing(web) }] : []),
  ];
  const chance = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const privateKey = chance(32);
  const works: Record<(typeof TASKS)[number], (kem: (typeof contestants)[number]['kem']) => Promise<Contestant>> = {
    'make a key pair': async (kem) => repeated(() => kem.publicKeyOf(chance(32))),
    encapsulate: async (kem) => {
      const publicKey = await kem.publicKeyOf(privateKey);
      return repeated(() => kem.encapsulate(publicKey, chance(64)));
    },
    decapsulate: async (kem) => {
      const { encapsulated } = await kem.encapsulate(await kem.publicKeyOf(privateKey), chance(64));
      return repeated(() => kem.decapsulate(privateKey, encapsulated));
    },
  };
  const measured: Partial<Record<(typeof TASKS)[number], readonly Rate[]>> = {};
  for (const task of TASKS) {
    const runners = await Promise.all(
      contestants.map(async ({ name, kem }) => ({ ...(await works[task](kem)), name })),
    );
    measured[task] = await alternate(runners, COUNT, ROUNDS);
  }
  return measured as Comparison;
}

const repeated = (work: () => Promise<unknown>): Contestant => ({
  name: '',
  round: (count) =>
    timed(async () => {
      for (let i = 0; i < count; i++) await work();
    }),
});
