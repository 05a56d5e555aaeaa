import * as v from 'valibot';
import { bytesUpTo, natural, plainMap, streamId, textUpTo, time } from './fields.ts';
import { limits } from './limits.ts';

/** Public groups that a member chose to list: what stands here everybody at the relay can read. */

const empty = v.pipe(plainMap<Record<string, never>>(), v.strictObject({}));
const name = v.pipe(textUpTo(limits.name), v.regex(/\S/));

/**
 * `POST streams/{stream}/listing`: lists the group, or changes how it is listed. By a member; while that
 * account is one, by no other. It ends after 90 days unless it is listed again.
 */
export const listGroup = {
  path: (stream: string) => `streams/${stream}/listing`,
  request: v.strictObject({
    name,
    description: textUpTo(limits.description),
    /** What lets people join. The relay hands it out as it is. */
    link: bytesUpTo(limits.joinLink),
  }),
  answer: v.strictObject({ expiresAt: time }),
};

/** `POST streams/{stream}/unlist`: takes the group out of the directory. */
export const unlistGroup = { path: (stream: string) => `streams/${stream}/unlist`, request: empty, answer: empty };

/** `POST directory`: groups whose name or description contains every word of `query`, by name. */
export const searchDirectory = {
  path: 'directory',
  request: v.strictObject({
    query: textUpTo(200),
    /** The `next` of the page before. */
    after: v.exactOptional(textUpTo(limits.name * 4)),
  }),
  answer: v.strictObject({
    groups: v.array(
      v.strictObject({
        stream: streamId,
        name,
        description: textUpTo(limits.description),
        /** Accounts that are in it now. */
        members: natural,
        link: bytesUpTo(limits.joinLink),
      }),
    ),
    next: v.exactOptional(v.string()),
  }),
};

/** Text as it is searched: compatibility forms, case and accents folded. */
export const foldedText = (text: string): string =>
  text.normalize('NFKD').toLowerCase().replaceAll(/\p{M}/gu, '').normalize('NFKC');
