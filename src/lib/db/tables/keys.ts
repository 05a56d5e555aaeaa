import type { AccountId, ConversationId, DeviceId, GroupId, KeyPackageRef } from '../../core/ids.ts';
import {
  boolean,
  bytes,
  cascade,
  cryptoKey,
  index,
  integer,
  json,
  oneOf,
  optional,
  sealed,
  table,
  text,
} from '../declare.ts';
import type { StoredKdf } from '../values.ts';

export const keyStore = table({
  key: 'keyId',
  columns: {
    keyId: text(),
    keyType: oneOf('master', 'database', 'identity', 'device', 'mlsSignature', 'backup', 'file'),
    /** A key wrapped by the master key. Not sealed once more: it is what unlocks the sealing. */
    encryptedKey: optional(bytes()),
    /** Any other key, as it is. */
    key: sealed(optional(bytes())),
    /** Public half, where the key has one. */
    publicKey: sealed(optional(bytes())),
    algorithm: text(),
    /** How the wrapping key is derived, in clear; the wrapping authenticates it. */
    kdf: optional(json<StoredKdf>()),
    createdAt: integer(),
    expiresAt: optional(integer()),
    lastUsed: optional(integer()),
    usageCount: integer(),
    /** Failed unlocks in a row. In clear, because it is counted while locked. */
    failedUnlocks: optional(integer()),
    lastFailedAt: optional(integer()),
  },
  indexes: [index('keyType'), index('expiresAt'), index('lastUsed', 'usageCount')],
  checks: [
    {
      name: 'wrapped-or-sealed',
      columns: ['encryptedKey', 'key'],
      test: (row) => (row.encryptedKey === undefined) !== (row.key === undefined),
    },
  ],
});

/** One chain of a sender's device in one epoch of a group. */
export const senderKeys = table({
  key: ['groupId', 'senderPublicKey', 'keyId'],
  columns: {
    groupId: text<GroupId>(),
    /** MLS signature key of the sender's leaf in base64url. */
    senderPublicKey: text(),
    /** The epoch in decimal. */
    keyId: text(),
    /** The whole encoded chain, skipped keys and all. */
    chainKey: sealed(bytes()),
    skippedKeys: sealed(optional(bytes())),
    iteration: integer(),
    signaturePublic: bytes(),
    epoch: integer(),
    leaf: integer(),
    /** Of the own chain: the stream's epoch on the relay, where that is ahead of `epoch`. */
    streamEpoch: optional(integer()),
    /** Whose leaf it was in that epoch, by its certificate. */
    accountId: text<AccountId>(),
    deviceId: text<DeviceId>(),
    createdAt: integer(),
    updatedAt: integer(),
  },
  indexes: [index('groupId', 'senderPublicKey', 'epoch'), index('groupId', 'epoch', 'leaf'), index('createdAt')],
  relations: [cascade('groupId', 'mlsGroups', 'groupId')],
  grows: ['iteration'],
});

export const mlsGroups = table({
  key: 'groupId',
  columns: {
    groupId: text<GroupId>(),
    conversationId: text<ConversationId>(),
    epoch: integer(),
    /** One more with each write; whoever writes says which one it read. */
    revision: integer(),
    state: sealed(bytes()),
    /** Of what the members of this epoch say while others listen; none in a group from before there was any. */
    signalKey: sealed(optional(bytes())),
    /** A commit of our own that the relay has not answered yet. */
    staged: sealed(optional(bytes())),
    /**
     * The state came out of a backup: another holder of it may have sealed with the own chains that follow
     * from it. None is used until this device has entered an epoch of its own making.
     */
    restoredAt: optional(integer()),
    /** The stream's epoch on the relay: ahead of `epoch` by the commits that members refused. */
    streamEpoch: optional(integer()),
    /** When this device's leaf got its keys. */
    renewedAt: optional(integer()),
    /** The epoch in which a fork was told, so that it is told once. */
    forkedEpoch: optional(integer()),
    /** The epoch in which somebody's commit was refused, and a commit of our own put the group in front of it. */
    refusedEpoch: optional(integer()),
  },
  indexes: [index('conversationId')],
  relations: [cascade('conversationId', 'conversations', 'id')],
  grows: ['epoch', 'revision'],
});

export const keyPackages = table({
  key: 'ref',
  columns: {
    ref: text<KeyPackageRef>(),
    status: oneOf('created', 'uploaded', 'available', 'reserved', 'spent', 'expired'),
    cipherSuite: integer(),
    isLastResort: boolean(),
    notBefore: integer(),
    notAfter: integer(),
    createdAt: integer(),
    uploadedAt: optional(integer()),
    availableAt: optional(integer()),
    reservedAt: optional(integer()),
    reservationId: optional(text()),
    reservedBy: optional(text<AccountId>()),
    reservationExpiresAt: optional(integer()),
    spentAt: optional(integer()),
    spentBy: optional(text<AccountId>()),
    spentGroupId: optional(text<GroupId>()),
    expiredAt: optional(integer()),
  },
  indexes: [index('status'), index('notAfter'), index('createdAt')],
  checks: [{ name: 'lifetime', columns: ['notBefore', 'notAfter'], test: (row) => row.notBefore < row.notAfter }],
  transitions: {
    status: {
      created: ['uploaded', 'expired'],
      uploaded: ['available', 'expired'],
      available: ['reserved', 'spent', 'expired'],
      reserved: ['available', 'spent', 'expired'],
      spent: [],
      expired: [],
    },
  },
});

/** The private half of a package; deleted in the transaction that spends or expires it. */
export const keyPackageBundles = table({
  key: 'ref',
  columns: {
    ref: text<KeyPackageRef>(),
    bundle: sealed(bytes()),
    /** What the relay is given, kept until it has it. */
    publicPackage: optional(bytes()),
  },
  relations: [cascade('ref', 'keyPackages', 'ref')],
});

/** What the service worker logs in with while the app is locked. Opens no message. */
export const relayLogin = table({
  key: 'id',
  columns: {
    id: oneOf('self'),
    accountId: text<AccountId>(),
    deviceId: text<DeviceId>(),
    /** Ed25519, not extractable. */
    loginKey: cryptoKey(),
    registeredCertificate: bytes(),
    relayOrigin: text(),
  },
});
