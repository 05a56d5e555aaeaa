import type { Role } from './roles.ts';

/**
 * One conversation as a JSON file that other programs can read; docs/conversation-file.md describes it. It is
 * written and read piece by piece: `format` and `version` come first in every version, `messages` last.
 */
export const CONVERSATION_FORMAT = 'cairn-conversation';
export const CONVERSATION_VERSION = 1;

export interface FilePerson {
  readonly account: string;
  /** As the device that wrote the file knew them. */
  readonly name: string;
}

/** All but the messages. */
export interface FileHead {
  readonly id: string;
  readonly title: string;
  readonly kind: 'direct' | 'group' | 'notes';
  /** ISO 8601 in UTC, as every time in the file. */
  readonly exportedAt: string;
  readonly exportedBy: string;
  /** Of the day of the export. */
  readonly members: readonly FilePerson[];
}

/** One message: something that was said, what is left of it after a deletion, or a notice of the app. */
export interface FileMessage {
  readonly id: string;
  readonly at: string;
  readonly from: FilePerson;
  readonly text: string;
  readonly editedAt?: string;
  readonly isDeleted?: true;
  readonly isForwarded?: true;
  /** Id of the message that it answers. */
  readonly replyTo?: string;
  /** Id of the message whose thread it is in. */
  readonly thread?: string;
  readonly reactions?: readonly { readonly emoji: string; readonly by: readonly FilePerson[] }[];
  readonly attachments?: readonly FileAttachment[];
  readonly notice?: FileNotice;
}

/** What an attached file was; its bytes are not in a conversation's file. */
export interface FileAttachment {
  readonly name: string;
  /** MIME type. */
  readonly type: string;
  /** Bytes. */
  readonly size: number;
}

/** What happened in a group. */
export type FileNotice =
  | { readonly what: 'created' | 'joined'; readonly by?: FilePerson }
  | {
      readonly what: 'returned' | 'device' | 'arrived' | 'left' | 'inherited' | 'missed';
      readonly who: readonly FilePerson[];
    }
  | { readonly what: 'added' | 'removed'; readonly by: FilePerson; readonly who: readonly FilePerson[] }
  | { readonly what: 'role'; readonly by: FilePerson; readonly who: readonly FilePerson[]; readonly role: Role }
  | { readonly what: 'renamed'; readonly by: FilePerson; readonly name: string }
  | { readonly what: 'described' | 'settings'; readonly by: FilePerson }
  /** How long messages stay from then on, in milliseconds; absent: they stay. */
  | { readonly what: 'timer'; readonly by: FilePerson; readonly after?: number };

/** A file up to its first message. */
export function openingOf({ id, title, kind, exportedAt, exportedBy, members }: FileHead): string {
  const head = { format: CONVERSATION_FORMAT, version: CONVERSATION_VERSION, id, title, kind };
  const text = JSON.stringify({ ...head, exportedAt, exportedBy, members, messages: [] }, undefined, 1);
  return text.slice(0, text.lastIndexOf(']'));
}

/** Messages, one a line. @param isFirst whether no message stands before them */
export const linesOf = (messages: readonly FileMessage[], isFirst: boolean): string =>
  messages.map((message, i) => `${isFirst && i === 0 ? '' : ','}\n${JSON.stringify(message)}`).join('');

export const CLOSING = '\n]}\n';
