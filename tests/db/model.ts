import { expect } from 'vitest';
import type { Store } from '../../src/lib/db/store.ts';
import {
  account,
  contact,
  conversation,
  conversationRow,
  group,
  groupRow,
  memberRow,
  message,
  messageRow,
  sortKey,
} from './fixtures.ts';

/** What the store is for people and talk, written down as plainly as can be: five maps and no cleverness. */
export interface Model {
  readonly contacts: Set<string>;
  /** Name of the contact or group that it is with. */
  readonly conversations: Map<string, { kind: 'direct' | 'group'; with: string }>;
  /** By conversation and place in it. */
  readonly messages: Map<string, { conversation: string; order: number; id: string; text: string }>;
  readonly groups: Map<string, { max: number; active: boolean }>;
  readonly members: Map<string, { group: string; name: string; key: string }>;
}

export const emptyModel = (): Model => ({
  contacts: new Set(),
  conversations: new Map(),
  messages: new Map(),
  groups: new Map(),
  members: new Map(),
});

export const copyOf = (model: Model): Model => ({
  contacts: new Set(model.contacts),
  conversations: new Map(model.conversations),
  messages: new Map(model.messages),
  groups: new Map(model.groups),
  members: new Map(model.members),
});

export type Operation =
  | { do: 'addContact' | 'deleteContact' | 'deleteConversation' | 'deleteGroup'; name: string }
  | { do: 'addConversation'; name: string; kind: 'direct' | 'group'; with: string }
  | { do: 'addMessages' | 'putMessages'; messages: { conversation: string; order: number; id: string; text: string }[] }
  | { do: 'editMessages'; conversation: string; text: string }
  | { do: 'deleteMessage'; id: string }
  | { do: 'deleteMessagesUpTo'; conversation: string; order: number }
  | { do: 'putGroup'; name: string; max: number; active: boolean }
  | { do: 'putMember'; group: string; name: string; key: string }
  | { do: 'removeMember'; group: string; name: string }
  | { do: 'clearContacts' | 'clearGroups' };

/** Carries `operation` out on the model. @returns the code it is refused with; the model may then be half changed. */
export function applyToModel(model: Model, operation: Operation): string | undefined {
  switch (operation.do) {
    case 'addContact':
      if (model.contacts.has(operation.name)) return 'duplicate';
      model.contacts.add(operation.name);
      return undefined;
    case 'deleteContact':
      return dropContact(model, operation.name);
    case 'clearContacts':
      for (const name of [...model.contacts]) dropContact(model, name);
      return undefined;
    case 'addConversation': {
      const known = operation.kind === 'direct' ? model.contacts.has(operation.with) : model.groups.has(operation.with);
      if (!known) return 'constraint';
      if (model.conversations.has(operation.name)) return 'duplicate';
      model.conversations.set(operation.name, { kind: operation.kind, with: operation.with });
      return undefined;
    }
    case 'deleteConversation':
      return dropConversation(model, operation.name);
    case 'addMessages':
    case 'putMessages':
      return writeMessages(model, operation.messages, operation.do === 'addMessages');
    case 'editMessages':
      for (const [key, row] of model.messages) {
        if (row.conversation === operation.conversation) model.messages.set(key, { ...row, text: operation.text });
      }
      return undefined;
    case 'deleteMessage':
      for (const [key, row] of model.messages) if (row.id === operation.id) model.messages.delete(key);
      return undefined;
    case 'deleteMessagesUpTo':
      for (const [key, row] of model.messages) {
        if (row.conversation === operation.conversation && row.order <= operation.order) model.messages.delete(key);
      }
      return undefined;
    case 'putGroup':
      model.groups.set(operation.name, { max: operation.max, active: operation.active });
      return undefined;
    case 'deleteGroup':
      return dropGroup(model, operation.name);
    case 'clearGroups':
      for (const name of [...model.groups.keys()]) dropGroup(model, name);
      return undefined;
    case 'putMember':
      return writeMember(model, operation);
    case 'removeMember':
      model.members.delete(`${operation.group}/${operation.name}`);
      return undefined;
  }
}

/** The same on the store. Throws what it is refused with. */
export async function applyToStore(store: Store, operation: Operation): Promise<unknown> {
  switch (operation.do) {
    case 'addContact':
      return store.contacts.add(contact(operation.name));
    case 'deleteContact':
      return store.contacts.delete(account(operation.name));
    case 'clearContacts':
      return store.contacts.clear();
    case 'addConversation':
      return store.conversations.add(
        conversationRow(operation.name, {
          kind: operation.kind,
          ...(operation.kind === 'direct'
            ? { contactId: account(operation.with) }
            : { groupId: group(operation.with) }),
        }),
      );
    case 'deleteConversation':
      return store.conversations.delete(conversation(operation.name));
    case 'addMessages':
      return store.messages.bulkAdd(operation.messages.map(rowOf));
    case 'putMessages':
      return store.messages.bulkPut(operation.messages.map(rowOf));
    case 'editMessages':
      return store.messages
        .where('conversationId')
        .equals(conversation(operation.conversation))
        .modify({ content: operation.text });
    case 'deleteMessage':
      return store.messages.where('id').equals(message(operation.id)).delete();
    case 'deleteMessagesUpTo': {
      const id = conversation(operation.conversation);
      return store.messages
        .where('[conversationId+sortKey]')
        .between([id, ''], [id, sortKey(operation.order)], true, true)
        .delete();
    }
    case 'putGroup':
      return store.groups.put(groupRow(operation.name, { maxMembers: operation.max, isActive: operation.active }));
    case 'deleteGroup':
      return store.groups.bulkDelete([group(operation.name)]);
    case 'clearGroups':
      return store.groups.clear();
    case 'putMember':
      return store.groupMembers.put(memberRow(operation.group, operation.name, { publicKey: operation.key }));
    case 'removeMember':
      return store.groupMembers.delete([group(operation.group), account(operation.name)]);
  }
}

/** Fails where the store holds anything else than the model. */
export async function expectSame(store: Store, model: Model): Promise<void> {
  const sorted = (rows: unknown[]) => rows.map((row) => JSON.stringify(row)).sort();
  const held = {
    contacts: sorted((await store.contacts.toArray()).map((row) => row.displayName)),
    conversations: sorted(
      (await store.conversations.toArray()).map((row) => [row.title, row.kind, row.contactId ?? row.groupId]),
    ),
    messages: sorted(
      (await store.messages.toArray()).map((row) => [row.conversationId, row.sortKey, row.id, row.content]),
    ),
    groups: sorted((await store.groups.toArray()).map((row) => [row.name, row.maxMembers, row.isActive])),
    members: sorted((await store.groupMembers.toArray()).map((row) => [row.groupId, row.displayName, row.publicKey])),
  };
  expect(held).toEqual({
    contacts: sorted([...model.contacts]),
    conversations: sorted(
      [...model.conversations].map(([name, row]) => [
        name,
        row.kind,
        row.kind === 'direct' ? account(row.with) : group(row.with),
      ]),
    ),
    messages: sorted(
      [...model.messages.values()].map((row) => [
        conversation(row.conversation),
        sortKey(row.order),
        message(row.id),
        row.text,
      ]),
    ),
    groups: sorted([...model.groups].map(([name, row]) => [name, row.max, row.active])),
    members: sorted([...model.members.values()].map((row) => [group(row.group), row.name, row.key])),
  });
}

const rowOf = ({
  conversation: name,
  order,
  id,
  text,
}: {
  conversation: string;
  order: number;
  id: string;
  text: string;
}) => messageRow(name, id, order, { content: text });

function dropContact(model: Model, name: string): undefined {
  model.contacts.delete(name);
  for (const [id, row] of [...model.conversations])
    if (row.kind === 'direct' && row.with === name) dropConversation(model, id);
}

function dropGroup(model: Model, name: string): undefined {
  model.groups.delete(name);
  for (const [id, row] of [...model.conversations])
    if (row.kind === 'group' && row.with === name) dropConversation(model, id);
  for (const [key, row] of [...model.members]) if (row.group === name) model.members.delete(key);
}

function dropConversation(model: Model, name: string): undefined {
  model.conversations.delete(name);
  for (const [key, row] of [...model.messages]) if (row.conversation === name) model.messages.delete(key);
}

function writeMessages(
  model: Model,
  rows: { conversation: string; order: number; id: string; text: string }[],
  isNew: boolean,
): string | undefined {
  if (rows.some((row) => !model.conversations.has(row.conversation))) return 'constraint';
  const keyOf = (row: { conversation: string; order: number }) => `${row.conversation}/${row.order}`;
  if (!isNew && rows.some((row) => (model.messages.get(keyOf(row))?.id ?? row.id) !== row.id)) return 'constraint';
  for (const row of rows) {
    const key = keyOf(row);
    if (isNew && model.messages.has(key)) return 'duplicate';
    if ([...model.messages].some(([other, there]) => other !== key && there.id === row.id)) return 'duplicate';
    model.messages.set(key, row);
  }
  return undefined;
}

function writeMember(model: Model, row: { group: string; name: string; key: string }): string | undefined {
  const place = model.groups.get(row.group);
  if (place === undefined) return 'constraint';
  const key = `${row.group}/${row.name}`;
  const others = [...model.members].filter(([other, member]) => other !== key && member.group === row.group);
  if (!model.members.has(key) && others.length >= place.max) return 'constraint';
  if (others.some(([, member]) => member.key === row.key)) return 'duplicate';
  model.members.set(key, { group: row.group, name: row.name, key: row.key });
  return undefined;
}
