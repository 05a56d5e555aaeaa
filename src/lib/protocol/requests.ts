import * as v from 'valibot';
import { concat, utf8, type Bytes } from '../core/bytes.ts';
import { CERTIFICATE_LIMIT } from './certificate.ts';
import {
  accountId,
  bytes,
  bytesUpTo,
  deviceId,
  entryId,
  keyPackageRef,
  natural,
  plainMap,
  streamId,
  time,
} from './fields.ts';
import { limits } from './limits.ts';
import { signalFrame } from './signals.ts';

/**
 * `/api/v1`: every request and answer between client and relay. Bodies are deterministic CBOR
 * (`application/cbor`). Everything may be sent again: a retry gets the first answer. An error is
 * answered as {@link errorBody} with the status of its code (`errors.ts`).
 *
 * All but `register`, `challenge` and `login` need `Authorization: Bearer <token>`.
 */

const empty = v.pipe(plainMap<Record<string, never>>(), v.strictObject({}));

/**
 * `POST accounts`: makes account and device known. The certificate proves itself; again is fine. A device that
 * is new brings what `accounts/terms` asks for: `work-needed`, `invite-needed`.
 */
export const register = {
  path: 'accounts',
  request: v.strictObject({
    certificate: bytesUpTo(CERTIFICATE_LIMIT),
    work: v.exactOptional(natural),
    invite: v.exactOptional(entryId),
  }),
  answer: v.strictObject({ account: accountId }),
};

/** `POST login/challenge`: a nonce for one login, valid a minute. */
export const challenge = {
  path: 'login/challenge',
  request: v.strictObject({ device: deviceId }),
  answer: v.strictObject({ challenge: bytes(32), expiresAt: time }),
};

/** `POST login`: the device's login key signs {@link challengeToSign}. A challenge works once. */
export const login = {
  path: 'login',
  request: v.strictObject({ device: deviceId, challenge: bytes(32), signature: bytes(64) }),
  answer: v.strictObject({ token: bytes(32), expiresAt: time }),
};

/** `POST login/refresh`: a new token for the session; the old one ends. */
export const refresh = {
  path: 'login/refresh',
  request: empty,
  answer: v.strictObject({ token: bytes(32), expiresAt: time }),
};

/** `"cairn/1 login" ‖ 0 ‖ origin ‖ 0 ‖ challenge`: bound to the relay's origin, so it is worth nothing elsewhere. */
export const challengeToSign = (origin: string, nonce: Uint8Array): Bytes =>
  concat(utf8('cairn/1 login\0'), utf8(origin), utf8('\0'), nonce);

/** What is left of a device's packages: of each MLS cipher suite (IANA number) that there are any of. */
const pools = v.strictObject({
  pools: v.array(v.strictObject({ suite: natural, available: natural, lastResort: v.boolean() })),
});

/** `POST key-packages`: fills the device's pool. Packages already known are left as they are. */
export const publishKeyPackages = {
  path: 'key-packages',
  request: v.strictObject({
    packages: v.pipe(
      v.array(
        v.strictObject({
          ref: keyPackageRef,
          suite: natural,
          notAfter: time,
          lastResort: v.boolean(),
          bytes: bytesUpTo(limits.keyPackage),
        }),
      ),
      v.maxLength(limits.keyPackages),
    ),
  }),
  answer: pools,
};

/** `POST key-packages/count`: what is left of the device's own pool. */
export const countKeyPackages = {
  path: 'key-packages/count',
  request: empty,
  answer: pools,
};

/**
 * `POST key-packages/claim`: reserves one package of `suite` of each active device of each account. The same `claim` of
 * the same device gets the same packages as long as they are reserved and not spent: a lost answer costs none.
 */
export const claimKeyPackages = {
  path: 'key-packages/claim',
  request: v.strictObject({
    claim: entryId,
    suite: natural,
    accounts: v.pipe(v.array(accountId), v.minLength(1), v.maxLength(limits.claimAccounts)),
  }),
  answer: v.strictObject({
    claims: v.array(
      v.strictObject({
        account: accountId,
        device: deviceId,
        ref: keyPackageRef,
        reservation: entryId,
        expiresAt: time,
        lastResort: v.boolean(),
        bytes: bytesUpTo(limits.keyPackage),
      }),
    ),
    /** Accounts that the relay does not know or that have no package left. */
    missing: v.array(accountId),
  }),
};

/**
 * `POST streams/{stream}/entries`: appends sealed records, in order, all of them or those before the first refusal.
 * For a `quiet` one, as a receipt, no device is woken.
 */
export const append = {
  path: (stream: string) => `streams/${stream}/entries`,
  request: v.strictObject({
    entries: v.pipe(
      v.array(
        v.strictObject({
          id: entryId,
          epoch: natural,
          payload: bytesUpTo(limits.entry),
          quiet: v.exactOptional(v.literal(true)),
        }),
      ),
      v.minLength(1),
      v.maxLength(limits.appendEntries),
    ),
  }),
  /** One result for each entry, in order. */
  answer: v.strictObject({
    results: v.array(
      v.variant('ok', [
        v.strictObject({ ok: v.literal(true), id: entryId, seq: natural }),
        v.strictObject({
          ok: v.literal(false),
          id: entryId,
          code: v.picklist(['stale-epoch', 'future-epoch', 'conflict', 'not-sent']),
        }),
      ]),
    ),
  }),
};

/**
 * `POST streams/{stream}/offer`: asks whether records would be taken, before their ciphertext leaves the
 * device. Someone who was removed still holds the keys of the epoch they left: a record that the fence
 * refuses must never have been sent. Answers like `append`, without storing anything; `seq` is 0 for a
 * record that is not there yet.
 */
export const offer = {
  path: (stream: string) => `streams/${stream}/offer`,
  request: v.strictObject({
    entries: v.pipe(
      v.array(v.strictObject({ id: entryId, epoch: natural })),
      v.minLength(1),
      v.maxLength(limits.appendEntries),
    ),
  }),
  answer: append.answer,
};

/**
 * `POST streams/{stream}/commits`: the one commit of an epoch, first wins. The commit, the new list of
 * readers, the welcomes and the spending of reservations happen together or not at all, so nobody is
 * welcomed into an epoch that does not exist. A commit for epoch 0 of an unknown stream creates it.
 */
export const commit = {
  path: (stream: string) => `streams/${stream}/commits`,
  request: v.strictObject({
    id: entryId,
    /** The epoch that the commit ends. */
    epoch: natural,
    payload: bytesUpTo(limits.entry),
    /** The devices that may read and append from here on, the committer's among them. */
    members: v.pipe(v.array(deviceId), v.maxLength(limits.streamMembers)),
    /** Whether membership changed: records of earlier epochs are then refused. */
    fence: v.boolean(),
    welcomes: v.pipe(
      v.array(v.strictObject({ id: entryId, device: deviceId, payload: bytesUpTo(limits.entry) })),
      v.maxLength(limits.streamMembers),
    ),
    /** Reservations of the KeyPackages that this commit used. */
    spends: v.pipe(v.array(entryId), v.maxLength(limits.streamMembers)),
    /** What a member's device needs to come back alone, sealed; it takes the place of that of the commit before. */
    info: v.exactOptional(bytesUpTo(limits.entry)),
    /** What lets people in by a link: the SHA-256 of the token that they show, and what they get for it. Without it nobody comes that way. */
    door: v.exactOptional(v.strictObject({ token: bytes(32), box: bytesUpTo(limits.box) })),
    /** The token, of a device that comes by the link: it brings itself alone, and the door stays as it is. */
    through: v.exactOptional(bytes(32)),
  }),
  answer: v.strictObject({ seq: natural }),
};

/**
 * `POST streams/{stream}/info`: what the newest commit left for a member's device that can't follow the group
 * any more. `epoch` and `head` are the stream's; without `info` that commit left none. Whoever comes by the link
 * shows its token as `through`, and gets the box too.
 */
export const groupInfo = {
  path: (stream: string) => `streams/${stream}/info`,
  request: v.pipe(plainMap<Record<string, unknown>>(), v.strictObject({ through: v.exactOptional(bytes(32)) })),
  answer: v.strictObject({
    epoch: natural,
    head: natural,
    info: v.exactOptional(bytesUpTo(limits.entry)),
    box: v.exactOptional(bytesUpTo(limits.box)),
  }),
};

export const entryKinds = ['record', 'commit', 'welcome'] as const;
export type EntryKind = (typeof entryKinds)[number];

const ofEntry = {
  /** From 1, dense. */
  seq: natural,
  kind: v.picklist(entryKinds),
  id: entryId,
  epoch: natural,
  sender: deviceId,
  /** When the relay took it. */
  at: time,
  payload: bytesUpTo(limits.entry),
};
/** One entry of a stream as the relay hands it out. Only `payload` is believed, once it verifies. */
export const entry = v.strictObject({ stream: streamId, ...ofEntry });
export type Entry = v.InferOutput<typeof entry>;

/**
 * `POST catch-up`: what is new in all of the device's streams, its mailbox (the stream with the
 * device's own id) first. A stream without a cursor starts where the device was let in.
 */
export const catchUp = {
  path: 'catch-up',
  request: v.strictObject({
    cursors: v.pipe(
      plainMap<Record<string, number>>(),
      v.record(streamId, natural),
      v.check((cursors) => Object.keys(cursors).length <= limits.catchUpStreams, 'streams'),
    ),
  }),
  answer: v.strictObject({
    entries: v.array(entry),
    /** Whether to ask again with the new cursors. */
    more: v.boolean(),
    /** Streams that end before the reader's cursor, and where: the cursor is none of this relay's. */
    ends: v.exactOptional(v.pipe(plainMap<Record<string, number>>(), v.record(streamId, natural))),
    /**
     * Streams whose next entry for the reader is gone, because it was too old, and the first that is there, or
     * will be. What was before that can't be had any more: the reader goes on there.
     */
    trimmed: v.exactOptional(v.pipe(plainMap<Record<string, number>>(), v.record(streamId, natural))),
  }),
};

export const errorBody = v.strictObject({ code: v.string(), detail: v.optional(v.string()) });

/**
 * `GET socket` upgrades to a WebSocket. The client's first frame is {@link hello}; the relay answers
 * `{ ready: true }` and from then on sends {@link bell} whenever one of the device's streams grew.
 * Whoever hears a bell catches up over HTTP; a lost bell loses nothing.
 */
export const socketPath = 'socket';
export const hello = v.strictObject({
  token: bytes(32),
  /** Whether {@link liveEntries} are wanted in place of bells, where the relay has them at hand. */
  live: v.exactOptional(v.literal(true)),
  /** Whether signals are wanted. */
  signals: v.exactOptional(v.literal(true)),
});
export const ready = v.strictObject({ ready: v.literal(true) });
export const bell = v.strictObject({ stream: streamId, head: natural });
export const socketFrame = v.union([ready, bell, signalFrame]);
/**
 * What a stream grew by, in order and without gaps, to whoever asked for it in the hello. It says no more than a
 * bell: who is not exactly behind the first of them catches up over HTTP. In its place may always come a bell.
 */
export const liveEntries = v.strictObject({ stream: streamId, entries: v.array(v.strictObject(ofEntry)) });
export const liveFrame = v.union([ready, bell, liveEntries, signalFrame]);
/** The relay closes with this: the first frame was no hello that it knows, or another came. */
export const BAD_FRAME = 4400;
/** Why the relay closes a socket. After `unauthorized` the client logs in again, after the others it just returns. */
export const socketCloses = {
  goingAway: 1001,
  tryAgain: 1013,
  badFrame: BAD_FRAME,
  /** The token is unknown or ended, or the device was revoked. */
  unauthorized: 4401,
  /** No hello within ten seconds. */
  noHello: 4408,
} as const;
