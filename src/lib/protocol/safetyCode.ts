import { base64urlFromBytes, bytesFromBase64url, concat, type Bytes } from '../core/bytes.ts';
import { err, ok, type Result } from '../core/result.ts';
import { wireFault, type WireFault } from './errors.ts';

/** What the QR code of a safety number holds: two fingerprints as one of the two sees them. */
export interface SafetyCode {
  /** Fingerprint of whoever shows the code: 32 bytes. */
  readonly own: Bytes;
  /** Fingerprint of whom they think they are talking to: 32 bytes. */
  readonly other: Bytes;
}

const PREFIX = 'cairn-safety:';
const VERSION = 1;
const FINGERPRINT = 32;
const LENGTH = 1 + 2 * FINGERPRINT;

/** `cairn-safety:` and the base64url of `version ‖ own ‖ other`. */
export const textFromSafetyCode = ({ own, other }: SafetyCode): string =>
  PREFIX + base64urlFromBytes(concat(Uint8Array.of(VERSION), own, other));

/** The fingerprints in a text that somebody scanned. @returns `malformed`, `wrong-version`. */
export function safetyCodeFromText(text: string): Result<SafetyCode, WireFault> {
  const trimmed = text.trim();
  if (!trimmed.startsWith(PREFIX)) return err(wireFault('malformed', 'prefix'));
  const encoded = bytesFromBase64url(trimmed.slice(PREFIX.length));
  if (encoded === undefined || encoded.length === 0) return err(wireFault('malformed', 'base64url'));
  if (encoded[0] !== VERSION) return err(wireFault('wrong-version', String(encoded[0])));
  if (encoded.length !== LENGTH) return err(wireFault('malformed', 'length'));
  return ok({ own: encoded.slice(1, 1 + FINGERPRINT), other: encoded.slice(1 + FINGERPRINT) });
}
