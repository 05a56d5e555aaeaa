import type { Bytes } from '../../core/bytes.ts';
import type { AccountId } from '../../core/ids.ts';

export interface BlobRow {
  readonly id: string;
  /** Who uploads it; zeros once that account is gone. */
  readonly owner: AccountId;
  readonly size: number;
  readonly sha256: Bytes;
  /** How much of it is there: `size` when it is whole. */
  readonly received: number;
  /** State of the hash over what is there, `undefined` for nothing and for a whole blob. */
  readonly hashState: Bytes | undefined;
  /** It is being removed, and is for nobody any more. */
  readonly isGone: boolean;
}

/** Who holds which blobs, and how far uploads are. The bytes lie in a `BlobStore`. */
export interface BlobTables {
  findBlob(id: string): Promise<BlobRow | undefined>;
  insertBlob(row: Pick<BlobRow, 'id' | 'owner' | 'size' | 'sha256'>, now: number): Promise<void>;
  /** Compare-and-set: false where not `from` bytes were there, or the blob is gone. */
  advanceBlob(id: string, from: number, to: Pick<BlobRow, 'received' | 'hashState'>, now: number): Promise<boolean>;
  /** Holds the blob for the account, or longer than it did. */
  holdBlob(id: string, account: AccountId, expiresAt: number): Promise<void>;
  holdsBlob(id: string, account: AccountId): Promise<boolean>;
  releaseBlob(id: string, account: AccountId): Promise<void>;
  /** The account holds nothing any more, and what it uploaded for others too is nobody's. */
  forgetBlobsOf(account: AccountId): Promise<void>;
  /** Bytes of all blobs that the account holds, whole or not. */
  bytesHeldBy(account: AccountId): Promise<number>;
  markGone(id: string): Promise<void>;
  /** Marks as gone what nobody holds any more at `now`, and half uploads without a chunk since `uploadsSince`. */
  markEndedBlobs(now: number, uploadsSince: number): Promise<void>;
  /** Some of those that are marked as gone and still have bytes. */
  goneBlobs(most: number): Promise<{ readonly id: string; readonly size: number }[]>;
  /** Forgets a blob that is marked as gone. */
  deleteBlob(id: string): Promise<void>;
}
