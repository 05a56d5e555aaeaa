import { concat, utf8, type Bytes } from '../../core/bytes.ts';
import { bytesFromId, type GroupId } from '../../core/ids.ts';
import type { Random } from '../../core/ports.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { JoinLink, LinkPassword } from '../../domain/groupData.ts';
import { hkdfSha256, sha256, xchachaOpen, xchachaSeal } from '../primitives.ts';
import { fixedKdf, masterKeyFromPassphrase, wasmRuns, type VaultFault } from '../vault.ts';
import { mlsFault, type MlsFault } from './fault.ts';
import { dataOf, groupIdOf, type MlsGroup } from './group.ts';

/**
 * A join link leads to a box on the relay with the group's info key in it. What opens it is in the link, and
 * in the head of whoever knows the password; the relay has neither.
 */
export interface Door {
  /** SHA-256 of the token that the relay asks for. */
  readonly token: Bytes;
  /** 24-byte nonce ‖ XChaCha20-Poly1305 of the info key under the link's key, with the group id as additional data. */
  readonly box: Bytes;
}

const SECRET_BYTES = 16;
const NONCE = 24;

/** A new link. @param password left out or empty: whoever has the link may come. */
export async function createJoinLink(random: Random, password = ''): Promise<Result<JoinLink, VaultFault>> {
  const secret = random.bytes(SECRET_BYTES);
  if (password === '') return ok({ secret, key: linkKey(secret) });
  const kind: LinkPassword = wasmRuns() ? 'argon2id' : 'pbkdf2-sha256';
  const key = await keyOfLink(secret, kind, password);
  return key.ok ? ok({ secret, key: key.value, password: kind }) : key;
}

/** The key of a link: of its secret, and where there is one of the password too, stretched as at the lock. */
export async function keyOfLink(
  secret: Uint8Array,
  kind: LinkPassword | undefined,
  password: string,
): Promise<Result<Bytes, VaultFault>> {
  if (kind === undefined) return ok(linkKey(secret));
  const salt = sha256(concat(utf8('cairn/1 join salt\0'), secret)).slice(0, 16);
  const stretched = await masterKeyFromPassphrase(password, fixedKdf(kind, salt));
  return stretched.ok ? ok(linkKey(concat(secret, stretched.value))) : stretched;
}

/** What whoever has the link shows the relay to be given the box; it opens nothing. */
export const tokenOfLink = (secret: Uint8Array): Bytes => hkdf(secret, 'cairn/1 join token');

/** The box that a commit leaves at the relay; `undefined` where nobody may come by a link. */
export function doorOf(group: MlsGroup, random: Random): Door | undefined {
  const { link, infoKey } = dataOf(group);
  if (link === undefined || infoKey === undefined) return undefined;
  const nonce = random.bytes(NONCE);
  const box = concat(nonce, xchachaSeal(link.key, nonce, bytesFromId(groupIdOf(group)), infoKey));
  return { token: sha256(tokenOfLink(link.secret)), box };
}

/** The info key in a box. @returns `tampered` where it is sealed under another key: a wrong password. */
export function openDoor(groupId: GroupId, key: Uint8Array, box: Uint8Array): Result<Bytes, MlsFault> {
  const nonce = box.subarray(0, NONCE);
  if (nonce.length < NONCE) return err(mlsFault('malformed', 'too short'));
  const plain = xchachaOpen(key, nonce, bytesFromId(groupId), box.subarray(NONCE));
  return plain === undefined ? err(mlsFault('tampered', 'join key')) : ok(plain);
}

const linkKey = (secret: Uint8Array): Bytes => hkdf(secret, 'cairn/1 join key');

const hkdf = (secret: Uint8Array, label: string): Bytes => hkdfSha256(secret, new Uint8Array(), utf8(label), 32);
