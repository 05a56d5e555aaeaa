import type { GroupId } from '../core/ids.ts';
import { roles, type Role } from '../domain/roles.ts';
import { userRoles, type UserRole } from '../domain/userRoles.ts';
import { wordsOf } from './declare.ts';
import type { RoomKind } from './rooms.ts';
import { schema } from './schema.ts';
import type { GroupRow, Store, UserRow } from './store.ts';

/** Numbers about rooms and people. Every one of them is counted by an index, none by reading rows. */

export interface RoomStatistics {
  readonly total: number;
  readonly deactivated: number;
  /** With any activity since the time that was asked for. */
  readonly active: number;
  readonly byKind: Readonly<Record<RoomKind, number>>;
  readonly byGroupType: Readonly<Record<GroupRow['groupType'], number>>;
}

export const roomStatistics = (store: Store, since: number): Promise<RoomStatistics> =>
  store.tx('r', ['conversations', 'groups'], async () => ({
    total: await store.conversations.count(),
    deactivated: await store.conversations.where('deactivatedAt').above(-Infinity).count(),
    active: await store.conversations.where('lastActivity').aboveOrEqual(since).count(),
    byKind: await countEach(wordsOf(schema.conversations.columns.kind), (kind) =>
      store.conversations.where('kind').equals(kind).count(),
    ),
    byGroupType: await countEach(wordsOf(schema.groups.columns.groupType), (groupType) =>
      store.groups.where('groupType').equals(groupType).count(),
    ),
  }));

/** Groups with the most members first. */
export const largestGroups = (store: Store, limit: number): Promise<GroupRow[]> =>
  Promise.resolve(store.groups.orderBy('memberCount').reverse().limit(limit).toArray());

export interface MemberStatistics {
  readonly total: number;
  readonly active: number;
  readonly byRole: Readonly<Record<Role, number>>;
}

export const memberStatistics = (store: Store, groupId: GroupId, since: number): Promise<MemberStatistics> =>
  store.tx('r', ['groupMembers'], async () => ({
    total: await store.groupMembers.where('groupId').equals(groupId).count(),
    active: await store.groupMembers
      .where('[groupId+lastActive]')
      .between([groupId, since], [groupId, Infinity])
      .count(),
    byRole: await countEach(roles, (role) =>
      store.groupMembers.where('[groupId+role]').equals([groupId, role]).count(),
    ),
  }));

export interface PeopleStatistics {
  readonly total: number;
  /** Logged in since the time that was asked for. */
  readonly active: number;
  readonly byStatus: Readonly<Record<UserRow['status'], number>>;
  readonly byRole: Readonly<Record<UserRole, number>>;
}

export const peopleStatistics = (store: Store, since: number): Promise<PeopleStatistics> =>
  store.tx('r', ['users'], async () => ({
    total: await store.users.count(),
    active: await store.users.where('lastLogin').aboveOrEqual(since).count(),
    byStatus: await countEach(wordsOf(schema.users.columns.status), (status) =>
      store.users.where('status').equals(status).count(),
    ),
    byRole: await countEach(userRoles, (role) => store.users.where('role').equals(role).count()),
  }));

/** A span of time, cut into steps: from `from` up to, but not at, `to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** How many began in one step of a span. */
export interface Growth {
  readonly from: number;
  readonly count: number;
}

/** Rooms made in each step. */
export const roomGrowth = (store: Store, span: Span): Promise<Growth[]> =>
  store.tx('r', ['conversations'], () =>
    perStep(span, (from, to) => store.conversations.where('createdAt').between(from, to).count()),
  );

/** People who became known in each step. */
export const peopleGrowth = (store: Store, span: Span): Promise<Growth[]> =>
  store.tx('r', ['users'], () => perStep(span, (from, to) => store.users.where('createdAt').between(from, to).count()));

/** Members of today who joined in each step. */
export const memberGrowth = (store: Store, groupId: GroupId, span: Span): Promise<Growth[]> =>
  store.tx('r', ['groupMembers'], () =>
    perStep(span, (from, to) =>
      store.groupMembers.where('[groupId+joinedAt]').between([groupId, from], [groupId, to]).count(),
    ),
  );

async function perStep(
  { from, to, step }: Span,
  count: (from: number, to: number) => PromiseLike<number>,
): Promise<Growth[]> {
  const grown: Growth[] = [];
  for (let at = from; at < to; at += step) grown.push({ from: at, count: await count(at, Math.min(at + step, to)) });
  return grown;
}

async function countEach<Word extends string>(
  words: readonly Word[],
  count: (word: Word) => PromiseLike<number>,
): Promise<Record<Word, number>> {
  const counts: Partial<Record<Word, number>> = {};
  for (const word of words) counts[word] = await count(word);
  return counts as Record<Word, number>;
}
