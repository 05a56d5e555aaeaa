import { beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/lib/db/store.ts';
import { unlockedStore } from './disks.ts';
import { account, conversationRow, faultFrom, group, groupRow, messageRow, user } from './fixtures.ts';

let store: Store;
beforeEach(async () => {
  store = await unlockedStore();
});

describe('a row', () => {
  const bad: [string, () => PromiseLike<unknown>, object][] = [
    [
      'without a required column',
      () => store.users.add(without(user('ana'), 'role')),
      { code: 'validation', field: 'role' },
    ],
    [
      'without a required sealed column',
      () => store.users.add(without(user('ana'), 'displayName')),
      { code: 'validation', field: 'displayName' },
    ],
    [
      'with a column nobody declared',
      () => store.users.add({ ...user('ana'), shoeSize: 38 } as never),
      { code: 'validation', field: 'shoeSize' },
    ],
    [
      'with a word outside its enum',
      () => store.users.add(user('ana', { role: 'king' as never })),
      { code: 'validation', field: 'role' },
    ],
    [
      'with text for a number',
      () => store.users.add(user('ana', { createdAt: 'now' as never })),
      { code: 'validation', field: 'createdAt' },
    ],
    [
      'with a fraction for an integer',
      () => store.users.add(user('ana', { createdAt: 1.5 })),
      { code: 'validation', field: 'createdAt' },
    ],
    [
      'with null',
      () => store.users.add(user('ana', { lastLogin: null as never })),
      { code: 'validation', field: 'lastLogin' },
    ],
    [
      'with a list for bytes',
      () => store.users.add(user('ana', { avatar: [1] as never })),
      { code: 'validation', field: 'avatar' },
    ],
    [
      'with 1 for true',
      () => store.groups.add(groupRow('hike', { isActive: 1 as never })),
      { code: 'validation', field: 'isActive' },
    ],
    [
      'with a date in JSON',
      () => store.users.add(user('ana', { preferences: { language: new Date(0) as never } })),
      { code: 'validation', field: 'preferences' },
    ],
    [
      'that allows too many members',
      () => store.groups.add(groupRow('hike', { maxMembers: 1001 })),
      { code: 'constraint', field: 'member-limit' },
    ],
    [
      'with both contact and group',
      () => store.conversations.add(conversationRow('ana', { contactId: account('ana'), groupId: group('hike') })),
      { code: 'constraint', field: 'one-of-contact-and-group' },
    ],
    [
      'with neither',
      () => store.conversations.add(conversationRow('ana')),
      { code: 'constraint', field: 'one-of-contact-and-group' },
    ],
    [
      'that was edited before it was sent',
      () => store.messages.add(messageRow('ana', 'a', 1, { editedAt: 1 })),
      { code: 'constraint', field: 'edited-after-sent' },
    ],
    [
      'of more than a mebibyte',
      () => store.messages.add(messageRow('ana', 'a', 1, { content: 'é'.repeat(600_000) })),
      { code: 'constraint', field: 'content-size' },
    ],
    [
      'that is a tombstone with text',
      () => store.messages.add(messageRow('ana', 'a', 1, { isDeleted: true })),
      { code: 'constraint', field: 'tombstone-without-content' },
    ],
    [
      'with two kinds of key',
      () => store.keyStore.add({ keyId: 'k', keyType: 'database', algorithm: 'a', createdAt: 1, usageCount: 0 }),
      { code: 'constraint', field: 'wrapped-or-sealed' },
    ],
  ];

  it.each(bad)('%s is refused', async (_name, write, fault) => {
    expect(await faultFrom(write())).toMatchObject(fault);
  });

  it('drops what is undefined', async () => {
    const row = { ...user('ana'), handle: undefined } as never;
    await store.users.add(row);
    expect(Object.keys((await store.users.get(account('ana'))) ?? {})).not.toContain('handle');
  });

  it('of a system conversation needs neither contact nor group', async () => {
    await store.conversations.add(conversationRow('news', { kind: 'system' }));
    expect(await store.conversations.count()).toBe(1);
  });
});

function without<Row extends object>(row: Row, column: keyof Row): Row {
  const copy = { ...row };
  delete copy[column];
  return copy;
}
