import type { Bytes } from '../../core/bytes.ts';
import type { RendezvousSide } from '../../protocol/rendezvous.ts';

export interface BoxRow {
  readonly n: number;
  readonly box: Bytes;
}

/** Boxes that two devices leave for each other. */
export interface RendezvousTables {
  /** When it ends, or `undefined` where there is none at `now`. In a write it is held until the transaction ends. */
  findRendezvous(id: string, now: number): Promise<{ readonly expiresAt: number } | undefined>;
  countRendezvous(): Promise<number>;
  /** Opens it, in place of one that has ended. */
  insertRendezvous(id: string, expiresAt: number): Promise<void>;
  extendRendezvous(id: string, expiresAt: number): Promise<void>;
  /** False where a box of that number is or was there. */
  insertBox(id: string, side: RendezvousSide, row: BoxRow): Promise<boolean>;
  /** Bytes of a side's boxes that are still there. */
  boxBytes(id: string, side: RendezvousSide): Promise<number>;
  /** Boxes from number `next` on, in order, until they pass `bytes`; the first always. */
  boxesFrom(id: string, side: RendezvousSide, next: number, bytes: number): Promise<BoxRow[]>;
  deleteBoxesBefore(id: string, side: RendezvousSide, next: number): Promise<void>;
  sweepRendezvous(now: number): Promise<void>;
}
