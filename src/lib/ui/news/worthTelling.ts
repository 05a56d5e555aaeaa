import { mentionsIn } from '../../domain/mentions.ts';
import type { ConversationItem, PreferencesItem } from '../../services/client.ts';

/**
 * Conversations that have more to read than before, and that their person wants to be told of.
 * @param before what was unread by conversation, as it was told last.
 */
export function worthTelling(
  items: readonly ConversationItem[],
  before: ReadonlyMap<string, number>,
  notifications: PreferencesItem['notifications'],
  self: string,
): readonly ConversationItem[] {
  if (notifications === 'none') return [];
  return items.filter((item) => {
    if (item.isMuted || item.unread <= (before.get(item.id) ?? 0)) return false;
    return notifications === 'all' || item.kind !== 'group' || mentionsIn(item.preview?.text ?? '', [self]).length > 0;
  });
}
