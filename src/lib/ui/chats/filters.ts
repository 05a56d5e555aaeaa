import type { ConversationItem } from '../../services/client.ts';

export const filters = ['all', 'unread', 'direct', 'groups', 'archived'] as const;
export type Filter = (typeof filters)[number];

/** Whether a list shows a conversation. What is archived is in a list of its own. */
export function passes(item: ConversationItem, filter: Filter): boolean {
  if (item.isArchived !== (filter === 'archived')) return false;
  if (filter === 'unread') return item.unread > 0 || item.isMarkedUnread;
  if (filter === 'direct') return item.kind === 'direct';
  return filter !== 'groups' || item.kind === 'group';
}
