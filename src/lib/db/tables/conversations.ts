import type { AccountId, ConversationId, GroupId } from '../../core/ids.ts';
import { roles } from '../../domain/roles.ts';
import {
  boolean,
  cascade,
  index,
  integer,
  json,
  oneOf,
  optional,
  sealed,
  setNull,
  table,
  text,
  unique,
} from '../declare.ts';
import type { ConversationMetadata, GroupSettings, MemberSettings } from '../values.ts';

export const conversations = table({
  key: 'id',
  columns: {
    id: text<ConversationId>(),
    kind: oneOf('direct', 'group', 'channel', 'system', 'temporary'),
    contactId: optional(text<AccountId>()),
    groupId: optional(text<GroupId>()),
    workspaceId: optional(text()),
    title: sealed(text()),
    /** Keyed hash of the title, for looking a conversation up by name. */
    titleKey: optional(text()),
    draft: sealed(optional(text())),
    metadata: sealed(optional(json<ConversationMetadata>())),
    unreadCount: integer(),
    /** Empty before anything was read. */
    lastReadSortKey: text(),
    /** Ids of unread messages up to that key, which came when what follows them had been read; a space between. */
    unreadBehind: optional(text()),
    isPinned: boolean(),
    isMuted: boolean(),
    isArchived: boolean(),
    /** Somebody wants to come back to it: shown as unread though nothing in it is. */
    isMarkedUnread: optional(boolean()),
    /** Since when it is out of use: hidden, its history kept. */
    deactivatedAt: optional(integer()),
    /** Of a temporary conversation: when it is wiped. */
    expiresAt: optional(integer()),
    lastActivity: integer(),
    createdAt: integer(),
    updatedAt: integer(),
  },
  indexes: [
    index('lastActivity'),
    index('kind', 'lastActivity'),
    index('contactId'),
    index('groupId'),
    index('workspaceId'),
    index('expiresAt'),
    index('createdAt'),
    index('titleKey'),
    index('deactivatedAt'),
  ],
  relations: [
    cascade('contactId', 'contacts', 'contactId'),
    cascade('groupId', 'groups', 'groupId'),
    setNull('workspaceId', 'workspaces', 'id'),
  ],
  keyed: { titleKey: 'title' },
  checks: [
    {
      name: 'one-of-contact-and-group',
      columns: ['kind', 'contactId', 'groupId'],
      test: (row) => row.kind === 'system' || (row.contactId === undefined) !== (row.groupId === undefined),
    },
    { name: 'unread-not-negative', columns: ['unreadCount'], test: (row) => row.unreadCount >= 0 },
    {
      name: 'temporary-expires',
      columns: ['kind', 'expiresAt'],
      test: (row) => (row.kind === 'temporary') === (row.expiresAt !== undefined),
    },
  ],
});

/** No group is larger, whatever its own limit says. */
export const GROUP_HARD_CAP = 1000;

export const groups = table({
  key: 'groupId',
  columns: {
    groupId: text<GroupId>(),
    name: sealed(text()),
    description: sealed(optional(text())),
    groupType: oneOf('public', 'private', 'secret'),
    joinRule: oneOf('open', 'password', 'invite'),
    createdBy: optional(text<AccountId>()),
    maxMembers: integer(),
    /** How many members there are, kept by the store. */
    memberCount: optional(integer()),
    isAnonymous: boolean(),
    /** False after a soft delete: hidden, history kept. */
    isActive: boolean(),
    settings: sealed(optional(json<GroupSettings>())),
    createdAt: integer(),
    updatedAt: integer(),
  },
  indexes: [index('groupType'), index('createdBy'), index('isActive'), index('memberCount')],
  checks: [
    {
      name: 'member-limit',
      columns: ['maxMembers'],
      test: (row) => row.maxMembers >= 1 && row.maxMembers <= GROUP_HARD_CAP,
    },
  ],
});

/** A projection of the authenticated MLS roster, never the source of truth. */
export const groupMembers = table({
  key: ['groupId', 'memberId'],
  columns: {
    groupId: text<GroupId>(),
    /** Account id, or the id of an anonymous member. */
    memberId: text<AccountId>(),
    /** Ed25519 identity key in base64url. */
    publicKey: text(),
    displayName: sealed(text()),
    role: oneOf(...roles),
    permissions: sealed(optional(json<string[]>())),
    memberSettings: sealed(optional(json<MemberSettings>())),
    anonymousId: optional(text()),
    isOnline: boolean(),
    joinedAt: integer(),
    lastActive: integer(),
    createdAt: integer(),
    updatedAt: integer(),
  },
  indexes: [
    index('groupId', 'role'),
    index('memberId'),
    index('groupId', 'lastActive'),
    index('groupId', 'joinedAt'),
    unique('groupId', 'publicKey'),
  ],
  relations: [cascade('groupId', 'groups', 'groupId')],
  atMost: { per: 'groupId', limit: 'maxMembers' },
  counted: { per: 'groupId', column: 'memberCount' },
});
