import * as v from 'valibot';
import { err, ok, type Result } from '../core/result.ts';
import { isReaction } from '../domain/reaction.ts';
import { wireFault, type WireFault } from '../protocol/errors.ts';
import { bytes, bytesUpTo, entryId, lifetime, messageId, natural, textUpTo } from '../protocol/fields.ts';
import { limits } from '../protocol/limits.ts';
import { valueFromCbor } from '../protocol/wire.ts';

/** What is inside a sealed record. The message's id is in the record's header. */
export type Content = v.InferOutput<typeof content>;
/** What was said again counts as what was said first. */
export type Said = Exclude<Content, { k: 'again' }>;
export type TextContent = Extract<Content, { k: 'text' }>;
/** Something done to a message that was sent before. */
export type ChangeContent = Extract<Content, { m: unknown }>;
/** A file that hangs on a message. */
export type FileContent = v.InferOutput<typeof file>;
/** A message by its id and the sort key that its sender gave it. */
export type MessageReference = v.InferOutput<typeof reference>;

const sortKey = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}-[A-Za-z0-9_-]{22}$/));
const ids = v.pipe(v.array(messageId), v.maxLength(limits.receiptIds));
const reference = v.strictObject({ i: messageId, s: sortKey });
const text = textUpTo(limits.text);

/**
 * A file that hangs on a message: `b` its blob at the relay, `k` the key of its chunks, `h` SHA-256 of all of
 * them as sealed, `z` bytes of the file itself. What is to be seen of it before it is fetched: name, MIME type,
 * `w`idth and hei`g`ht in pixels, `d`uration in milliseconds, a small picture `t`, the loudness `l` of 48 equal
 * stretches of a voice message.
 */
const file = v.strictObject({
  b: entryId,
  k: bytes(32),
  h: bytes(32),
  n: textUpTo(255),
  y: textUpTo(127),
  z: v.pipe(natural, v.maxValue(limits.blob)),
  w: v.optional(v.pipe(natural, v.maxValue(65_535))),
  g: v.optional(v.pipe(natural, v.maxValue(65_535))),
  d: v.optional(natural),
  t: v.optional(bytesUpTo(48 * 1024)),
  l: v.optional(bytes(48)),
});
const files = v.pipe(v.array(file), v.minLength(1), v.maxLength(10));

const kinds = [
  /**
   * A message of text. `s`: where it sorts, by the sender's clock. `r`: what it answers. `p`: head of its thread.
   * `a`: files. `f`: it was passed on from another conversation. `x`: how long it stays.
   */
  v.strictObject({
    k: v.literal('text'),
    s: sortKey,
    t: text,
    r: v.optional(reference),
    p: v.optional(reference),
    a: v.optional(files),
    f: v.optional(v.literal(true)),
    x: v.optional(lifetime),
  }),
  /** `b`: the edits of the message that the author had seen. */
  v.strictObject({
    k: v.literal('edit'),
    s: sortKey,
    m: reference,
    t: text,
    b: v.pipe(v.array(sortKey), v.maxLength(16)),
  }),
  /** For everyone. */
  v.strictObject({ k: v.literal('delete'), s: sortKey, m: reference }),
  /** `e` given, or taken back when `on` is false. */
  v.strictObject({
    k: v.literal('react'),
    s: sortKey,
    m: reference,
    e: v.pipe(v.string(), v.check(isReaction, 'emoji')),
    on: v.boolean(),
  }),
  v.strictObject({ k: v.literal('pin'), s: sortKey, m: reference, on: v.boolean() }),
  /** Messages of others that arrived on this device (`d`) or were seen by the person (`r`). */
  v.strictObject({ k: v.literal('receipt'), d: ids, r: ids }),
  /** The sender leaves: `n` is their device's signed note, which lets any member commit the removal. */
  v.strictObject({ k: v.literal('leave'), n: bytesUpTo(1024) }),
  /** A piece `o` of the workspace `w`: see `sync/spacePiece`. */
  v.strictObject({ k: v.literal('space'), s: sortKey, w: entryId, o: bytesUpTo(512 * 1024) }),
  /** A piece `o` of what a person keeps for themselves, to their other devices: see `sync/ownPiece`. */
  v.strictObject({ k: v.literal('own'), s: sortKey, o: bytesUpTo(512 * 1024) }),
  /** What the sender could not open, though it was sent to them: whoever sent it says it again. */
  v.strictObject({ k: v.literal('ask'), i: v.pipe(v.array(messageId), v.minLength(1), v.maxLength(limits.askedIds)) }),
  /** What the record `i` of the same device said: its content `o`, for somebody who could not open it. */
  v.strictObject({ k: v.literal('again'), i: messageId, o: bytesUpTo(limits.entry) }),
  /**
   * How the sender's account shows itself: a line `t`, a square picture `p` as JPEG, entries `f` of a name and what is
   * said under it, time zone `z` (IANA), language `l` (BCP 47). What is left out, there is none.
   */
  v.strictObject({
    k: v.literal('profile'),
    s: sortKey,
    t: v.optional(textUpTo(limits.statusMessage)),
    p: v.optional(bytesUpTo(limits.profilePicture)),
    f: v.optional(
      v.pipe(
        v.array(v.strictTuple([v.pipe(textUpTo(limits.fieldName), v.nonEmpty()), textUpTo(limits.fieldText)])),
        v.maxLength(limits.profileFields),
      ),
    ),
    z: v.optional(textUpTo(limits.zoneName)),
    l: v.optional(textUpTo(limits.languageTag)),
  }),
] as const;
const content = v.variant('k', kinds);
/** All that a later version promises. */
const anyContent = v.looseObject({ k: textUpTo(32) });

/**
 * Refused: `malformed`, `wire-too-large`; `wrong-version` for a kind that this version does not know, or
 * one with members that it does not know.
 */
export function contentFromBytes(bytes: Uint8Array): Result<Content, WireFault> {
  const decoded = valueFromCbor(anyContent, bytes, limits.entry);
  if (!decoded.ok) return decoded;
  const known = kinds.find(({ entries }) => entries.k.literal === decoded.value.k);
  const isLater = known === undefined || Object.keys(decoded.value).some((name) => !Object.hasOwn(known.entries, name));
  if (isLater) return err(wireFault('wrong-version', decoded.value.k));
  const parsed = v.safeParse(content, decoded.value);
  return parsed.success ? ok(parsed.output) : err(wireFault('malformed', decoded.value.k));
}

/**
 * Where content of a later version stands in its conversation, if it is a message: it has a sort key and
 * is about no other message.
 */
export function placeOfLater(bytes: Uint8Array): string | undefined {
  const decoded = valueFromCbor(
    v.looseObject({ k: textUpTo(32), s: sortKey, m: v.optional(v.never()) }),
    bytes,
    limits.entry,
  );
  return decoded.ok ? decoded.value.s : undefined;
}
