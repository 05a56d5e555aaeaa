import type { Bytes } from '../core/bytes.ts';
import type { AccountId, DeviceId } from '../core/ids.ts';
import { err, ok, type Fault, type Result } from '../core/result.ts';
import { readKeyPackage } from '../crypto/mls/index.ts';
import { limits } from '../protocol/limits.ts';
import { mayBeAdded } from './deviceChanges.ts';
import type { Person } from './intents.ts';
import type { CallFault } from './relayClient.ts';
import type { Session } from './session.ts';

/** A KeyPackage that the relay reserved for us, and whose it is. */
export interface Claim {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly reservation: string;
  readonly keyPackage: Bytes;
}

/** KeyPackages of those who can be reached, and who can't be reached yet. */
export interface Claimed {
  readonly claims: readonly Claim[];
  readonly reached: readonly Person[];
  readonly unreached: readonly Person[];
}

/**
 * Reserves a KeyPackage of each device of each person, and checks that it is theirs.
 * @param suite of the group that they come into.
 * @param claim names the wish, so that trying again gets the same packages. @returns `no-key-package` where
 *   nobody can be reached.
 */
export async function claimPackages(
  session: Session,
  claim: string,
  people: readonly Person[],
  suite: number,
): Promise<Result<Claimed, CallFault | Fault>> {
  if (people.length === 0) return ok({ claims: [], reached: [], unreached: [] });
  const accounts = people.map(({ account }) => account);
  const claims = new Map<DeviceId, Claim>();
  const handedOut = [];
  for (let at = 0; at < accounts.length; at += limits.claimAccounts) {
    const asked = { claim, suite, accounts: accounts.slice(at, at + limits.claimAccounts) };
    const answer = await session.relay.claimKeyPackages(asked);
    if (!answer.ok) return answer;
    handedOut.push(...answer.value.claims);
  }
  for (const claimed of handedOut) {
    const keyPackage = await readKeyPackage(claimed.bytes, session.clock.now());
    // Whatever the relay hands out that is not the person's own is no package of theirs.
    if (!keyPackage.ok || keyPackage.value.account !== claimed.account || !accounts.includes(claimed.account)) {
      session.logger.log('warn', 'key-package-refused', {
        code: keyPackage.ok ? 'other-account' : keyPackage.error.code,
      });
      continue;
    }
    if (keyPackage.value.suite !== suite) {
      session.logger.log('warn', 'key-package-refused', { code: 'other-suite' });
      continue;
    }
    if (!(await mayBeAdded(session.store, keyPackage.value))) {
      session.logger.log('warn', 'key-package-refused', { code: 'bad-certificate' });
      continue;
    }
    const { account, device } = keyPackage.value;
    const { reservation, bytes } = claimed;
    // Two packages of one device would be two leaves of it, which everybody refuses.
    if (!claims.has(device)) claims.set(device, { account, device, reservation, keyPackage: bytes });
  }
  const isReached = ({ account }: Person) => [...claims.values()].some((one) => one.account === account);
  const reached = people.filter(isReached);
  if (reached.length === 0) return err({ code: 'no-key-package', retry: 'after-sync' });
  return ok({ claims: [...claims.values()], reached, unreached: people.filter((one) => !isReached(one)) });
}
