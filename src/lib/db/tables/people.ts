import type { AccountId, DeviceId } from '../../core/ids.ts';
import { userRoles } from '../../domain/userRoles.ts';
import {
  boolean,
  bytes,
  cascade,
  index,
  integer,
  json,
  oneOf,
  optional,
  sealed,
  table,
  text,
  unique,
} from '../declare.ts';
import type { Preferences, SecuritySettings } from '../values.ts';

/** The own account and every person known, contact or not. */
export const users = table({
  key: 'id',
  columns: {
    id: text<AccountId>(),
    handle: optional(text()),
    displayName: sealed(text()),
    /** Salt of the name card, so that the name can be shown to match its hash. */
    nameSalt: sealed(optional(bytes())),
    avatar: sealed(optional(bytes())),
    statusMessage: sealed(optional(text())),
    customFields: sealed(optional(json<Record<string, string>>())),
    preferences: sealed(optional(json<Preferences>())),
    securitySettings: sealed(optional(json<SecuritySettings>())),
    role: oneOf(...userRoles),
    status: oneOf('active', 'deactivated'),
    lastLogin: optional(integer()),
    createdAt: integer(),
    updatedAt: integer(),
  },
  indexes: [unique('handle'), index('status'), index('role'), index('createdAt'), index('lastLogin')],
});

/**
 * Pictures that people show of themselves, apart from `users`, so that who reads names reads no pictures. The row is
 * there as soon as somebody told how they show themselves, with or without a picture.
 */
export const profilePictures = table({
  key: 'userId',
  columns: {
    userId: text<AccountId>(),
    /** Sort key of the last word on it. */
    changedAt: text(),
    /** Square, JPEG. */
    picture: sealed(optional(bytes())),
  },
  indexes: [index('userId', 'changedAt')],
  relations: [cascade('userId', 'users', 'id')],
});

export const devices = table({
  key: 'id',
  columns: {
    id: text<DeviceId>(),
    userId: text<AccountId>(),
    deviceName: sealed(text()),
    deviceType: text(),
    platform: optional(text()),
    capabilities: optional(json<string[]>()),
    certificate: sealed(optional(bytes())),
    lastSeen: integer(),
    createdAt: integer(),
    status: oneOf('active', 'revoked'),
    /** A verified person's device that came or changed later: a person has yet to decide. */
    isUnreviewed: optional(boolean()),
  },
  indexes: [index('userId', 'status'), index('isUnreviewed')],
  relations: [cascade('userId', 'users', 'id')],
});

export const sessions = table({
  key: 'id',
  columns: {
    id: text(),
    userId: text<AccountId>(),
    deviceId: text<DeviceId>(),
    tokenHash: text(),
    refreshToken: sealed(optional(bytes())),
    expiresAt: integer(),
    lastActivity: integer(),
    createdAt: integer(),
  },
  indexes: [index('userId', 'deviceId'), index('deviceId'), index('expiresAt'), unique('tokenHash')],
  relations: [cascade('userId', 'users', 'id'), cascade('deviceId', 'devices', 'id')],
});

export const contacts = table({
  key: 'contactId',
  columns: {
    contactId: text<AccountId>(),
    displayName: sealed(text()),
    /** The account's Ed25519 identity key. */
    publicKey: sealed(bytes()),
    profilePicture: sealed(optional(bytes())),
    notes: sealed(optional(text())),
    isVerified: boolean(),
    isBlocked: boolean(),
    isOnline: boolean(),
    addedAt: integer(),
    lastSeen: optional(integer()),
    createdAt: integer(),
    updatedAt: integer(),
  },
  indexes: [index('isOnline'), index('isVerified')],
  relations: [cascade('contactId', 'users', 'id')],
});

/** Who may do what with a resource of any table; a grant that has expired denies. */
export const accessControl = table({
  key: ['resourceType', 'resourceId', 'userId'],
  columns: {
    resourceType: text(),
    resourceId: text(),
    userId: text<AccountId>(),
    permissions: sealed(json<string[]>()),
    grantedBy: text<AccountId>(),
    grantedAt: integer(),
    expiresAt: optional(integer()),
  },
  indexes: [index('userId'), index('expiresAt')],
});
