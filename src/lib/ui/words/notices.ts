import type { MemberItem, Notice } from '../../services/client.ts';
import { m } from '../paraglide/messages.js';
import { shownLocale } from './locale.ts';
import { sayNames } from './shown.ts';

/** Words of system lines, but for the one that every group begins with. */

const rolesGiven = {
  owner: m.role_as_owner,
  admin: m.role_as_admin,
  moderator: m.role_as_moderator,
  member: m.role_as_member,
  guest: m.role_as_guest,
} as const satisfies Record<MemberItem['role'], () => string>;

/** A role as what somebody is made: `an admin`. */
export const sayRoleGiven = (role: MemberItem['role']): string => rolesGiven[role]();

/** Who did what to whom. */
export function wordsOfNotice(notice: Exclude<Notice, { what: 'created' }>): string {
  switch (notice.what) {
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
    case 'device':
      return m.notice_device({ who: sayNames(notice.who) });
    case 'arrived':
      return notice.who[0] === '' ? m.notice_arrived_you() : m.notice_arrived({ who: sayNames(notice.who) });
    case 'left':
      return notice.who[0] === '' ? m.notice_left_you() : m.notice_left({ who: sayNames(notice.who) });
    case 'inherited':
      return notice.who[0] === '' ? m.notice_inherited_you() : m.notice_inherited({ who: sayNames(notice.who) });
    case 'missed':
      return m.notice_missed();
    case 'returned':
      return notice.who[0] === '' ? m.notice_returned_you() : m.notice_returned({ who: sayNames(notice.who) });
    case 'role': {
      const role = rolesGiven[notice.role]();
      const who = sayNames(notice.who.map(orYou));
      if (notice.by === '') return m.notice_role_by_you({ who, role });
      return notice.who[0] === '' && notice.who.length === 1
        ? m.notice_role_you({ by: notice.by, role })
        : m.notice_role({ by: notice.by, who, role });
    }
    case 'renamed': {
      const { by, name } = notice;
      return by === '' ? m.notice_renamed_you({ name }) : m.notice_renamed({ by, name });
    }
    case 'described':
      return notice.by === '' ? m.notice_described_you() : m.notice_described({ by: notice.by });
    case 'timer': {
      const { by, after } = notice;
      if (after === undefined) return by === '' ? m.notice_timer_off_you() : m.notice_timer_off({ by });
      const time = sayLifetime(after);
      return by === '' ? m.notice_timer_you({ time }) : m.notice_timer({ by, time });
    }
    case 'settings':
      return notice.by === '' ? m.notice_settings_you() : m.notice_settings({ by: notice.by });
  }
}

/** `8 hours`, in the way of the language. @param ms a length of time in milliseconds. */
export function sayLifetime(ms: number): string {
  const [unit, length] = units.find(([, one]) => ms >= one && ms % one === 0) ?? (['minute', 60_000] as const);
  const style = { style: 'unit', unit, unitDisplay: 'long' } as const;
  return new Intl.NumberFormat(shownLocale(), style).format(Math.round(ms / length));
}

const units = [
  ['week', 7 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
] as const;

const orYou = (name: string): string => (name === '' ? m.notice_you() : name);
