/** Roles of a group, highest first, and what each may do: the one table that every commit is held against. */
export const roles = ['owner', 'admin', 'moderator', 'member', 'guest'] as const;
export type Role = (typeof roles)[number];

export type Right = 'send' | 'add-member' | 'remove-member' | 'change-role' | 'change-settings' | 'delete-any-message';

const rights: Readonly<Record<Role, readonly Right[]>> = {
  owner: ['send', 'add-member', 'remove-member', 'change-role', 'change-settings', 'delete-any-message'],
  admin: ['send', 'add-member', 'remove-member', 'change-role', 'change-settings', 'delete-any-message'],
  moderator: ['send', 'add-member', 'remove-member', 'delete-any-message'],
  member: ['send'],
  guest: ['send'],
};

export const may = (role: Role, right: Right): boolean => rights[role].includes(right);

const rank = (role: Role): number => roles.indexOf(role);

/** Whether `actor` may act on a member of role `target`: only downwards, and an owner on anybody. */
export const outranks = (actor: Role, target: Role): boolean => actor === 'owner' || rank(actor) < rank(target);
