import type { AccountId, DeviceId } from '../../core/ids.ts';
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
    role: oneOf('admin', 'moderator', 'user', 'guest'),
    status: oneOf('active', 'deactivated'),
    lastLogin: optional(integer()),
    createdAt: integer(),
    updatedAt: integer(),
  },
  indexes: [unique('handle'), index('status')],
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
  },
  indexes: [index('userId', 'status')],
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
  indexes: [index('expiresAt')],
});
