/** Roles of a group, highest first, and what each may do: the one table that every commit is held against. */
export const roles = ['owner', 'admin', 'moderator', 'member', 'guest'] as const;
export type Role = (typeof roles)[number];

export type Right =
  | 'send'
  | 'write-channel'
  | 'add-member'
  | 'remove-member'
  | 'change-role'
  | 'change-settings'
  | 'delete-any-message'
  | 'pin-message';

const everything: readonly Right[] = [
  'send',
  'write-channel',
  'add-member',
  'remove-member',
  'change-role',
  'change-settings',
  'delete-any-message',
  'pin-message',
];

const rights: Readonly<Record<Role, readonly Right[]>> = {
  owner: everything,
  admin: everything,
  moderator: ['send', 'write-channel', 'add-member', 'remove-member', 'delete-any-message', 'pin-message'],
  member: ['send', 'pin-message'],
  guest: ['send'],
};

export const may = (role: Role, right: Right): boolean => rights[role].includes(right);

const rank = (role: Role): number => roles.indexOf(role);

/** Whether `actor` may act on a member of role `target`: only downwards, and an owner on anybody. */
export const outranks = (actor: Role, target: Role): boolean => actor === 'owner' || rank(actor) < rank(target);

/** A role that somebody of role `own` may give: their own at most. */
export const reaches = (own: Role, given: Role): boolean => given === own || outranks(own, given);

/**
 * The roles that `actor` may give somebody who has `target` now; the present one is not among them. Oneself
 * one may only step down.
 */
export function rolesToGive(actor: Role, target: Role, isSelf: boolean): readonly Role[] {
  const isInReach = isSelf || (may(actor, 'change-role') && outranks(actor, target));
  return isInReach ? roles.filter((role) => role !== target && reaches(actor, role)) : [];
}
