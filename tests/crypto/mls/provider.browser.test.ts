import { expect, test } from 'vitest';
import { bytesFromHex } from '../../../src/lib/core/bytes.ts';
import { createProvider } from '../../../src/lib/crypto/mls/provider/index.ts';
import { nobleMlKem768 } from '../../../src/lib/crypto/mls/provider/mlKem768.ts';
import { chooseMlKem768, webMlKem768 } from '../../../src/lib/crypto/mls/provider/platformMlKem768.ts';
import { createXWing } from '../../../src/lib/crypto/mls/provider/xWing.ts';
import { getCiphersuiteFromName } from 'ts-mls';

const hex = (digits: string) => bytesFromHex(digits) ?? new Uint8Array();

test("the browser's own X25519 and AES give what RFC 9180 Appendix A.1.1 says", async () => {
  const ephemeral = hex('52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736');
  const suite = getCiphersuiteFromName('MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519');
  const { hpke } = await createProvider({ randomBytes: () => ephemeral }).getCiphersuiteImpl(suite);
  const pair = await hpke.deriveKeyPair(hex('6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037'));
  const info = hex('4f6465206f6e2061204772656369616e2055726e');
  const text = hex('4265617574792069732074727574682c20747275746820626561757479');
  const { enc, ct } = await hpke.seal(pair.publicKey, text, info, hex('436f756e742d30'));
  expect(enc).toEqual(hex('37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431'));
  expect(ct).toEqual(hex('f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a'));
  expect(await hpke.open(pair.privateKey, enc, ct, info, hex('436f756e742d30'))).toEqual(text);
  await expect(hpke.open(pair.privateKey, new Uint8Array(32), ct, info)).rejects.toMatchObject({ name: 'CryptoError' });
});

test("X-Wing with the browser's own ML-KEM-768, where it has one, and JavaScript's open each other's", async () => {
  const platform = await chooseMlKem768(webMlKem768(crypto.subtle));
  const [native, script] = [createXWing(platform), createXWing(nobleMlKem768)];
  const privateKey = hex('7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26');
  const publicKey = await native.publicKeyOf(privateKey);
  expect(publicKey).toEqual(await script.publicKeyOf(privateKey));
  for (const [from, to] of [
    [native, script],
    [script, native],
  ] as const) {
    const { encapsulated, sharedSecret } = await from.encapsulate(publicKey, new Uint8Array(64).fill(3));
    expect(await to.decapsulate(privateKey, encapsulated)).toEqual(sharedSecret);
  }
});
