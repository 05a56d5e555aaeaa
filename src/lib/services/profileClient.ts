import type { Bytes } from '../core/bytes.ts';
import type { AccountId, ConversationId } from '../core/ids.ts';
import type { Result } from '../core/result.ts';
import type { Unwatch } from './unwatch.ts';

/** How people show themselves to those they write with. */
export interface ProfileClient {
  /** Of one person, oneself among them; `undefined` for somebody unknown. */
  watchProfile(person: AccountId, show: (profile: ProfileItem | undefined) => void): Unwatch;
  /**
   * Changes what is named, `null` takes it away; everybody in the own conversations is told, on reconnect where there
   * is no network. Refused: `too-long` (a text, or too many entries), `duplicate` (two entries of one name), `empty`
   * (an entry without a name), `too-large` (the picture).
   */
  saveProfile(changes: ProfileChanges): Promise<Result<void>>;
  /** Whose picture may be there, for every account and direct conversation; the bytes come with {@link portrait}. */
  watchPortraits(show: (items: readonly PortraitItem[]) => void): Unwatch;
  /** A square picture as JPEG. Refused: `not-found`. */
  portrait(person: AccountId): Promise<Result<Bytes>>;
}

export interface ProfileItem {
  readonly account: AccountId;
  readonly name: string;
  /** A line; may be empty. */
  readonly status: string;
  /** What else they say of themselves, by name. */
  readonly fields: readonly ProfileField[];
  /** IANA name, as they gave it. */
  readonly timezone?: string;
  /** BCP 47, as they gave it. */
  readonly language?: string;
}

export interface ProfileField {
  readonly name: string;
  readonly text: string;
}

export interface ProfileChanges {
  readonly status?: string | null;
  /** Square, JPEG. */
  readonly picture?: Bytes | null;
  readonly fields?: readonly ProfileField[];
  readonly timezone?: string | null;
  readonly language?: string | null;
}

export interface PortraitItem {
  /** What is shown by the picture: the person, or the direct chat with them. */
  readonly id: AccountId | ConversationId;
  readonly account: AccountId;
  /** Changes with the picture. */
  readonly version: string;
}
