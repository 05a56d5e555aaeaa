import { type Bytes } from '../core/bytes.ts';
import type { DeviceId } from '../core/ids.ts';
import { err, ok } from '../core/result.ts';
import { relayFault } from '../protocol/errors.ts';
import { CHALLENGE_MS, SESSION_MS } from '../protocol/limits.ts';
import { challengeToSign } from '../protocol/requests.ts';
import type { Caller, Outcome, RelayContext } from './context.ts';
import { isSignedBy } from './ed25519.ts';
import { sha256 } from './sha256.ts';

/** Challenges of one device that may wait at the same time: a page and a service worker, with room for retries. */
const MOST_CHALLENGES = 16;

/**
 * A nonce for one login. Errors: `unknown-device`, `revoked-device`, `rate-limited` (too many wait).
 * Kept as a hash, like tokens: who reads the database can log in with nothing in it.
 */
export async function challenge(
  context: RelayContext,
  request: { readonly device: DeviceId },
): Outcome<{ challenge: Bytes; expiresAt: number }> {
  const now = context.clock.now();
  const nonce = context.random.bytes(32);
  const expiresAt = now + CHALLENGE_MS;
  return context.store.write(async ({ accounts, logins }) => {
    const device = await accounts.findDevice(request.device);
    if (device === undefined) return err(relayFault('unknown-device'));
    if (device.status === 'revoked') return err(relayFault('revoked-device'));
    if ((await logins.countChallenges(device.device, now)) >= MOST_CHALLENGES) {
      return err({ ...relayFault('rate-limited', 'challenges'), retryAfter: CHALLENGE_MS / 1000 });
    }
    await logins.insertChallenge(sha256(nonce), device.device, expiresAt);
    return ok({ challenge: nonce, expiresAt });
  });
}

/**
 * A session for the device that signed the challenge for one of `origins`. The challenge is gone after
 * this, whether the signature was good or not. Errors: `unauthorized`, `unknown-device`, `revoked-device`, `deactivated`.
 */
export async function login(
  context: RelayContext,
  request: { readonly device: DeviceId; readonly challenge: Bytes; readonly signature: Bytes },
  origins: readonly string[],
): Outcome<{ token: Bytes; expiresAt: number }> {
  const now = context.clock.now();
  const token = context.random.bytes(32);
  const expiresAt = now + SESSION_MS;
  return context.store.write(async ({ accounts, logins, life }) => {
    const device = await accounts.findDevice(request.device);
    if (device === undefined) return err(relayFault('unknown-device'));
    if (device.status === 'revoked') return err(relayFault('revoked-device'));
    if ((await life.findAccount(device.account))?.isActive !== true) return err(relayFault('deactivated'));
    const challengeEnds = await logins.takeChallenge(sha256(request.challenge), device.device);
    if (challengeEnds === undefined || challengeEnds <= now) return err(relayFault('unauthorized', 'challenge'));
    const signed = origins.some((origin) =>
      isSignedBy(device.loginKey, challengeToSign(origin, request.challenge), request.signature),
    );
    // Returned, not refused: the challenge stays used.
    if (!signed) return err(relayFault('unauthorized', 'signature'));
    await logins.insertSession(sha256(token), device.device, expiresAt, now);
    await life.seen(device.device, now);
    return ok({ token, expiresAt });
  });
}

/** Another token for the caller's session; the old one ends now. Errors: `unauthorized` where it ended already. */
export async function refresh(context: RelayContext, caller: Caller): Outcome<{ token: Bytes; expiresAt: number }> {
  const now = context.clock.now();
  const token = context.random.bytes(32);
  const expiresAt = now + SESSION_MS;
  const isRotated = await context.store.write(({ logins }) =>
    logins.rotateSession(caller.tokenHash, { tokenHash: sha256(token), expiresAt }, now),
  );
  context.sessions.forget([caller.device]);
  return isRotated ? ok({ token, expiresAt }) : err(relayFault('unauthorized'));
}
