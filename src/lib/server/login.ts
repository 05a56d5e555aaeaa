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
 * this, whether the signature was good or not. Errors: `unauthorized`, `unknown-device`, `revoked-device`.
 */
export async function login(
  context: RelayContext,
  request: { readonly device: DeviceId; readonly challenge: Bytes; readonly signature: Bytes },
  origins: readonly string[],
): Outcome<{ token: Bytes; expiresAt: number }> {
  const now = context.clock.now();
  const token = context.random.bytes(32);
  const expiresAt = now + SESSION_MS;
  return context.store.write(async ({ accounts, logins }) => {
    const device = await accounts.findDevice(request.device);
    if (device === undefined) return err(relayFault('unknown-device'));
    if (device.status === 'revoked') return err(relayFault('revoked-device'));
    const challengeEnds = await logins.takeChallenge(sha256(request.challenge), device.device);
    if (challengeEnds === undefined || challengeEnds <= now) return err(relayFault('unauthorized', 'challenge'));
    const signed = origins.some((origin) =>
      isSignedBy(device.loginKey, challengeToSign(origin, request.challenge), request.signature),
    );
    // Returned, not refused: the challenge stays used.
    if (!signed) return err(relayFault('unauthorized', 'signature'));
    await logins.insertSession(sha256(token), device.device, expiresAt, now);
    return ok({ token, expiresAt });
  });
}

/** Another token for the caller's session; the old one ends now. Errors: `unauthorized` where it ended already. */
export async function refresh(context: RelayContext, caller: Caller): Outcome<{ token: Bytes; expiresAt: number }> {
  const now = context.clock.now();
  const token = context.random.bytes(32);
  const expiresAt = now + SESSION_MS;
  return context.store.write(async ({ logins }) =>
    (await logins.rotateSession(caller.tokenHash, { tokenHash: sha256(token), expiresAt }, now))
      ? ok({ token, expiresAt })
      : err(relayFault('unauthorized')),
  );
}

/** Who a token belongs to. Errors: `unauthorized` (none, unknown or ended), `revoked-device`. */
export async function authenticate(context: RelayContext, token: Bytes | undefined): Outcome<Caller> {
  if (token === undefined) return err(relayFault('unauthorized'));
  const tokenHash = sha256(token);
  const session = await context.store.read(({ logins }) => logins.findSession(tokenHash));
  if (session === undefined || session.expiresAt <= context.clock.now()) return err(relayFault('unauthorized'));
  if (session.status === 'revoked') return err(relayFault('revoked-device'));
  return ok({ device: session.device, account: session.account, tokenHash, expiresAt: session.expiresAt });
}
