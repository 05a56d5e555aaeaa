import * as v from 'valibot';
import { base64urlFromBytes, bytesFromBase64url, type Bytes } from '../core/bytes.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { NameCard } from './certificate.ts';
import { wireFault, type WireFault } from './errors.ts';
import { bytes, textUpTo } from './fields.ts';
import { limits } from './limits.ts';
import { cborFromValue, valueFromCbor } from './wire.ts';

/** What one person gives another so that they can write to each other: public, but theirs to give. */
export interface Invite extends NameCard {
  readonly accountKey: Bytes;
}

const PREFIX = 'cairn1:';
const schema = v.strictObject({ k: bytes(32), n: textUpTo(limits.name), s: bytes(16), c: bytes(4) });

/**
 * The invite as text and as the content of its QR code: `cairn1:` and base64url of CBOR.
 * @param checksum gives the first 4 bytes of SHA-256 of the CBOR without the checksum, so that a
 * mistyped code is told from a wrong one.
 */
export function codeFromInvite(invite: Invite, checksum: (data: Uint8Array) => Bytes): string {
  return PREFIX + base64urlFromBytes(cborFromValue({ ...body(invite), c: checksum(cborFromValue(body(invite))) }));
}

/** The invite in a code that somebody typed, pasted or scanned; white space around and inside it is ignored. */
export function inviteFromCode(code: string, checksum: (data: Uint8Array) => Bytes): Result<Invite, WireFault> {
  const text = code.replace(/\s+/g, '');
  if (text.length > limits.inviteCode) return err(wireFault('wire-too-large'));
  const version = /^cairn(\d+):/i.exec(text);
  if (version === null) return err(wireFault('malformed', 'prefix'));
  if (version[1] !== '1') return err(wireFault('wrong-version'));
  const encoded = bytesFromBase64url(text.slice(PREFIX.length));
  if (encoded === undefined) return err(wireFault('malformed', 'base64url'));
  const decoded = valueFromCbor(schema, encoded, limits.inviteCode);
  if (!decoded.ok) return decoded;
  const { k, n, s, c } = decoded.value;
  const invite = { accountKey: k, name: n, salt: s };
  const expected = checksum(cborFromValue(body(invite)));
  if (base64urlFromBytes(expected) !== base64urlFromBytes(c)) return err(wireFault('malformed', 'checksum'));
  if (n.trim() === '') return err(wireFault('malformed', 'name'));
  return ok(invite);
}

const body = (invite: Invite) => ({ k: invite.accountKey, n: invite.name, s: invite.salt });
