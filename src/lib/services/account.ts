import { utf8, type Bytes } from '../core/bytes.ts';
import { newId, type DeviceId } from '../core/ids.ts';
import type { Clock, Logger, Random } from '../core/ports.ts';
import { err, ok, refuse, settle, type Fault, type Result } from '../core/result.ts';
import { accountIdOf, createAccountKeys, nameHashOf, signCertificate } from '../crypto/identity.ts';
import { ed25519 } from '../crypto/primitives.ts';
import { createSealer } from '../crypto/seal.ts';
import { clearUnfinishedLoad } from '../db/backup/unfinished.ts';
import { saveKey, saveWrappedKey } from '../db/keyStore.ts';
import { addDevice } from '../db/devices.ts';
import { createUser } from '../db/users.ts';
import { saveRelayLogin } from '../db/relayLogin.ts';
import type { Store } from '../db/store.ts';
import { bytesFromCertificate, type NameCard } from '../protocol/certificate.ts';
import { limits } from '../protocol/limits.ts';
import type { Identity } from '../sync/identity.ts';
import type { LoginKeys } from '../sync/loginKeys.ts';
import { wrapDatabaseKey } from './databaseKey.ts';

/** What making or opening an account needs from the device. */
export interface AccountPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly loginKeys: LoginKeys;
  readonly relayOrigin: string;
}

/**
 * Makes an account, its first device and the vault that holds their keys, in one transaction; nothing
 * leaves the device. Refused: `bad-name`, `weak-passphrase`, `exists`.
 */
export async function createAccount(
  ports: AccountPorts,
  input: { readonly name: string; readonly passphrase: string },
): Promise<Result<Identity, Fault>> {
  const { store, clock, random, loginKeys, relayOrigin } = ports;
  const name = input.name.trim().normalize('NFC');
  if (name === '' || utf8(name).length > limits.name) return err({ code: 'bad-name', retry: 'person' });
  if (await hasAccount(store)) return err({ code: 'exists', retry: 'never' });
  await clearUnfinishedLoad(store);

  const databaseKey = random.bytes(32);
  const wrapped = await wrapDatabaseKey(random, input.passphrase, databaseKey);
  if (!wrapped.ok) return wrapped;

  const now = clock.now();
  const account = createAccountKeys(random);
  const signature = ed25519.keyPair(random);
  const login = await loginKeys.create();
  const device = newId<DeviceId>(random);
  const card: NameCard = { name, salt: random.bytes(16) };
  const certificate = bytesFromCertificate(
    signCertificate(
      {
        accountKey: account.publicKey,
        device,
        signatureKey: signature.publicKey,
        loginKey: login.publicKey,
        nameHash: nameHashOf(card),
        notBefore: now,
        sequence: 1,
      },
      account.privateKey,
    ),
  );
  const id = accountIdOf(account.publicKey);

  store.unlock(createSealer(databaseKey, random));
  const stored = await settle(
    store.tx('rw', ['keyStore', 'users', 'devices', 'relayLogin'], async () => {
      // Another tab may have been quicker; its account is the one that stays.
      if (await hasAccount(store)) return refuse({ code: 'exists', retry: 'never' });
      await saveWrappedKey(store, wrapped.value, now);
      await saveKey(store, { keyId: 'identity', keyType: 'identity', algorithm: 'Ed25519', ...halves(account) }, now);
      await saveKey(
        store,
        { keyId: 'mlsSignature', keyType: 'mlsSignature', algorithm: 'Ed25519', ...halves(signature) },
        now,
      );
      const user = {
        id,
        displayName: card.name,
        nameSalt: card.salt,
        role: 'user',
        status: 'active',
        lastLogin: now,
      } as const;
      await createUser(store, user, now);
      const own = {
        id: device,
        userId: id,
        deviceName: '',
        deviceType: 'browser',
        certificate,
      } as const;
      await addDevice(store, own, now);
      const loginKey = login.key;
      await saveRelayLogin(store, {
        accountId: id,
        deviceId: device,
        loginKey,
        registeredCertificate: certificate,
        relayOrigin,
      });
    }),
  );
  if (!stored.ok) {
    store.lock();
    return stored;
  }
  return ok({
    account: id,
    device,
    card,
    accountKey: account.publicKey,
    certificate,
    signaturePublic: signature.publicKey,
    signaturePrivate: signature.privateKey,
  });
}

const halves = (pair: { readonly publicKey: Bytes; readonly privateKey: Bytes }) => ({
  key: pair.privateKey,
  publicKey: pair.publicKey,
});

/** Whether there is an account on this device; readable while locked. */
export const hasAccount = async (store: Store): Promise<boolean> => (await store.relayLogin.count()) > 0;

/** Who this device is, from the unlocked store. */
export async function loadIdentity(store: Store): Promise<Identity | undefined> {
  const login = await store.relayLogin.get('self');
  const account = await store.keyStore.get('identity');
  const signature = await store.keyStore.get('mlsSignature');
  const user = login === undefined ? undefined : await store.users.get(login.accountId);
  if (login === undefined || account?.publicKey === undefined || user?.nameSalt === undefined) return undefined;
  if (signature?.publicKey === undefined || signature.key === undefined) return undefined;
  return {
    account: login.accountId,
    device: login.deviceId,
    card: { name: user.displayName, salt: user.nameSalt },
    accountKey: account.publicKey,
    certificate: login.registeredCertificate,
    signaturePublic: signature.publicKey,
    signaturePrivate: signature.key,
  };
}
