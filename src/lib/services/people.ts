import type { AccountId } from '../core/ids.ts';
import { err, ok, type Fault, type Result } from '../core/result.ts';
import { accountIdOf, inviteChecksum } from '../crypto/identity.ts';
import { codeFromInvite, inviteFromCode } from '../protocol/invite.ts';
import type { Composer } from '../sync/compose.ts';
import type { Identity } from '../sync/identity.ts';
import type { PersonItem } from './client.ts';

/** What this person gives others so that they can write to each other. */
export const myInviteCode = ({ accountKey, card }: Identity): string =>
  codeFromInvite({ accountKey, ...card }, inviteChecksum);

/**
 * Makes the person behind an invite code a contact; adding them again renews the name. Refused:
 * `malformed`, `wrong-version`, `wire-too-large`, `own-code`.
 */
export async function addPerson(composer: Composer, code: string): Promise<Result<PersonItem, Fault>> {
  const { store, identity, clock } = composer;
  const invite = inviteFromCode(code, inviteChecksum);
  if (!invite.ok) return invite;
  const { accountKey, name, salt } = invite.value;
  const account: AccountId = accountIdOf(accountKey);
  if (account === identity.account) return err({ code: 'own-code', retry: 'person' });
  const now = clock.now();
  await store.tx('rw', ['users', 'contacts'], async () => {
    const person = { displayName: name, nameSalt: salt, updatedAt: now };
    if ((await store.users.get(account)) === undefined) {
      await store.users.add({ id: account, ...person, role: 'user', status: 'active', createdAt: now });
    } else {
      await store.users.update(account, person);
    }
    if ((await store.contacts.get(account)) === undefined) {
      await store.contacts.add({
        contactId: account,
        displayName: name,
        publicKey: accountKey,
        isVerified: false,
        isBlocked: false,
        isOnline: false,
        addedAt: now,
        createdAt: now,
        updatedAt: now,
      });
    } else {
      await store.contacts.update(account, { displayName: name, updatedAt: now });
    }
  });
  return ok({ account, name, isVerified: false, addedAt: now });
}
