import { m } from './paraglide/messages.js';

/** Formatters are slow to make and made once for each language and style. */
const made = new Map<string, Intl.DateTimeFormat>();

function formatter(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options);
  let format = made.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale, options);
    made.set(key, format);
  }
  return format;
}

/** `14:02`, in the way of the language. */
export const clockTime = (at: number, locale: string): string =>
  formatter(locale, { hour: 'numeric', minute: '2-digit' }).format(at);

/** `21 November 2025, 14:02`. */
export const fullTime = (at: number, locale: string): string =>
  formatter(locale, { dateStyle: 'long', timeStyle: 'short' }).format(at);

/** `21 November 2025`. */
export const fullDate = (at: number, locale: string): string => formatter(locale, { dateStyle: 'long' }).format(at);

/** `November 2025`. */
export const monthName = (at: number, locale: string): string =>
  formatter(locale, { month: 'long', year: 'numeric' }).format(at);

/** As short as can be told apart, for a list: the time today, `Yesterday`, a weekday, then a date. */
export function shortTime(at: number, now: number, locale: string): string {
  const days = daysBetween(at, now);
  if (days <= 0) return clockTime(at, locale);
  if (days === 1) return m.time_yesterday();
  if (days < 7) return formatter(locale, { weekday: 'short' }).format(at);
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return formatter(locale, sameYear ? { day: 'numeric', month: 'short' } : { dateStyle: 'short' }).format(at);
}

/** The words of a day divider. */
export function dayName(at: number, now: number, locale: string): string {
  const days = daysBetween(at, now);
  if (days === 0) return m.time_today();
  if (days === 1) return m.time_yesterday();
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return formatter(locale, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    ...(sameYear ? {} : { year: 'numeric' }),
  }).format(at);
}

/** Calendar days of this device's time zone from `at` to `now`; days are rounded, since some have 23 or 25 hours. */
export function daysBetween(at: number, now: number): number {
  const start = (ms: number) => new Date(ms).setHours(0, 0, 0, 0);
  return Math.round((start(now) - start(at)) / 86_400_000);
}

/** The day of a time as a date field has it: `2026-11-21`. */
export function dateInput(at: number): string {
  const day = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** When the day of a date field begins here; `undefined` where the field is empty. */
export function startOfDate(input: string): number | undefined {
  const at = new Date(`${input}T00:00`).getTime();
  return Number.isNaN(at) ? undefined : at;
}
