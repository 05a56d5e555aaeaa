import { shownLocale } from '../words/locale.ts';

/** Time zones and languages as people choose and read them. */

/** Of this device, IANA. */
export const deviceZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** All that this browser knows, and the one that was chosen on another. */
export const zones = (chosen: string): readonly string[] =>
  [...new Set([...Intl.supportedValuesOf('timeZone'), ...(chosen === '' ? [] : [chosen])])].sort();

/** `Europe/Berlin` as `Europe, Berlin`. */
export const zoneName = (zone: string): string => zone.replaceAll('_', ' ').replaceAll('/', ', ');

/** What time it is in a zone; `undefined` where this browser does not know it: somebody else wrote it. */
export function timeIn(zone: string, at: number): string | undefined {
  try {
    return new Intl.DateTimeFormat(shownLocale(), {
      weekday: 'short',
      hour: 'numeric',
      minute: '2-digit',
      timeZone: zone,
    }).format(at);
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

/** Written by many; any other comes in by {@link languages}' own choice. */
const WRITTEN =
  'ar bg bn ca cs da de el en es et fa fi fr gu he hi hr hu id it ja ka kk km kn ko lt lv ml mn mr ms my nb ne nl nn pa pl ps pt ro ru si sk sl so sq sr sv sw ta te th tl tr uk ur uz vi zh'.split(
    ' ',
  );

/** What somebody may choose, by name: the languages of this browser among them, and what was chosen before. */
export function languages(chosen: string): readonly string[] {
  const tags = new Set([...WRITTEN, ...navigator.languages, ...(chosen === '' ? [] : [chosen])]);
  return [...tags].sort((a, b) => languageName(a).localeCompare(languageName(b), shownLocale()));
}

/** In the words of the app's language; the tag itself where this browser has none for it. */
export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames([shownLocale()], { type: 'language' }).of(tag) ?? tag;
  } catch (thrown) {
    if (thrown instanceof RangeError) return tag;
    throw thrown;
  }
}
