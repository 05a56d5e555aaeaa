import * as v from 'valibot';
import { utf8 } from '../core/bytes.ts';
import { err, ok, refuse, type Fault, type Result } from '../core/result.ts';
import {
  CONVERSATION_FORMAT,
  CONVERSATION_VERSION,
  type FileHead,
  type FileMessage,
} from '../domain/conversationFile.ts';
import { isReaction } from '../domain/reaction.ts';
import { roles } from '../domain/roles.ts';
import { limits } from '../protocol/limits.ts';

/** What is read of a conversation's file, for whoever wants to keep it. */
export interface FileReader {
  head(head: FileHead): void;
  message(message: FileMessage): Promise<void> | void;
}

/** Of one file. */
export const fileLimits = { bytes: 1024 * 1024 * 1024, messages: 2_000_000 } as const;

/** UTF-16 code units of a file before its first message, and of one message. */
const LONGEST_HEAD = 4 * 1024 * 1024;
const LONGEST_PIECE = 8 * 1024 * 1024;

export const fileFault = (
  code: `conversation-file-${'foreign' | 'newer' | 'damaged' | 'large'}`,
  detail?: string,
): Fault => ({
  code,
  retry: 'person',
  ...(detail === undefined ? {} : { detail }),
});

const FOREIGN = fileFault('conversation-file-foreign');
const damaged = (detail: string): never => refuse(fileFault('conversation-file-damaged', detail));

/**
 * Reads a conversation's file from its start to its end, one message at a time: never more of it is in memory
 * than a piece of the stream and a message. Throws a refusal: `conversation-file-foreign`, `-newer`, `-damaged`
 * (also for what is cut off or says what no conversation can), `-large`.
 */
export async function readConversationFile(pieces: AsyncIterable<Uint8Array>, reader: FileReader): Promise<void> {
  const split = createSplitter();
  let count = 0;
  for await (const text of textOf(pieces)) {
    for (const piece of split.feed(text)) {
      if (piece.what === 'head') reader.head(headOf(piece.text));
      else {
        count++;
        if (count > fileLimits.messages) refuse(fileFault('conversation-file-large', 'messages'));
        await reader.message(messageOf(piece.text, count));
      }
    }
  }
  split.end();
}

async function* textOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (bytes?: Uint8Array): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch {
      return damaged('not UTF-8');
    }
  };
  for await (const bytes of pieces) yield decode(bytes);
  yield decode();
}

interface Piece {
  readonly what: 'head' | 'message';
  readonly text: string;
}

const OPENING = new RegExp(
  String.raw`^\s*\{\s*"format"\s*:\s*"${CONVERSATION_FORMAT}"\s*,\s*"version"\s*:\s*(\d{1,9})`,
  'u',
);
const MESSAGES = /"messages"\s*:\s*\[$/u;

/** Cuts JSON text into the object before its messages, with none, and each message, without parsing them. */
function createSplitter() {
  let at: 'opening' | 'head' | 'messages' | 'tail' = 'opening';
  /** What was read and not handed out yet. */
  let held = '';
  /** Up to where `held` was looked at. */
  let seen = 0;
  let depth = 0;
  let inText = false;
  let isEscaped = false;
  let isFirst = true;

  /** The next bracket or comma outside of texts; -1 where there is none yet. */
  const nextMark = (): number => {
    for (; seen < held.length; seen++) {
      const code = held.charCodeAt(seen);
      if (inText) {
        if (isEscaped) isEscaped = false;
        else if (code === BACKSLASH) isEscaped = true;
        else if (code === QUOTE) inText = false;
      } else if (code === QUOTE) inText = true;
      else if (code === COMMA || code === OPEN || code === OPEN_LIST || code === CLOSE || code === CLOSE_LIST) {
        if (code === OPEN || code === OPEN_LIST) depth++;
        if (code === CLOSE || code === CLOSE_LIST) depth--;
        return seen++;
      }
    }
    return -1;
  };
  const take = (end: number): string => {
    const text = held.slice(0, end);
    held = held.slice(seen);
    seen = 0;
    return text;
  };

  return {
    *feed(text: string): Generator<Piece> {
      held += text;
      if (at === 'opening') {
        const version = OPENING.exec(held.slice(0, LONGEST_OPENING))?.[1];
        if (version === undefined) {
          // It may not be here in full yet.
          if (held.length < LONGEST_OPENING) return;
          refuse(FOREIGN);
        }
        checkVersion(held);
        at = 'head';
      }
      if (at === 'head') {
        for (let mark = nextMark(); mark >= 0; mark = nextMark()) {
          if (depth < 1) damaged('no messages');
          if (depth !== 2 || held[mark] !== '[' || !MESSAGES.test(held.slice(Math.max(0, mark - 64), mark + 1)))
            continue;
          at = 'messages';
          yield { what: 'head', text: `${take(seen)}]}` };
          break;
        }
        if (at === 'head' && held.length > LONGEST_HEAD) damaged('head');
      }
      if (at === 'messages') {
        for (let mark = nextMark(); mark >= 0; mark = nextMark()) {
          const isEnd = depth === 1;
          if (!isEnd && (depth !== 2 || held[mark] !== ',')) continue;
          const message = take(mark);
          if (isEnd) at = 'tail';
          if (message.trim() !== '') yield { what: 'message', text: message };
          else if (!isEnd || !isFirst) damaged('an empty place');
          isFirst = false;
          if (isEnd) break;
        }
        if (held.length > LONGEST_PIECE) damaged('a message too long');
      }
      if (at === 'tail' && !/^\s*(?:\}\s*)?$/u.test(held)) damaged('after the messages');
    },
    end(): void {
      if (at === 'opening') {
        if (!OPENING.test(held)) refuse(FOREIGN);
        checkVersion(held);
      }
      if (at !== 'tail' || held.trim() !== '}') damaged('cut off');
    },
  };
}

const LONGEST_OPENING = 256;
const [QUOTE, BACKSLASH, COMMA, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [0x22, 0x5c, 0x2c, 0x7b, 0x7d, 0x5b, 0x5d];

function checkVersion(text: string): void {
  const version = Number(OPENING.exec(text)?.[1]);
  if (version > CONVERSATION_VERSION) refuse(fileFault('conversation-file-newer', String(version)));
  if (version < 1) damaged('version');
}

const text = (longest: number) =>
  v.pipe(
    v.string(),
    v.check((value) => value.length <= longest && value.isWellFormed()),
  );
const id = v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/u));
const time = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:\d\d)$/u),
  v.check((value) => Date.parse(value) >= 0),
);
const person = v.object({ account: id, name: text(limits.name) });
const people = v.pipe(v.array(person), v.maxLength(limits.groupMembers));
const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const headSchema = v.object({
  format: v.literal(CONVERSATION_FORMAT),
  version: v.literal(CONVERSATION_VERSION),
  id,
  title: text(4 * limits.name),
  kind: v.picklist(['direct', 'group', 'notes']),
  exportedAt: time,
  exportedBy: id,
  members: people,
  messages: v.pipe(v.array(v.unknown()), v.maxLength(0)),
});

const notice = v.variant('what', [
  v.object({ what: v.picklist(['created', 'joined']), by: v.exactOptional(person) }),
  v.object({ what: v.picklist(['returned', 'device', 'arrived', 'left', 'inherited', 'missed']), who: people }),
  v.object({ what: v.picklist(['added', 'removed']), by: person, who: people }),
  v.object({ what: v.literal('role'), by: person, who: people, role: v.picklist(roles) }),
  v.object({ what: v.literal('renamed'), by: person, name: text(limits.name) }),
  v.object({ what: v.picklist(['described', 'settings']), by: person }),
  v.object({ what: v.literal('timer'), by: person, after: v.exactOptional(natural) }),
]);

const messageSchema = v.pipe(
  v.object({
    id,
    at: time,
    from: person,
    text: v.pipe(
      v.string(),
      v.check((value) => value.isWellFormed() && utf8(value).length <= limits.text),
    ),
    editedAt: v.exactOptional(time),
    isDeleted: v.exactOptional(v.literal(true)),
    isForwarded: v.exactOptional(v.literal(true)),
    replyTo: v.exactOptional(id),
    thread: v.exactOptional(id),
    reactions: v.exactOptional(
      v.pipe(
        v.array(v.object({ emoji: v.pipe(v.string(), v.check(isReaction)), by: v.pipe(people, v.minLength(1)) })),
        v.maxLength(10_000),
      ),
    ),
    attachments: v.exactOptional(
      v.pipe(v.array(v.object({ name: text(4_096), type: text(1_024), size: natural })), v.maxLength(100)),
    ),
    notice: v.exactOptional(notice),
  }),
  v.check(({ isDeleted, text: said, attachments }) => isDeleted !== true || (said === '' && attachments === undefined)),
);

const headOf = (json: string): FileHead => parsed(headSchema, json, 'head');
const messageOf = (json: string, n: number): FileMessage => parsed(messageSchema, json, `message ${n}`);

function parsed<S extends v.GenericSchema>(schema: S, json: string, where: string): v.InferOutput<S> {
  const value = valueOf(json);
  const result = value.ok ? v.safeParse(schema, value.value) : undefined;
  return result?.success === true ? result.output : damaged(where);
}

function valueOf(json: string): Result<unknown> {
  try {
    return ok(JSON.parse(json));
  } catch {
    return err(FOREIGN);
  }
}
