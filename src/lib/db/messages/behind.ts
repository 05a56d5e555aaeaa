import type { MessageId } from '../../core/ids.ts';
import type { ConversationRow } from '../store.ts';

type Behind = Pick<ConversationRow, 'unreadBehind'>;

/**
 * Messages that came when later ones had been read already: whoever was offline wrote them long ago, and in the
 * order of the conversation they stand behind the mark. They are unread one by one.
 */
export const behindOf = ({ unreadBehind = '' }: Behind): MessageId[] =>
  unreadBehind === '' ? [] : (unreadBehind.split(' ') as MessageId[]);

/** More than this nobody looks for one by one; the oldest pass for read. */
const MOST_BEHIND = 2000;

export const behindColumn = (ids: readonly MessageId[]): Required<Behind> => ({
  unreadBehind: ids.slice(-MOST_BEHIND).join(' '),
});
