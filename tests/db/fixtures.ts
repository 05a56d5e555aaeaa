import type { AccountId, ConversationId, DeviceId, GroupId, MessageId } from '../../src/lib/core/ids.ts';
import type { Bytes } from '../../src/lib/core/bytes.ts';
import type { Clock, Random, Sealer } from '../../src/lib/core/ports.ts';
import { settle, type Fault } from '../../src/lib/core/result.ts';
import { createSealer } from '../../src/lib/crypto/seal.ts';
import type {
  ContactRow,
  ConversationRow,
  DeviceRow,
  GroupMemberRow,
  GroupRow,
  MessageRow,
  Store,
  UserRow,
} from '../../src/lib/db/store.ts';

export const NOW = 1_800_000_000_000;

/** A clock that stands still until it is moved. */
export function standingClock(): Clock & { move(ms: number): void } {
  let now = NOW;
  return { now: () => now, after: () => () => undefined, move: (ms) => (now += ms) };
}

/** Bytes that differ from call to call and are the same in every run. */
export function countingRandom(): Random {
  let state = 1;
  return {
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let i = 0; i < length; i++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        bytes[i] = state >>> 24;
      }
      return bytes;
    },
  };
}

export const databaseKey = (): Bytes => new Uint8Array(32).fill(7);

export const testSealer = (): Sealer => createSealer(databaseKey(), countingRandom());

/** The fault that `work` is refused with; fails where it is not. */
export async function faultFrom(work: PromiseLike<unknown>): Promise<Fault & { entity?: string; field?: string }> {
  const result = await settle(Promise.resolve(work));
  if (result.ok) throw new Error('was not refused');
  return result.error;
}

export const account = (name: string) => `account-${name}` as AccountId;
export const device = (name: string) => `device-${name}` as DeviceId;
export const conversation = (name: string) => `conversation-${name}` as ConversationId;
export const group = (name: string) => `group-${name}` as GroupId;
export const message = (name: string) => `message-${name}` as MessageId;

const times = { createdAt: NOW, updatedAt: NOW };

export const user = (name: string, more: Partial<UserRow> = {}): UserRow => ({
  id: account(name),
  displayName: name,
  role: 'user',
  status: 'active',
  ...times,
  ...more,
});

export const deviceRow = (name: string, owner: string): DeviceRow => ({
  id: device(name),
  userId: account(owner),
  deviceName: name,
  deviceType: 'browser',
  lastSeen: NOW,
  createdAt: NOW,
  status: 'active',
});

export const contact = (name: string, more: Partial<ContactRow> = {}): ContactRow => ({
  contactId: account(name),
  displayName: name,
  publicKey: new Uint8Array(32).fill(name.length),
  isVerified: false,
  isBlocked: false,
  isOnline: false,
  addedAt: NOW,
  ...times,
  ...more,
});

export const conversationRow = (name: string, more: Partial<ConversationRow> = {}): ConversationRow => ({
  id: conversation(name),
  kind: 'direct',
  title: name,
  unreadCount: 0,
  lastReadSortKey: '',
  isPinned: false,
  isMuted: false,
  isArchived: false,
  lastActivity: NOW,
  ...times,
  ...more,
});

export const groupRow = (name: string, more: Partial<GroupRow> = {}): GroupRow => ({
  groupId: group(name),
  name,
  groupType: 'private',
  joinRule: 'invite',
  maxMembers: 100,
  isAnonymous: false,
  isActive: true,
  ...times,
  ...more,
});

export const memberRow = (groupName: string, name: string, more: Partial<GroupMemberRow> = {}): GroupMemberRow => ({
  groupId: group(groupName),
  memberId: account(name),
  publicKey: `key-${name}`,
  displayName: name,
  role: 'member',
  isOnline: false,
  joinedAt: NOW,
  lastActive: NOW,
  ...times,
  ...more,
});

export const sortKey = (order: number): string => `${order.toString(16).padStart(12, '0')}0000-device`;

export const messageRow = (
  conversationName: string,
  name: string,
  order: number,
  more: Partial<MessageRow> = {},
): MessageRow => ({
  id: message(name),
  conversationId: conversation(conversationName),
  senderId: account('ana'),
  type: 'text',
  content: `text of ${name}`,
  isOutgoing: false,
  isEncrypted: true,
  status: 'sent',
  sortKey: sortKey(order),
  timestamp: NOW + order,
  isDeleted: false,
  ...times,
  ...more,
});

/** Ana's user, device and contact, and the direct conversation with her. */
export async function meetAna(store: Store): Promise<void> {
  await store.users.add(user('ana'));
  await store.devices.add(deviceRow('ana-phone', 'ana'));
  await store.contacts.add(contact('ana'));
  await store.conversations.add(conversationRow('ana', { contactId: account('ana') }));
}
