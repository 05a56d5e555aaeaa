import type { KeyPackage, MLSMessage, PrivateMessage, Welcome } from 'ts-mls';
import { decodeMlsMessage, encodeMlsMessage } from 'ts-mls/message.js';
import { equal, type Bytes } from '../../core/bytes.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { mlsFault, type MlsFault } from './fault.ts';

type Of<W extends MLSMessage['wireformat']> = Extract<MLSMessage, { wireformat: W }>;

/** An MLSMessage (RFC 9420 §6) that holds a PrivateMessage. */
export function privateMessageFromBytes(bytes: Uint8Array): Result<PrivateMessage, MlsFault> {
  const message = decode(bytes, 'mls_private_message');
  return message.ok ? ok(message.value.privateMessage) : message;
}

/** An MLSMessage that holds a Welcome. */
export function welcomeFromBytes(bytes: Uint8Array): Result<Welcome, MlsFault> {
  const message = decode(bytes, 'mls_welcome');
  return message.ok ? ok(message.value.welcome) : message;
}

/** An MLSMessage that holds a KeyPackage. */
export function keyPackageFromBytes(bytes: Uint8Array): Result<KeyPackage, MlsFault> {
  const message = decode(bytes, 'mls_key_package');
  return message.ok ? ok(message.value.keyPackage) : message;
}

export const bytesFromMessage = (message: MLSMessage): Bytes => Uint8Array.from(encodeMlsMessage(message));

export const bytesFromWelcome = (welcome: Welcome): Bytes =>
  bytesFromMessage({ version: 'mls10', wireformat: 'mls_welcome', welcome });

export const bytesFromKeyPackage = (keyPackage: KeyPackage): Bytes =>
  bytesFromMessage({ version: 'mls10', wireformat: 'mls_key_package', keyPackage });

/**
 * The library reads a prefix and doesn't mind other spellings of a length, so what was read is written
 * again and must be the same bytes: one message has one encoding, and nothing follows it.
 */
function decode<W extends MLSMessage['wireformat']>(bytes: Uint8Array, wireformat: W): Result<Of<W>, MlsFault> {
  if (bytes.length < 4) return err(mlsFault('malformed', 'too short'));
  if (bytes[0] !== 0 || bytes[1] !== 1) return err(mlsFault('unsupported-version', `${bytes[0]}.${bytes[1]}`));
  const message = strictly(() => decodeMlsMessage(bytes, 0)?.[0], encodeMlsMessage, bytes);
  if (!message.ok) return message;
  return isOf(message.value, wireformat) ? ok(message.value) : err(mlsFault('malformed', message.value.wireformat));
}

/** Decodes with `read` and accepts only what `write` turns into the same bytes. */
export function strictly<T>(
  read: () => T | undefined,
  write: (value: T) => Uint8Array,
  bytes: Uint8Array,
): Result<T, MlsFault> {
  try {
    const value = read();
    if (value === undefined) return err(mlsFault('malformed', 'encoding'));
    return equal(write(value), bytes) ? ok(value) : err(mlsFault('malformed', 'second spelling'));
  } catch {
    // The library's decoders throw on some inputs (a length beyond the end) and give nothing on others.
    return err(mlsFault('malformed', 'encoding'));
  }
}

const isOf = <W extends MLSMessage['wireformat']>(message: MLSMessage, wireformat: W): message is Of<W> =>
  message.wireformat === wireformat;
