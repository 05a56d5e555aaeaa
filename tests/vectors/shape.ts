/**
 * What is in the files of this folder. All byte strings are lower-case hex; where a text is meant it is said.
 * The meaning of every name is that of docs/protocol.md.
 */

export interface ChainVectors {
  readonly suite: number;
  readonly groupId: string;
  readonly epoch: number;
  readonly authenticatorHash: string;
  /** Context of the MLS exporter, and what it gave. */
  readonly exporterContext: string;
  readonly exported: string;
  readonly leaves: readonly ChainOfLeaf[];
}

export interface ChainOfLeaf {
  readonly leaf: number;
  readonly signaturePrivate: string;
  readonly signaturePublic: string;
  readonly head: string;
  readonly steps: readonly { readonly iteration: number; readonly messageKey: string; readonly next: string }[];
}

/** One record, taken apart. */
export interface RecordVector {
  readonly leaf: number;
  readonly iteration: number;
  readonly messageId: string;
  readonly previousHash: string;
  readonly messageKey: string;
  readonly plaintext: string;
  readonly padded: string;
  readonly header: string;
  readonly ciphertext: string;
  readonly toSign: string;
  readonly signature: string;
  readonly record: string;
  readonly hash: string;
}

/** A plaintext of `length` bytes is padded to `padded`. */
export interface PaddingVectors {
  readonly lengths: readonly { readonly length: number; readonly padded: number }[];
  /** Padded texts, and why they are refused. */
  readonly refused: readonly { readonly why: string; readonly padded: string }[];
}

/** What a receiver who enters the epoch of `chains.json` does with records of one leaf, batch after batch. */
export interface ReceivingVector {
  readonly name: string;
  readonly leaf: number;
  readonly batches: readonly Batch[];
}

export interface Batch {
  /** The receiver's clock, milliseconds. */
  readonly now: number;
  readonly records: readonly string[];
  /** For each record `ok` or the code of the refusal. */
  readonly outcomes: readonly string[];
  /** For each record its plaintext, or null where it is refused. */
  readonly plaintexts: readonly (string | null)[];
  readonly after: ChainState;
}

export interface ChainState {
  readonly iteration: number;
  readonly chainKey: string;
  readonly previousHash: string;
  /** Message keys that are kept, by iteration; `hash` is the SHA-256 of all `u32 iteration ‖ message key`. */
  readonly skipped: { readonly count: number; readonly hash: string };
}

export interface IdentityVectors {
  readonly accounts: readonly {
    readonly privateKey: string;
    readonly publicKey: string;
    readonly id: string;
    readonly fingerprint: string;
  }[];
  readonly direct: { readonly accounts: readonly [string, string]; readonly conversation: string };
  readonly safetyNumber: { readonly digits: string; readonly qr: string };
  readonly certificate: {
    readonly name: string;
    readonly salt: string;
    readonly nameHash: string;
    readonly toSign: string;
    readonly encoded: string;
  };
  readonly refusedCertificates: readonly { readonly why: string; readonly encoded: string; readonly code: string }[];
  readonly invite: { readonly name: string; readonly salt: string; readonly account: string; readonly code: string };
  readonly refusedInvites: readonly { readonly why: string; readonly code: string; readonly refusal: string }[];
}

/** A row as it lies on disk. */
export interface AtRestVectors {
  readonly databaseKey: string;
  readonly table: string;
  readonly tableKey: string;
  readonly primaryKey: readonly string[];
  readonly sealedColumns: readonly string[];
  readonly sealing: number;
  /** Additional data. */
  readonly bound: string;
  /** CBOR of the sealed columns. */
  readonly plaintext: string;
  readonly nonce: string;
  readonly sealed: string;
  readonly refused: readonly {
    readonly why: string;
    readonly table: string;
    readonly bound: string;
    readonly sealed: string;
  }[];
}

export interface VectorFiles {
  readonly 'chains.json': ChainVectors;
  readonly 'records.json': readonly RecordVector[];
  readonly 'padding.json': PaddingVectors;
  readonly 'receiving.json': readonly ReceivingVector[];
  readonly 'identity.json': IdentityVectors;
  readonly 'at-rest.json': AtRestVectors;
}

/** A way to do what docs/protocol.md says: ours, and one that shares no code with it. */
export interface Implementation {
  readonly name: string;
  exporterContext(groupId: Uint8Array, epoch: number): Uint8Array;
  head(exported: Uint8Array, leaf: number): Uint8Array;
  step(chainKey: Uint8Array): { readonly messageKey: Uint8Array; readonly next: Uint8Array };
  paddedLength(length: number): number;
  pad(plaintext: Uint8Array): Uint8Array;
  unpad(padded: Uint8Array): Uint8Array | undefined;
  /** A record, its hash, and the chain key after it. */
  seal(chain: SealingChain, messageId: Uint8Array, plaintext: Uint8Array): SealedRecord;
  receiver(chain: ReceivingChain): Receiver;
  accountId(publicKey: Uint8Array): string;
  fingerprint(publicKey: Uint8Array): Uint8Array;
  safetyNumber(a: Uint8Array, b: Uint8Array): { readonly digits: string; readonly qr: string };
  directConversation(a: string, b: string): string;
  nameHash(name: string, salt: Uint8Array): Uint8Array;
  /** Signs the fields that a certificate holds anew, as its account. */
  certificate(encoded: Uint8Array, accountPrivate: Uint8Array): Uint8Array;
  /** `ok` or the code of the refusal. */
  checkCertificate(encoded: Uint8Array): string;
  invite(publicKey: Uint8Array, name: string, salt: Uint8Array): string;
  /** `ok` or the code of the refusal. */
  checkInvite(code: string): string;
  bound(table: string, key: readonly string[], columns: readonly string[], sealing: number): Uint8Array;
  sealRow(databaseKey: Uint8Array, table: string, bound: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Uint8Array;
  openRow(databaseKey: Uint8Array, table: string, bound: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
}

export interface EpochOfChain {
  readonly suite: number;
  readonly groupId: Uint8Array;
  readonly epoch: number;
  readonly authenticatorHash: Uint8Array;
  readonly leaf: number;
}

export interface SealingChain extends EpochOfChain {
  readonly iteration: number;
  readonly chainKey: Uint8Array;
  readonly previousHash: Uint8Array;
  readonly signaturePrivate: Uint8Array;
  readonly signaturePublic: Uint8Array;
}

export interface SealedRecord {
  readonly record: Uint8Array;
  readonly hash: Uint8Array;
  readonly next: Uint8Array;
}

export interface ReceivingChain extends EpochOfChain {
  readonly head: Uint8Array;
  readonly signaturePublic: Uint8Array;
}

export interface Receiver {
  /** A batch: for each record `ok` or the code of the refusal, and its plaintext. */
  receive(records: readonly Uint8Array[], now: number): readonly { outcome: string; plaintext: Uint8Array | null }[];
  state(now: number): ChainState;
}
