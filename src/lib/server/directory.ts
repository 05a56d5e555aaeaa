import type * as v from 'valibot';
import type { StreamId } from '../core/ids.ts';
import { ok, refuse } from '../core/result.ts';
import {
  foldedText,
  type listGroup as listEndpoint,
  type searchDirectory as searchEndpoint,
} from '../protocol/directory.ts';
import { relayFault } from '../protocol/errors.ts';
import type { Caller, Outcome, RelayContext } from './context.ts';
import type { Tables } from './store/port.ts';

const LISTING_MS = 90 * 24 * 3600_000;
/** Groups that one account may list. */
const MOST_LISTINGS = 20;
const PAGE = 50;
/** Words of one query; further ones are not looked at. */
const MOST_WORDS = 8;

/**
 * Lists a group that the caller is a member of. The relay knows no roles: who listed it first decides, as
 * long as they are in it.
 * Errors: `not-found`, `forbidden` (no member, or listed by another member), `quota-exceeded`.
 */
export async function listGroup(
  context: RelayContext,
  caller: Caller,
  stream: StreamId,
  { name, description, link }: v.InferOutput<typeof listEndpoint.request>,
): Outcome<{ expiresAt: number }> {
  const expiresAt = context.clock.now() + LISTING_MS;
  await context.store.write(async (tables) => {
    const isNew = (await ownListing(tables, caller, stream)) === undefined;
    if (isNew && (await tables.directory.countListings(caller.account)) >= MOST_LISTINGS) {
      refuse(relayFault('quota-exceeded', 'listings'));
    }
    await tables.directory.replaceListing({
      stream,
      name,
      description,
      link,
      account: caller.account,
      expiresAt,
      searched: `${foldedText(name)}\n${foldedText(description)}`,
      place: `${foldedText(name)}\n${stream}`,
    });
  });
  return ok({ expiresAt });
}

/** Takes a group out of the directory. Errors: as for {@link listGroup}; nothing happens where it is not listed. */
export async function unlistGroup(
  context: RelayContext,
  caller: Caller,
  stream: StreamId,
): Outcome<Record<string, never>> {
  await context.store.write(async (tables) => {
    await ownListing(tables, caller, stream);
    await tables.directory.deleteListing(stream);
  });
  return ok({});
}

/** A page of the groups that contain every word of the query. */
export async function searchDirectory(
  context: RelayContext,
  { query, after = '' }: v.InferOutput<typeof searchEndpoint.request>,
): Outcome<v.InferOutput<typeof searchEndpoint.answer>> {
  const words = foldedText(query).split(/\s+/).filter(Boolean).slice(0, MOST_WORDS);
  const now = context.clock.now();
  return context.store.read(async ({ directory }) => {
    const found = await directory.searchListings(words, after, now, PAGE + 1);
    const page = found.slice(0, PAGE);
    const groups = await Promise.all(
      page.map(async ({ stream, name, description, link }) => ({
        stream,
        name,
        description,
        link,
        members: await directory.countMemberAccounts(stream),
      })),
    );
    const next = found.length > PAGE ? page.at(-1)?.place : undefined;
    return ok({ groups, ...(next === undefined ? {} : { next }) });
  });
}

/** The listing that the caller may change, or `undefined` where there is none yet. */
async function ownListing({ streams, directory }: Tables, caller: Caller, stream: StreamId) {
  const row = (await streams.lockStream(stream)) ?? refuse(relayFault('not-found', 'stream'));
  const member = await streams.findMember(stream, caller.device);
  if (row.kind === 'mailbox' || member === undefined || member.until !== undefined) refuse(relayFault('forbidden'));
  const listing = await directory.findListing(stream);
  const isOthers = listing !== undefined && listing.account !== caller.account;
  if (isOthers && (await directory.isMemberAccount(stream, listing.account))) refuse(relayFault('forbidden', 'listed'));
  return listing;
}
