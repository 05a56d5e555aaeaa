import { concat, utf8, type Bytes } from '../../core/bytes.ts';
import { bytesFromId, idFromBytes, type MessageId } from '../../core/ids.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { limits } from '../../protocol/limits.ts';
import { AEAD_TAG, sha256, SIGNATURE } from '../primitives.ts';
import { senderKeyFault, type SenderKeyFault } from './fault.ts';
import { paddedLength } from './padding.ts';

/**
 * A record on the wire, all numbers big endian:
 *
 * | bytes | field |
 * |---|---|
 * | 1 | version, 1 |
 * | 2 | suite of the MLS group |
 * | 16 | group id |
 * | 8 | epoch |
 * | 32 | SHA-256 of the MLS epoch_authenticator |
 * | 4 | leaf of the sender |
 * | 4 | iteration of the chain, from 0 |
 * | 16 | message id |
 * | 32 | hash of the sender's record before this one in the chain; zeros in the first |
 * | n + 16 | AES-256-GCM of the padded plaintext, with everything above as additional data |
 * | 64 | Ed25519 signature over `"cairn/1 record" ‖ 0 ‖` everything above |
 *
 * The hash of a record covers all but its signature.
 */
export interface RecordHeader {
  readonly version: number;
  readonly suite: number;
  readonly groupId: Bytes;
  readonly epoch: number;
  readonly authenticatorHash: Bytes;
  readonly leaf: number;
  readonly iteration: number;
  readonly messageId: MessageId;
  readonly previousHash: Bytes;
}

export const RECORD_VERSION = 1;
export const HEADER_LENGTH = 115;
const OVERHEAD = HEADER_LENGTH + AEAD_TAG + SIGNATURE;
const SHORTEST = OVERHEAD + paddedLength(0);
const AT = { suite: 1, groupId: 3, epoch: 19, authenticator: 27, leaf: 59, iteration: 63, messageId: 67, previous: 83 };
const LABEL = utf8('cairn/1 record\0');

/** The longest plaintext whose record still fits into one entry of a stream, in bytes. */
export const MAX_PLAINTEXT = 2_064_380;

/** The header's bytes: exactly the additional data of the record's encryption. */
export function bytesFromHeader(header: RecordHeader): Bytes {
  const bytes = new Uint8Array(HEADER_LENGTH);
  const view = new DataView(bytes.buffer);
  bytes[0] = header.version;
  view.setUint16(AT.suite, header.suite);
  bytes.set(header.groupId, AT.groupId);
  view.setBigUint64(AT.epoch, BigInt(header.epoch));
  bytes.set(header.authenticatorHash, AT.authenticator);
  view.setUint32(AT.leaf, header.leaf);
  view.setUint32(AT.iteration, header.iteration);
  bytes.set(bytesFromId(header.messageId), AT.messageId);
  bytes.set(header.previousHash, AT.previous);
  return bytes;
}

/**
 * The header of a record that nobody has verified yet. Never throws.
 * @returns `malformed` for a length that no record has, `wrong-version`.
 */
export function readHeader(record: Uint8Array): Result<RecordHeader, SenderKeyFault> {
  if (record.length === 0) return err(senderKeyFault('malformed', 'empty'));
  if (record[0] !== RECORD_VERSION) return err(senderKeyFault('wrong-version', String(record[0])));
  if (record.length < SHORTEST || record.length > limits.entry) return err(senderKeyFault('malformed', 'length'));
  const view = new DataView(record.buffer, record.byteOffset, HEADER_LENGTH);
  const epoch = view.getUint32(AT.epoch) * 2 ** 32 + view.getUint32(AT.epoch + 4);
  if (!Number.isSafeInteger(epoch)) return err(senderKeyFault('malformed', 'epoch'));
  return ok({
    version: RECORD_VERSION,
    suite: view.getUint16(AT.suite),
    groupId: copy(record, AT.groupId, 16),
    epoch,
    authenticatorHash: copy(record, AT.authenticator, 32),
    leaf: view.getUint32(AT.leaf),
    iteration: view.getUint32(AT.iteration),
    messageId: idFromBytes<MessageId>(record.subarray(AT.messageId, AT.messageId + 16)),
    previousHash: copy(record, AT.previous, 32),
  });
}

/** Views into a record whose length {@link readHeader} has checked. */
export const headerPart = (record: Bytes): Bytes => record.subarray(0, HEADER_LENGTH);
export const ciphertextPart = (record: Bytes): Bytes => record.subarray(HEADER_LENGTH, -SIGNATURE);
export const unsignedPart = (record: Bytes): Bytes => record.subarray(0, -SIGNATURE);
export const signaturePart = (record: Bytes): Bytes => record.subarray(-SIGNATURE);

/** What the sender's leaf key signs. @param unsigned header ‖ ciphertext. */
export const recordToSign = (unsigned: Uint8Array): Bytes => concat(LABEL, unsigned);

/** What the next record of the chain names as the one before. @param unsigned header ‖ ciphertext. */
export const recordHash = (unsigned: Uint8Array): Bytes => sha256(unsigned);

/** Bytes of their own: for so few, a loop is quicker than a view and a copy of it. */
function copy(bytes: Uint8Array, at: number, length: number): Bytes {
  const part = new Uint8Array(length);
  for (let i = 0; i < length; i++) part[i] = bytes[at + i] ?? 0;
  return part;
}
