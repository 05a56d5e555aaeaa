import type { Fault } from '../core/result.ts';
import type { CommitRule } from '../domain/commitPolicy.ts';

/** What a person is told when the rules of the group stand against their wish. */
export function reasonOf(fault: Fault): string {
  if (fault.code !== 'policy-rejected') return fault.code;
  return REASONS[fault.detail as CommitRule] ?? fault.code;
}

const REASONS: Partial<Record<CommitRule, string>> = {
  'not-a-member': 'not-a-member',
  'may-not-add': 'not-allowed',
  'may-not-remove': 'not-allowed',
  'may-not-change-role': 'not-allowed',
  'may-not-change-settings': 'not-allowed',
  'role-above-own': 'not-allowed',
  'too-many-members': 'group-full',
  'no-link': 'link-over',
  'removed-since': 'removed-meanwhile',
  'no-owner': 'last-owner',
};
