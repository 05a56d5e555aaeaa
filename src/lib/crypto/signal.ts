import { concat, u64, utf8, type Bytes } from '../core/bytes.ts';
import { bytesFromId, type DeviceId, type GroupId } from '../core/ids.ts';
import type { Random } from '../core/ports.ts';
import { xchachaOpen, xchachaSeal } from './primitives.ts';

/** What one device tells those of a group who listen right now, and nobody keeps. */
export interface Signal {
  readonly isTyping: boolean;
  /** When, by the sender's clock in milliseconds: what is not later than the one before was played again. */
  readonly at: number;
}

/** Where a signal belongs; it opens nowhere else. */
export interface SignalPlace {
  readonly group: GroupId;
  readonly device: DeviceId;
  /** Of the group. */
  readonly epoch: number;
}

const NONCE = 24;
/** One byte of kind, eight of time, and nothing: all signals look alike. */
const PLAINTEXT = 24;
const [STOPPED, TYPING] = [0, 1];

/**
 * `24-byte random nonce ‖ XChaCha20-Poly1305(kind ‖ u64 time ‖ zeros)`, 64 bytes in all. Whoever is in the group can
 * seal one in anybody's name: it is worth no more than that, and proves nothing to others.
 * @param key 32 bytes, `MLS-Exporter("cairn/1 signal", group id ‖ epoch, 32)`.
 */
export function sealSignal(key: Bytes, place: SignalPlace, { isTyping, at }: Signal, random: Random): Bytes {
  const nonce = random.bytes(NONCE);
  const said = new Uint8Array(PLAINTEXT);
  said.set([isTyping ? TYPING : STOPPED]);
  said.set(u64(at), 1);
  return concat(nonce, xchachaSeal(key, nonce, boundTo(place), said));
}

/** `undefined` for what was not sealed with this key for this place, or says nothing that is known. */
export function openSignal(key: Bytes, place: SignalPlace, sealed: Uint8Array): Signal | undefined {
  const said = xchachaOpen(key, sealed.slice(0, NONCE), boundTo(place), sealed.slice(NONCE));
  if (said?.length !== PLAINTEXT) return undefined;
  const at = new DataView(said.buffer, said.byteOffset + 1, 8).getBigUint64(0);
  const kind = said[0];
  const isKnown = (kind === TYPING || kind === STOPPED) && at <= BigInt(Number.MAX_SAFE_INTEGER);
  return isKnown ? { isTyping: kind === TYPING, at: Number(at) } : undefined;
}

const boundTo = ({ group, device, epoch }: SignalPlace): Bytes =>
  concat(utf8('cairn/1 signal\0'), bytesFromId(group), bytesFromId(device), u64(epoch));
