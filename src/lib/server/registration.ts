import type * as v from 'valibot';
import { bytesFromId, newId, type AccountId } from '../core/ids.ts';
import { ok, refuse } from '../core/result.ts';
import { hasZeroBits, workToHash, type terms as termsEndpoint } from '../protocol/work.ts';
import { relayFault } from '../protocol/errors.ts';
import type { register } from '../protocol/requests.ts';
import { deletedHash } from './accountLife.ts';
import type { Outcome, RelayContext } from './context.ts';
import { sha256 } from './sha256.ts';
import type { Tables } from './store/port.ts';

/** What a device that is new has to bring. */
export async function terms({ registration }: RelayContext): Outcome<v.InferOutput<typeof termsEndpoint.answer>> {
  return ok(registration);
}

/** An invitation to make one account, within a week: a code that whoever runs the relay passes on. */
export async function invite({ store, random, clock }: RelayContext): Promise<string> {
  const code = newId<string>(random);
  const expiresAt = clock.now() + INVITATION_MS;
  await store.write(({ invitations }) => invitations.insertInvitation(sha256(bytesFromId(code)), expiresAt));
  return code;
}

const INVITATION_MS = 7 * 24 * 3600_000;

/**
 * Refuses a device that is new and does not bring what the relay asks for. An invitation is used up.
 * Refusals: `work-needed`, `invite-needed`, `deactivated`, `deleted-account`.
 */
export async function admit(
  { registration, clock }: RelayContext,
  tables: Tables,
  account: AccountId,
  { certificate, work, invite }: v.InferOutput<typeof register.request>,
): Promise<void> {
  if (await tables.life.isDeleted(deletedHash(account))) refuse(relayFault('deleted-account'));
  const { workBits, inviteOnly } = registration;
  const isDone = work !== undefined && hasZeroBits(sha256(workToHash(sha256(certificate), work)), workBits);
  if (workBits > 0 && !isDone) refuse(relayFault('work-needed'));
  const known = await tables.life.findAccount(account);
  if (known !== undefined && !known.isActive) refuse(relayFault('deactivated'));
  if (!inviteOnly || known !== undefined) return;
  const isInvited =
    invite !== undefined && (await tables.invitations.useInvitation(sha256(bytesFromId(invite)), clock.now()));
  if (!isInvited) refuse(relayFault('invite-needed'));
}
