/** Roles of people on a device, highest first, and what each may do there. Roles in a group are another matter. */
export const userRoles = ['admin', 'moderator', 'user', 'guest'] as const;
export type UserRole = (typeof userRoles)[number];

export type Capability = 'read' | 'write' | 'moderate' | 'manage-people';

/** The lowest role that has each capability; those above have it too. */
const lowest: Readonly<Record<Capability, UserRole>> = {
  read: 'guest',
  write: 'user',
  moderate: 'moderator',
  'manage-people': 'admin',
};

export const isCapable = (role: UserRole, capability: Capability): boolean =>
  userRoles.indexOf(role) <= userRoles.indexOf(lowest[capability]);
