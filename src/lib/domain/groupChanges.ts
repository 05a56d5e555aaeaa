import type { AccountId } from '../core/ids.ts';
import { entryOf, isSameLink, type GroupData } from './groupData.ts';
import type { Role } from './roles.ts';

/** What a commit did to a group, as its members are told. People by account. */
export type GroupChange =
  | { readonly what: 'added' | 'removed'; readonly by: AccountId; readonly who: readonly AccountId[] }
  /** By the link; or by notes of their own. */
  | { readonly what: 'arrived' | 'left'; readonly who: readonly AccountId[] }
  | { readonly what: 'role'; readonly by: AccountId; readonly who: readonly AccountId[]; readonly role: Role }
  /** Somebody owns the group because its last owner left. */
  | { readonly what: 'inherited'; readonly who: readonly AccountId[] }
  | { readonly what: 'renamed'; readonly by: AccountId; readonly name: string }
  | { readonly what: 'described'; readonly by: AccountId }
  | { readonly what: 'settings'; readonly by: AccountId }
  /** How long messages stay from now on, in milliseconds; absent: they stay. */
  | { readonly what: 'timer'; readonly by: AccountId; readonly after?: number };

/**
 * The lines that a commit is worth, in the order in which they are told: a function of what MLS
 * authenticates, so that every member tells the same.
 * @param leaving accounts whose own note is behind their going.
 */
export function groupChanges(
  before: GroupData,
  after: GroupData,
  by: AccountId,
  leaving: readonly AccountId[],
): GroupChange[] {
  const was = before.roster.map((entry) => entry.account);
  const is = after.roster.map((entry) => entry.account);
  const comers = is.filter((account) => !was.includes(account));
  const arrived = comers.filter((account) => account === by);
  const added = comers.filter((account) => account !== by);
  const gone = was.filter((account) => !is.includes(account));
  const left = gone.filter((account) => leaving.includes(account));
  const removed = gone.filter((account) => !leaving.includes(account));
  return [
    ...(added.length > 0 ? [{ what: 'added', by, who: added } as const] : []),
    ...(arrived.length > 0 ? [{ what: 'arrived', who: arrived } as const] : []),
    ...(removed.length > 0 ? [{ what: 'removed', by, who: removed } as const] : []),
    ...(left.length > 0 ? [{ what: 'left', who: left } as const] : []),
    ...roleChanges(before, after, by, leaving),
    ...(before.name === after.name ? [] : [{ what: 'renamed', by, name: after.name } as const]),
    ...(before.description === after.description ? [] : [{ what: 'described', by } as const]),
    ...(sameRules(before, after) ? [] : [{ what: 'settings', by } as const]),
    ...(before.disappearAfter === after.disappearAfter ? [] : [timerChange(by, after.disappearAfter)]),
  ];
}

function roleChanges(before: GroupData, after: GroupData, by: AccountId, leaving: readonly AccountId[]): GroupChange[] {
  const byRole = new Map<Role, AccountId[]>();
  for (const { account, role } of after.roster) {
    const was = entryOf(before, account)?.role;
    if (was === undefined || was === role) continue;
    byRole.set(role, [...(byRole.get(role) ?? []), account]);
  }
  return [...byRole].map(([role, who]) => {
    const ownersLeft = before.roster.every((entry) => entry.role !== 'owner' || leaving.includes(entry.account));
    return role === 'owner' && ownersLeft ? { what: 'inherited', who } : { what: 'role', by, who, role };
  });
}

const timerChange = (by: AccountId, after: number | undefined): GroupChange =>
  after === undefined ? { what: 'timer', by } : { what: 'timer', by, after };

const sameRules = (a: GroupData, b: GroupData): boolean =>
  a.maxMembers === b.maxMembers && a.isChannel === b.isChannel && isSameLink(a, b);
