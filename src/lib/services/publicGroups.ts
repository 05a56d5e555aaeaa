import { textFromUtf8, utf8 } from '../core/bytes.ts';
import type { ConversationId, StreamId } from '../core/ids.ts';
import { err, ok, type Result } from '../core/result.ts';
import { inviteChecksum } from '../crypto/identity.ts';
import { deleteSetting, getSetting, setSetting } from '../db/settings.ts';
import { may } from '../domain/roles.ts';
import { listGroup, searchDirectory, unlistGroup } from '../protocol/directory.ts';
import { joinCodeFromText } from '../protocol/joinCode.ts';
import type { Session } from '../sync/session.ts';
import { changeJoinLink, joinLinkOf } from './joining.ts';
import type { FoundGroups, LinkItem } from './publicGroupsClient.ts';

/** Links that lead into the own groups, and the relay's directory of groups that want to be found. */

/** When the directory forgets a group, as far as this device had it listed. */
interface Listed {
  readonly until: number;
}
const keyOf = (id: ConversationId): string => `listed/${id}`;

/** Of every group that has a link, or that this device had listed; by name. */
export async function viewLinks(session: Session): Promise<readonly LinkItem[]> {
  const { store, identity, clock } = session;
  const items: LinkItem[] = [];
  for (const row of await store.conversations.where('groupId').above('').toArray()) {
    const group = row.groupId === undefined ? undefined : await store.groups.get(row.groupId);
    const listed = await getSetting<Listed>(store, keyOf(row.id));
    const listedUntil = (listed?.until ?? 0) > clock.now() ? listed?.until : undefined;
    const hasLink = group?.groupType === 'public' && group.joinRule !== 'invite';
    if (group === undefined || (!hasLink && listedUntil === undefined)) continue;
    const code = hasLink ? await joinLinkOf(session, row.id) : undefined;
    const own = await store.groupMembers.get([group.groupId, identity.account]);
    items.push({
      id: row.id,
      name: row.title,
      ...(code?.ok === true && code.value !== undefined ? { code: code.value } : {}),
      hasPassword: group.joinRule === 'password',
      canChange: own !== undefined && may(own.role, 'change-settings'),
      ...(listedUntil === undefined ? {} : { listedUntil }),
    });
  }
  return items.sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));
}

/**
 * Puts a group's name, description and link into the relay's directory, for everybody there to read. Needs the relay.
 * Refused: `not-a-member`, `not-allowed`, and as the relay does.
 */
export async function listInDirectory(session: Session, id: ConversationId): Promise<Result<void>> {
  const { store, relay, clock } = session;
  const item = (await viewLinks(session)).find((one) => one.id === id);
  const groupId = (await store.conversations.get(id))?.groupId;
  const group = groupId === undefined ? undefined : await store.groups.get(groupId);
  if (group === undefined) return err({ code: 'not-a-member', retry: 'person' });
  if (item?.code === undefined || !item.canChange) return err({ code: 'not-allowed', retry: 'person' });
  const request = { name: group.name, description: group.description ?? '', link: utf8(item.code) };
  const listed = await relay.call(listGroup, listGroup.path(group.groupId as string as StreamId), request);
  if (!listed.ok) return listed;
  await setSetting(store, keyOf(id), { until: listed.value.expiresAt } satisfies Listed, clock.now());
  return ok(undefined);
}

/** Takes a group out of the directory. Needs the relay. Refused: `not-found`, and as the relay does. */
export async function unlist({ store, relay }: Session, id: ConversationId): Promise<Result<void>> {
  const groupId = (await store.conversations.get(id))?.groupId;
  if (groupId === undefined) return err({ code: 'not-found', retry: 'never' });
  const gone = await relay.call(unlistGroup, unlistGroup.path(groupId as string as StreamId), {});
  if (!gone.ok) return gone;
  await deleteSetting(store, keyOf(id));
  return ok(undefined);
}

/**
 * The link of a group leads nowhere from then on. A listing goes first, so that nobody is sent to a closed door.
 * Refused: as {@link unlist} and `changeJoinLink`.
 */
export async function revokeLink(session: Session, id: ConversationId): Promise<Result<void>> {
  const isListed = (await getSetting<Listed>(session.store, keyOf(id))) !== undefined;
  const gone = isListed ? await unlist(session, id) : ok(undefined);
  return gone.ok ? changeJoinLink(session, id, null) : gone;
}

/** Groups that their members listed, by name: what stands there is nobody's word but theirs. Needs the relay. */
export async function findGroups(session: Session, query: string, after?: string): Promise<Result<FoundGroups>> {
  const found = await session.relay.call(searchDirectory, searchDirectory.path, {
    query: query.slice(0, 60),
    ...(after === undefined ? {} : { after }),
  });
  if (!found.ok) return found;
  const groups = found.value.groups.flatMap(({ stream, name, description, members, link }) => {
    const code = textFromUtf8(link);
    // A link that leads into another group than the one that is named is none.
    const read = code === undefined ? undefined : joinCodeFromText(code, inviteChecksum);
    const isOfIt = read?.ok === true && (read.value.group as string) === (stream as string);
    return code === undefined || !isOfIt
      ? []
      : [{ id: stream as string as ConversationId, name, description, people: members, code }];
  });
  return ok({ groups, ...(found.value.next === undefined ? {} : { next: found.value.next }) });
}
