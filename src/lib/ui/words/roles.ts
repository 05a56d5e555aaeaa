import type { MemberItem } from '../../services/client.ts';
import { m } from '../paraglide/messages.js';

const roles = {
  owner: m.role_owner,
  admin: m.role_admin,
  moderator: m.role_moderator,
  member: m.role_member,
  guest: m.role_guest,
} as const satisfies Record<MemberItem['role'], () => string>;

export const sayRole = (role: MemberItem['role']): string => roles[role]();
