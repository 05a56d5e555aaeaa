import type { Bytes } from '../core/bytes.ts';
import type { AccountId } from '../core/ids.ts';
import type { Fault } from '../core/result.ts';
import type { Unwatch } from './unwatch.ts';

/** Exchanging with a device in the same room, over a link that the page holds. Needs no relay. */
export interface NearbyClient {
  /**
   * Meets whoever is at the other end and hands over what waits and is theirs to read, at once and as more is
   * written; what they hand over is opened. The returned function ends it.
   * @param send takes a frame for the other side.
   */
  watchNearby(link: NearbyLink, send: (frame: Bytes) => void, show: (state: NearbyState) => void): Unwatch;
  /** A frame came from the other side. */
  takeNearby(frame: Bytes): Promise<void>;
}

export interface NearbyLink {
  readonly role: 'offer' | 'answer';
  /** Both codes as they were shown. */
  readonly offer: string;
  readonly answer: string;
}

export interface NearbyState {
  /** `idle`: nothing is left to hand over for now. */
  readonly step: 'meeting' | 'exchanging' | 'idle' | 'over';
  /** Who is at the other end, once that is proven; `name` is empty for somebody unknown. */
  readonly person?: { readonly account: AccountId; readonly name: string };
  /** They are in no conversation together. */
  readonly isStranger: boolean;
  /** Messages. */
  readonly given: number;
  readonly taken: number;
  /** Files that came, of those that were to come. */
  readonly files: number;
  readonly filesWanted: number;
  /** Why it is over, where that is nobody's wish. */
  readonly fault?: Fault;
}
