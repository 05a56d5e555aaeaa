import { beforeEach, describe, expect, it } from 'vitest';
import {
  createContact,
  deleteContact,
  getContact,
  listContacts,
  searchContacts,
  updateContact,
} from '../../src/lib/db/contacts.ts';
import {
  addDevice,
  deleteDevice,
  getDevice,
  listDevices,
  revokeDevice,
  updateDevice,
} from '../../src/lib/db/devices.ts';
import {
  activateUser,
  createUser,
  deactivateUser,
  deleteUser,
  getUser,
  getUserByHandle,
  isHandleTaken,
  listUsers,
  searchUsers,
  updatePreferences,
  updateProfile,
  updateSecuritySettings,
  updateUser,
} from '../../src/lib/db/users.ts';
import type { Store } from '../../src/lib/db/store.ts';
import { unlockedStore } from './disks.ts';
import { account, contact, conversationRow, device, deviceRow, faultFrom, messageRow, NOW, user } from './fixtures.ts';

let store: Store;
const make = (name: string, more: object = {}) =>
  createUser(store, { id: account(name), displayName: name, role: 'user', status: 'active', ...more }, NOW);

beforeEach(async () => {
  store = await unlockedStore();
});

describe('users', () => {
  it('are made, read, changed and found by handle', async () => {
    expect(await make('ana', { handle: 'ana' })).toEqual(user('ana', { handle: 'ana' }));
    expect(await getUser(store, account('ana'))).toEqual(user('ana', { handle: 'ana' }));
    await updateUser(store, account('ana'), { displayName: 'Ana', preferences: { theme: 'dark' } }, NOW + 1);
    expect(await getUserByHandle(store, 'ana')).toMatchObject({
      displayName: 'Ana',
      preferences: { theme: 'dark' },
      updatedAt: NOW + 1,
    });
    expect(await faultFrom(make('other', { handle: 'ana' }))).toMatchObject({ code: 'duplicate' });
    expect(await faultFrom(make('ana'))).toMatchObject({ code: 'duplicate' });
    expect(await faultFrom(updateUser(store, account('bo'), { displayName: 'Bo' }, NOW))).toMatchObject({
      code: 'not-found',
    });
    expect(await getUserByHandle(store, 'bo')).toBeUndefined();
  });

  it('are put away and brought back, and listed by name', async () => {
    await make('Émile');
    await make('zoe');
    await make('eva');
    await deactivateUser(store, account('eva'), NOW + 1);
    expect((await listUsers(store)).map((row) => row.displayName)).toEqual(['Émile', 'eva', 'zoe']);
    expect((await listUsers(store, 'active')).map((row) => row.displayName)).toEqual(['Émile', 'zoe']);
    await activateUser(store, account('eva'), NOW + 2);
    expect(await listUsers(store, 'deactivated')).toEqual([]);
  });

  it('keep the handle to themselves', async () => {
    await make('ana', { handle: 'ana' });
    expect(await isHandleTaken(store, 'ana')).toBe(true);
    expect(await isHandleTaken(store, 'ana', account('ana'))).toBe(false);
    expect(await isHandleTaken(store, 'bo')).toBe(false);
  });

  it('change what they tell about themselves and what they prefer, part by part', async () => {
    await make('ana');
    const id = account('ana');
    await updateProfile(store, id, { statusMessage: 'hiking', customFields: { town: 'Ghent' } }, NOW + 1);
    await updatePreferences(store, id, { theme: 'dark', timezone: 'Europe/Brussels' }, NOW + 2);
    await updatePreferences(store, id, { theme: 'light' }, NOW + 3);
    await updateSecuritySettings(store, id, { lockAfterMs: 60_000 }, NOW + 4);
    await updateProfile(store, id, { statusMessage: undefined }, NOW + 5);
    expect(await getUser(store, id)).toEqual(
      user('ana', {
        customFields: { town: 'Ghent' },
        preferences: { theme: 'light', timezone: 'Europe/Brussels' },
        securitySettings: { lockAfterMs: 60_000 },
        updatedAt: NOW + 5,
      }),
    );
    expect(await faultFrom(updateProfile(store, id, { displayName: undefined }, NOW))).toMatchObject({
      code: 'validation',
      field: 'displayName',
    });
    expect(await faultFrom(updatePreferences(store, account('bo'), {}, NOW))).toMatchObject({ code: 'not-found' });
  });

  it('are found by name, handle and status', async () => {
    await make('Émile', { handle: 'walker' });
    await make('zoe');
    await updateProfile(store, account('zoe'), { statusMessage: 'Out walking' }, NOW);
    await deactivateUser(store, account('zoe'), NOW);
    expect((await searchUsers(store, 'emi')).map((row) => row.displayName)).toEqual(['Émile']);
    expect((await searchUsers(store, 'WALK')).map((row) => row.displayName)).toEqual(['Émile', 'zoe']);
    expect((await searchUsers(store, 'walk', 'active')).map((row) => row.displayName)).toEqual(['Émile']);
  });

  it('go with their devices and contact', async () => {
    await make('ana');
    await addDevice(store, { id: device('a'), userId: account('ana'), deviceName: 'phone', deviceType: 'phone' }, NOW);
    await createContact(store, { contactId: account('ana'), displayName: 'ana', publicKey: new Uint8Array(32) }, NOW);
    await deleteUser(store, account('ana'));
    expect(await getUser(store, account('ana'))).toBeUndefined();
    expect(await getDevice(store, device('a'))).toBeUndefined();
    expect(await getContact(store, account('ana'))).toBeUndefined();
  });
});

describe('devices', () => {
  it('are added, changed, revoked and deleted', async () => {
    await make('ana');
    const phone = { id: device('phone'), userId: account('ana'), deviceName: 'phone', deviceType: 'browser' };
    expect(await addDevice(store, phone, NOW)).toEqual(deviceRow('phone', 'ana'));
    await addDevice(store, { ...phone, id: device('tablet') }, NOW);
    await updateDevice(store, device('tablet'), { lastSeen: NOW + 9 });
    await revokeDevice(store, device('phone'));
    expect((await listDevices(store, account('ana'))).map((row) => row.id).sort()).toEqual([
      device('phone'),
      device('tablet'),
    ]);
    expect((await listDevices(store, account('ana'), 'active')).map((row) => row.lastSeen)).toEqual([NOW + 9]);
    await deleteDevice(store, device('phone'));
    expect(await getDevice(store, device('phone'))).toBeUndefined();
    expect(await faultFrom(revokeDevice(store, device('phone')))).toMatchObject({
      code: 'not-found',
      entity: 'devices',
    });
    expect(await faultFrom(addDevice(store, { ...phone, userId: account('bo') }, NOW))).toMatchObject({
      code: 'constraint',
    });
  });
});

describe('contacts', () => {
  const meet = async (name: string, more: object = {}) => {
    await make(name);
    return createContact(
      store,
      { contactId: account(name), displayName: name, publicKey: new Uint8Array(32).fill(name.length), ...more },
      NOW,
    );
  };

  it('are made, read, changed and deleted with their conversation', async () => {
    expect(await meet('ana')).toEqual(contact('ana'));
    await store.conversations.add(conversationRow('ana', { contactId: account('ana') }));
    await store.messages.add(messageRow('ana', 'a', 1));
    await updateContact(store, account('ana'), { isVerified: true, notes: 'met on the train' }, NOW + 1);
    expect(await getContact(store, account('ana'))).toEqual(
      contact('ana', { isVerified: true, notes: 'met on the train', updatedAt: NOW + 1 }),
    );
    await deleteContact(store, account('ana'));
    expect(await getContact(store, account('ana'))).toBeUndefined();
    expect(await store.messages.count()).toBe(0);
    expect(await getUser(store, account('ana'))).toBeDefined();
    expect(await faultFrom(updateContact(store, account('ana'), {}, NOW))).toMatchObject({ code: 'not-found' });
  });

  it('are listed by name whatever the alphabet does with accents and case', async () => {
    for (const name of ['zoe', 'Émile', 'eva', 'Dana', 'person 10', 'person 9']) await meet(name);
    expect((await listContacts(store)).map((row) => row.displayName)).toEqual([
      'Dana',
      'Émile',
      'eva',
      'person 9',
      'person 10',
      'zoe',
    ]);
    await updateContact(store, account('eva'), { isVerified: true }, NOW);
    await updateContact(store, account('zoe'), { isOnline: true }, NOW);
    expect((await listContacts(store, { isVerified: true })).map((row) => row.displayName)).toEqual(['eva']);
    expect((await listContacts(store, { isOnline: true })).map((row) => row.displayName)).toEqual(['zoe']);
  });

  it('are found by name and notes', async () => {
    await meet('Émile', { notes: 'Bäckerei' });
    await meet('zoe');
    expect((await searchContacts(store, 'EMI')).map((row) => row.displayName)).toEqual(['Émile']);
    expect((await searchContacts(store, 'backer')).map((row) => row.displayName)).toEqual(['Émile']);
    expect(await searchContacts(store, 'nobody')).toEqual([]);
  });
});
