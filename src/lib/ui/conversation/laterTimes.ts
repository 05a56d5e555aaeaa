import { clockTime, dateInput, daysBetween, fullTime } from '../times.ts';

/** A time that is offered for a message to go at. */
export interface LaterTime {
  readonly name: 'hour' | 'evening' | 'tomorrow' | 'monday';
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Hours of this device's time zone. */
const EVENING = 18;
const MORNING = 8;

const HOUR_MS = 60 * 60_000;

/**
 * The times that are offered at `now`, the nearest first: this evening while it is more than an hour away, Monday
 * unless that is tomorrow.
 */
export function laterTimes(now: number): readonly LaterTime[] {
  const day = new Date(now).getDay();
  const times: readonly LaterTime[] = [
    { name: 'hour', at: new Date(now + HOUR_MS).setSeconds(0, 0) },
    { name: 'evening', at: atHour(now, 0, EVENING) },
    { name: 'tomorrow', at: atHour(now, 1, MORNING) },
    { name: 'monday', at: atHour(now, (8 - day) % 7 || 7, MORNING) },
  ];
  return times.filter(({ name, at }) => {
    if (name === 'evening') return at - now > HOUR_MS;
    return name !== 'monday' || day !== SUNDAY;
  });
}

const SUNDAY = 0;

/** `hour` o'clock, `days` after the day of `now`: the calendar's days, of which some have 23 or 25 hours. */
function atHour(now: number, days: number, hour: number): number {
  const then = new Date(now);
  then.setDate(then.getDate() + days);
  return then.setHours(hour, 0, 0, 0);
}

/** A time to come as short as can be told apart: the time today, then with a weekday, then with a date. */
export function soonTime(at: number, now: number, locale: string): string {
  const days = daysBetween(now, at);
  if (days <= 0) return clockTime(at, locale);
  if (days >= 7) return fullTime(at, locale);
  return new Intl.DateTimeFormat(locale, { weekday: 'short', hour: 'numeric', minute: '2-digit' }).format(at);
}

/** A time as a date and time field has it: `2026-11-21T18:00`. */
export function timeInput(at: number): string {
  const then = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${dateInput(at)}T${two(then.getHours())}:${two(then.getMinutes())}`;
}

/** What such a field says; `undefined` where it is empty. */
export function timeOfInput(input: string): number | undefined {
  const at = new Date(input).getTime();
  return Number.isNaN(at) ? undefined : at;
}
