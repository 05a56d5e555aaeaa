import { getLocale } from '../paraglide/runtime.js';

/**
 * The tag for dates and lists: the language of the words, in the regional form that this browser prefers,
 * so that somebody in Dublin reads English with a 24-hour clock.
 */
export function shownLocale(): string {
  const language = getLocale();
  return navigator.languages.find((tag) => tag === language || tag.startsWith(`${language}-`)) ?? language;
}
