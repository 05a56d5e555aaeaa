import type { MemberItem, MessageState, Notice, SecurityItem, WaitingItem } from '../../services/client.ts';
import { m } from '../paraglide/messages.js';
import { shownLocale } from './locale.ts';
import { isFaultCode, wordsOfFault } from './faults.ts';
import { isOutcomeCode, wordsOfOutcome } from './outcomes.ts';

/**
 * The words for a fault as it comes from the worker. A code that has no words is a bug of ours; the person
 * still gets a sentence, and the code, so that they can tell us.
 */
export function sayFault(fault: { readonly code: string }): string {
  return isFaultCode(fault.code) ? wordsOfFault(fault.code) : m.fault_without_words({ code: fault.code });
}

/** Why an entry can't be read: an outcome of the protocol, or the fault behind it. */
export function sayReason(reason: string | undefined): string {
  if (reason === undefined) return m.outcome_malformed();
  return isOutcomeCode(reason) ? wordsOfOutcome(reason) : sayFault({ code: reason });
}

const states = {
  queued: [m.state_queued, m.state_queued_long],
  sent: [m.state_sent, m.state_sent_long],
  delivered: [m.state_delivered, m.state_delivered_long],
  read: [m.state_read, m.state_read_long],
  failed: [m.state_failed, m.state_failed_long],
  stale: [m.state_stale, m.state_stale_long],
} as const satisfies Record<MessageState, readonly [() => string, () => string]>;

/** A state in a few words, for the description of a message. */
export const sayState = (state: MessageState): string => states[state][0]();

/** A state in whole sentences, for people who ask. */
export const explainState = (state: MessageState): string => states[state][1]();

const roles = {
  owner: m.role_owner,
  admin: m.role_admin,
  moderator: m.role_moderator,
  member: m.role_member,
  guest: m.role_guest,
} as const satisfies Record<MemberItem['role'], () => string>;

export const sayRole = (role: MemberItem['role']): string => roles[role]();

const severities = {
  low: m.severity_low,
  medium: m.severity_medium,
  high: m.severity_high,
  critical: m.severity_critical,
} as const satisfies Record<SecurityItem['severity'], () => string>;

export const saySeverity = (severity: SecurityItem['severity']): string => severities[severity]();

/** What happened, from the type of the event and the fact that goes with it. */
export function sayEvent(event: SecurityItem): string {
  if (event.type === 'failed-unlock') return m.event_failed_unlock({ count: Number(event.description) });
  if (event.type === 'commit-refused') return m.event_commit_refused({ reason: sayReason(event.description) });
  return m.event_other({ type: event.type });
}

const operations = {
  message: m.activity_message,
  create: m.activity_create,
  add: m.activity_add,
  remove: m.activity_remove,
  leave: m.activity_leave,
} as const satisfies Record<WaitingItem['what'], (names: { title: string }) => string>;

export const sayOperation = (item: WaitingItem): string => operations[item.what]({ title: item.title });

const statuses = {
  waiting: m.activity_waiting,
  sending: m.activity_sending,
  rekeying: m.activity_rekeying,
  failed: m.activity_failed,
} as const satisfies Record<WaitingItem['status'], () => string>;

export const sayStatus = (item: WaitingItem): string => statuses[item.status]();

/** A system line: who did what to whom. */
export function sayNotice(notice: Notice): string {
  switch (notice.what) {
    case 'created':
      return notice.by === '' ? m.notice_created_you() : m.notice_created({ by: notice.by });
    case 'joined':
      return notice.by === '' ? m.notice_joined_you() : m.notice_joined({ by: notice.by });
    case 'added': {
      const who = sayNames(notice.who.map(orYou));
      return notice.by === '' ? m.notice_added_you({ who }) : m.notice_added({ by: notice.by, who });
    }
    case 'removed': {
      const who = sayNames(notice.who.map(orYou));
      return notice.by === '' ? m.notice_removed_you({ who }) : m.notice_removed({ by: notice.by, who });
    }
    case 'left':
      return notice.who[0] === '' ? m.notice_left_you() : m.notice_left({ who: sayNames(notice.who) });
  }
}

const orYou = (name: string): string => (name === '' ? m.notice_you() : name);

/** `Ana, Bo and Chloé`, in the way of the language. */
export const sayNames = (names: readonly string[]): string =>
  new Intl.ListFormat(shownLocale(), { style: 'long', type: 'conjunction' }).format(names);
