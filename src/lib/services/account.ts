import { utf8, type Bytes } from '../core/bytes.ts';
import { newId, type DeviceId } from '../core/ids.ts';
import type { Clock, Random } from '../core/ports.ts';
import { err, ok, refuse, settle, type Fault, type Result } from '../core/result.ts';
import { accountIdOf, createAccountKeys, nameHashOf, signCertificate } from '../crypto/identity.ts';
import { ed25519 } from '../crypto/primitives.ts';
import { createSealer } from '../crypto/seal.ts';
import {
  boundToKdf,
  defaultKdf,
  kdfFromValue,
  masterKeyFromPassphrase,
  unwrapKey,
  valueFromKdf,
  wasmRuns,
  wrapKey,
} from '../crypto/vault.ts';
import { appendAudit, auditTables } from '../db/auditLog.ts';
import { loadKeyRow, recordFailedUnlock, recordUnlock, saveKey, saveWrappedKey } from '../db/keyStore.ts';
import { addDevice, createUser } from '../db/people.ts';
import { saveRelayLogin } from '../db/relayLogin.ts';
import { recordSecurityEvent } from '../db/security.ts';
import type { Store } from '../db/store.ts';
import { bytesFromCertificate, type NameCard } from '../protocol/certificate.ts';
import { limits } from '../protocol/limits.ts';
import type { Identity } from '../sync/identity.ts';
import type { LoginKeys } from '../sync/loginKeys.ts';
import type { UnlockFault } from './client.ts';

/** What making or opening an account needs from the device. */
export interface AccountPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly loginKeys: LoginKeys;
  readonly relayOrigin: string;
}

/** Characters; what a person can remember and a machine can't guess from a list is for them to judge. */
export const SHORTEST_PASSPHRASE = 8;
const DATABASE_KEY = 'database';
const UNLOCK = { eventType: 'authentication', action: 'unlock' } as const;

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
  if ([...input.passphrase].length < SHORTEST_PASSPHRASE) return err({ code: 'weak-passphrase', retry: 'person' });
  if (await hasAccount(store)) return err({ code: 'exists', retry: 'never' });

  const kdf = defaultKdf(random, wasmRuns());
  const masterKey = await masterKeyFromPassphrase(input.passphrase, kdf);
  if (!masterKey.ok) return masterKey;
  const databaseKey = random.bytes(32);
  const wrapped = wrapKey(masterKey.value, databaseKey, boundToKdf(DATABASE_KEY, kdf), random);
  masterKey.value.fill(0);

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
      await saveWrappedKey(
        store,
        { keyId: DATABASE_KEY, keyType: 'database', wrapped, algorithm: 'XChaCha20-Poly1305', kdf: valueFromKdf(kdf) },
        now,
      );
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

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 5 * 60_000;

/** How long after `failures` wrong passphrases in a row the next may be tried: 1 s, doubling, up to 5 minutes. */
export const unlockDelay = (failures: number): number =>
  failures === 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS);

/**
 * Opens the vault. Needs no network. A wrong passphrase is counted in clear while locked, and told in a
 * security event at the next right one.
 */
export async function unlock(ports: AccountPorts, passphrase: string): Promise<Result<Identity, UnlockFault>> {
  const { store, clock, random } = ports;
  const row = await loadKeyRow(store, DATABASE_KEY);
  if (row?.encryptedKey === undefined) return err({ code: 'no-account', retry: 'never' });
  const failures = row.failedUnlocks ?? 0;
  const now = clock.now();
  const retryAt = (row.lastFailedAt ?? 0) + unlockDelay(failures);
  // A clock that was set back must not lock a person out for longer than the longest delay.
  if (failures > 0 && now < retryAt && retryAt - now <= LONGEST_DELAY_MS)
    return err({ code: 'too-soon', retry: 'person', retryAt });

  const kdf = kdfFromValue(row.kdf);
  const masterKey = kdf.ok ? await masterKeyFromPassphrase(passphrase, kdf.value) : kdf;
  if (!kdf.ok || (!masterKey.ok && masterKey.error.code !== 'empty-passphrase')) {
    return err({ code: 'damaged-vault', retry: 'never' });
  }
  const databaseKey = masterKey.ok
    ? unwrapKey(masterKey.value, row.encryptedKey, boundToKdf(DATABASE_KEY, kdf.value))
    : undefined;
  if (masterKey.ok) masterKey.value.fill(0);
  if (databaseKey === undefined) {
    const failedAt = clock.now();
    const inARow = await recordFailedUnlock(store, DATABASE_KEY, failedAt);
    return err({ code: 'wrong-passphrase', retry: 'person', retryAt: failedAt + unlockDelay(inARow) });
  }

  store.unlock(createSealer(databaseKey, random));
  await store.tx('rw', ['keyStore', 'securityEvents', 'users', 'relayLogin', ...auditTables], async () => {
    if (failures > 0) {
      await appendAudit(store, { ...UNLOCK, success: false, details: { failures } }, row.lastFailedAt ?? now);
      await recordSecurityEvent(store, {
        eventType: 'failed-unlock',
        severity: failures >= 5 ? 'high' : 'medium',
        description: String(failures),
        at: row.lastFailedAt ?? now,
      });
    }
    await appendAudit(store, { ...UNLOCK, success: true }, now);
    await recordUnlock(store, DATABASE_KEY, now);
    const self = await store.relayLogin.get('self');
    if (self !== undefined) await store.users.update(self.accountId, { lastLogin: now });
  });
  const identity = await loadIdentity(store);
  return identity === undefined ? err({ code: 'damaged-vault', retry: 'never' }) : ok(identity);
}

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
