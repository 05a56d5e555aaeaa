import { equal, hexFromBytes, type Bytes } from '../core/bytes.ts';
import type { AccountId } from '../core/ids.ts';
import { err, ok, settle, type Fault, type Result } from '../core/result.ts';
import { accountIdOf } from '../crypto/identity.ts';
import { sha256 } from '../crypto/primitives.ts';
import { digitsOf, fingerprintOf } from '../crypto/safetyNumber.ts';
import { getContact, updateContact } from '../db/contacts.ts';
import { listDevices, reviewDevices } from '../db/devices.ts';
import { recordSecurityEvent } from '../db/security.ts';
import { getUser, updateSecuritySettings } from '../db/users.ts';
import { safetyCodeFromText, textFromSafetyCode } from '../protocol/safetyCode.ts';
import type { Composer } from '../sync/compose.ts';
import type { DeviceItem, SafetyNumber, SecuritySettingsItem } from './client.ts';
import type { Viewer } from './viewer.ts';

/** The number that this person and a contact compare. Refused: `not-found`. */
export async function safetyNumberWith(composer: Composer, account: AccountId): Promise<Result<SafetyNumber, Fault>> {
  const pair = await fingerprintsOf(composer, account);
  if (!pair.ok) return pair;
  const { own, other } = pair.value;
  return ok({ digits: digitsOf(own, other), code: textFromSafetyCode({ own, other }) });
}

/**
 * Holds the code that a contact shows against what this device knows, and marks them verified when both
 * see the same two accounts. Anything else is told in a security event: either it was somebody else's code,
 * or somebody stands in between. Refused: `malformed`, `wrong-version`, `not-found`,
 * `own-safety-code`, `safety-mismatch`.
 */
export async function compareSafetyNumber(
  composer: Composer,
  account: AccountId,
  scanned: string,
): Promise<Result<void, Fault>> {
  const code = safetyCodeFromText(scanned);
  if (!code.ok) return code;
  const pair = await fingerprintsOf(composer, account);
  if (!pair.ok) return pair;
  const { own, other } = pair.value;
  if (equal(code.value.own, own)) return err({ code: 'own-safety-code', retry: 'person' });
  if (equal(code.value.own, other) && equal(code.value.other, own)) return setVerified(composer, account, true);
  const recorded = await settle(
    recordSecurityEvent(composer.store, {
      eventType: 'safety-mismatch',
      severity: 'high',
      description: '',
      userId: account,
      at: composer.clock.now(),
    }),
  );
  return recorded.ok ? err({ code: 'safety-mismatch', retry: 'person' }) : recorded;
}

/** What the person found when they compared by themselves. Refused: `not-found`. */
export function setVerified(
  { store, clock }: Composer,
  account: AccountId,
  isVerified: boolean,
): Promise<Result<void, Fault>> {
  return settle(
    store.tx('rw', ['contacts', 'devices'], async () => {
      await updateContact(store, account, { isVerified }, clock.now());
      // Whoever compares numbers now has decided, and whoever takes it back has nothing left to decide.
      await reviewDevices(store, account);
    }),
  );
}

/** Devices of a person, the newest first. */
export async function listDevicesOf({ store }: Viewer, account: AccountId): Promise<DeviceItem[]> {
  const rows = await listDevices(store, account);
  return rows
    .sort((a, b) => b.createdAt - a.createdAt)
    .map((row) => ({
      id: row.id,
      name: row.deviceName,
      platform: row.platform ?? '',
      since: row.createdAt,
      fingerprint: row.certificate === undefined ? '' : hexFromBytes(sha256(row.certificate)),
      isRevoked: row.status === 'revoked',
      isUnreviewed: row.isUnreviewed === true,
    }));
}

/** All devices of the account are theirs: nothing waits for them any more. */
export const acceptDevices = ({ store }: Composer, account: AccountId): Promise<Result<void, Fault>> =>
  settle(store.tx('rw', ['devices'], () => reviewDevices(store, account)));

export async function readSecuritySettings({ store, identity }: Viewer): Promise<SecuritySettingsItem> {
  const { securitySettings } = (await getUser(store, identity.account)) ?? {};
  return { blockOnIdentityChange: securitySettings?.blockOnIdentityChange !== false };
}

/** Refused: `not-found`. */
export const saveSecuritySettings = (
  { store, identity, clock }: Composer,
  settings: SecuritySettingsItem,
): Promise<Result<void, Fault>> =>
  settle(store.tx('rw', ['users'], () => updateSecuritySettings(store, identity.account, settings, clock.now())));

async function fingerprintsOf(
  { store, identity }: Composer,
  account: AccountId,
): Promise<Result<{ own: Bytes; other: Bytes }, Fault>> {
  const contact = await getContact(store, account);
  if (contact === undefined) return err({ code: 'not-found', retry: 'never' });
  // The id of an account is the hash of its key: a row where they differ is damaged, and verifies nobody.
  if (accountIdOf(contact.publicKey) !== account) return err({ code: 'sealed-value-damaged', retry: 'never' });
  return ok({ own: fingerprintOf(identity.accountKey), other: fingerprintOf(contact.publicKey) });
}
