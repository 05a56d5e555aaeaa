import type { AccountId } from '../core/ids.ts';
import type { NoticeFacts } from '../sync/notices.ts';
import type { Notice } from './client.ts';
import type { Names } from './viewer.ts';

/** Whose names a system line needs. */
export const accountsInNotice = (facts: NoticeFacts): AccountId[] => [
  ...('by' in facts && facts.by !== undefined ? [facts.by] : []),
  ...('who' in facts ? facts.who : []),
];

/** A system line with names in place of accounts; oneself is the empty name. */
export function noticeItem(facts: NoticeFacts, names: Names, self: AccountId): Notice {
  const name = (account: AccountId): string => (account === self ? '' : (names.get(account) ?? '?'));
  switch (facts.what) {
    case 'created':
    case 'joined':
      return { what: facts.what, by: facts.by === undefined ? '' : name(facts.by) };
    case 'added':
    case 'removed':
      return { what: facts.what, by: name(facts.by), who: facts.who.map(name) };
    case 'arrived':
    case 'left':
    case 'device':
    case 'inherited':
    case 'missed':
    case 'returned':
      return { what: facts.what, who: facts.who.map(name) };
    case 'role':
      return { what: 'role', by: name(facts.by), who: facts.who.map(name), role: facts.role };
    case 'renamed':
      return { what: 'renamed', by: name(facts.by), name: facts.name };
    case 'timer':
      return {
        what: 'timer',
        by: name(facts.by),
        ...(facts.after === undefined ? {} : { after: facts.after }),
      };
    case 'described':
    case 'settings':
      return { what: facts.what, by: name(facts.by) };
  }
}
