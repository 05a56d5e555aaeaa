import * as v from 'valibot';
import { base64urlFromBytes, bytesFromBase64url, type Bytes } from '../core/bytes.ts';
import { bytesFromId, idFromBytes, type GroupId } from '../core/ids.ts';
import { err, ok, type Result } from '../core/result.ts';
import { wireFault, type WireFault } from './errors.ts';
import { bytes } from './fields.ts';
import { limits } from './limits.ts';
import { cborFromValue, valueFromCbor } from './wire.ts';

/** What a join link holds: whoever has it may ask to come in, and with the password, where there is one, may. */
export interface JoinCode {
  readonly group: GroupId;
  /** 16 bytes. */
  readonly secret: Bytes;
  /** How the password is stretched; absent where none is asked for. */
  readonly password?: 'argon2id' | 'pbkdf2-sha256';
}

const PREFIX = 'cairn1-group:';
const schema = v.strictObject({
  g: bytes(16),
  s: bytes(16),
  p: v.exactOptional(v.picklist(['argon2id', 'pbkdf2-sha256'])),
  c: bytes(4),
});

/**
 * The code as text: `cairn1-group:` and base64url of CBOR. It stands behind the `#` of a link, which no
 * browser sends to a server.
 * @param checksum as of an invite code.
 */
export function textFromJoinCode(code: JoinCode, checksum: (data: Uint8Array) => Bytes): string {
  const body = bodyOf(code);
  return PREFIX + base64urlFromBytes(cborFromValue({ ...body, c: checksum(cborFromValue(body)) }));
}

/**
 * The code in what somebody opened, typed or pasted: the code alone or a whole link. White space is ignored.
 * @returns `wire-too-large`, `wrong-version`, `malformed`.
 */
export function joinCodeFromText(text: string, checksum: (data: Uint8Array) => Bytes): Result<JoinCode, WireFault> {
  const bare = text.replace(/\s+/g, '').replace(/^https?:\/\/[^#]*#/i, '');
  if (bare.length > limits.joinCode) return err(wireFault('wire-too-large'));
  const version = /^cairn(\d+)-group:/i.exec(bare);
  if (version === null) return err(wireFault('malformed', 'prefix'));
  if (version[1] !== '1') return err(wireFault('wrong-version'));
  const encoded = bytesFromBase64url(bare.slice(PREFIX.length));
  if (encoded === undefined) return err(wireFault('malformed', 'base64url'));
  const decoded = valueFromCbor(schema, encoded, limits.joinCode);
  if (!decoded.ok) return decoded;
  const { g, s, p, c } = decoded.value;
  const code: JoinCode = {
    group: idFromBytes<GroupId>(g),
    secret: Uint8Array.from(s),
    ...(p === undefined ? {} : { password: p }),
  };
  const expected = checksum(cborFromValue(bodyOf(code)));
  return base64urlFromBytes(expected) === base64urlFromBytes(c) ? ok(code) : err(wireFault('malformed', 'checksum'));
}

const bodyOf = ({ group, secret, password }: JoinCode) => ({ g: bytesFromId(group), s: secret, p: password });
