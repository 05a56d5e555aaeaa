import { beforeEach, describe, expect, it } from 'vitest';
import { base64urlFromBytes } from '../../src/lib/core/bytes.ts';
import {
  createGroup,
  deactivateGroup,
  deleteGroup,
  getGroup,
  listGroups,
  reactivateGroup,
  updateGroup,
} from '../../src/lib/db/groups.ts';
import {
  addMember,
  countMembers,
  getMember,
  isMember,
  listActiveMembers,
  listMembers,
  listMemberships,
  pageOfMembers,
  removeMember,
  updateMember,
  updateMemberSettings,
} from '../../src/lib/db/members.ts';
import type { Store } from '../../src/lib/db/store.ts';
import { unlockedStore } from './disks.ts';
import { account, conversationRow, faultFrom, group, groupRow, memberRow, messageRow, NOW } from './fixtures.ts';

const hike = group('hike');
const member = (name: string, more: object = {}) => ({
  groupId: hike,
  memberId: account(name),
  publicKey: base64urlFromBytes(new TextEncoder().encode(name)),
  displayName: name,
  ...more,
});

let store: Store;
beforeEach(async () => {
  store = await unlockedStore();
});

describe('groups', () => {
  it('are made with sensible limits and read back', async () => {
    const row = await createGroup(store, { groupId: hike, name: 'hike' }, NOW);
    expect(row).toEqual(groupRow('hike'));
    expect(await getGroup(store, hike)).toEqual({ ...row, memberCount: 0 });
    expect(await faultFrom(createGroup(store, { groupId: hike, name: 'again' }, NOW))).toMatchObject({
      code: 'duplicate',
    });
    expect(await getGroup(store, group('nobody'))).toBeUndefined();
  });

  it('are listed by name, without those that were put away', async () => {
    await createGroup(
      store,
      { groupId: group('z'), name: 'Zebra', groupType: 'public', createdBy: account('ana') },
      NOW,
    );
    await createGroup(store, { groupId: group('a'), name: 'anna' }, NOW);
    await createGroup(store, { groupId: group('m'), name: 'mountain' }, NOW);
    await deactivateGroup(store, group('m'), NOW + 1);
    expect((await listGroups(store)).map((row) => row.name)).toEqual(['anna', 'Zebra']);
    expect((await listGroups(store, { includeInactive: true })).map((row) => row.name)).toEqual([
      'anna',
      'mountain',
      'Zebra',
    ]);
    expect((await listGroups(store, { groupType: 'public' })).map((row) => row.name)).toEqual(['Zebra']);
    expect((await listGroups(store, { createdBy: account('ana') })).map((row) => row.name)).toEqual(['Zebra']);
  });

  it('change, and are put away and brought back with their history', async () => {
    await createGroup(store, { groupId: hike, name: 'hike' }, NOW);
    await store.conversations.add(conversationRow('hike', { kind: 'group', groupId: hike }));
    await store.messages.add(messageRow('hike', 'a', 1));
    await updateGroup(store, hike, { name: 'long hike', settings: { pins: 3 } }, NOW + 1);
    expect(await getGroup(store, hike)).toEqual(
      groupRow('hike', { name: 'long hike', settings: { pins: 3 }, memberCount: 0, updatedAt: NOW + 1 }),
    );
    await deactivateGroup(store, hike, NOW + 2);
    expect((await getGroup(store, hike))?.isActive).toBe(false);
    expect(await store.messages.count()).toBe(1);
    await reactivateGroup(store, hike, NOW + 3);
    expect((await getGroup(store, hike))?.isActive).toBe(true);
    expect(await faultFrom(deactivateGroup(store, group('nobody'), NOW))).toMatchObject({
      code: 'not-found',
      entity: 'groups',
    });
  });

  it('go for good with members, conversation and messages', async () => {
    await createGroup(store, { groupId: hike, name: 'hike' }, NOW);
    await store.conversations.add(conversationRow('hike', { kind: 'group', groupId: hike }));
    await store.messages.add(messageRow('hike', 'a', 1));
    await addMember(store, member('ana'), NOW);
    await deleteGroup(store, hike);
    expect(await getGroup(store, hike)).toBeUndefined();
    expect(await countMembers(store, hike)).toBe(0);
    expect(await store.conversations.count()).toBe(0);
    expect(await store.messages.count()).toBe(0);
  });

  it('take no more members than they may, and do not shrink below those they have', async () => {
    await createGroup(store, { groupId: hike, name: 'hike', maxMembers: 2 }, NOW);
    await addMember(store, member('ana'), NOW);
    await addMember(store, member('bo'), NOW);
    expect(await faultFrom(addMember(store, member('cy'), NOW))).toMatchObject({
      code: 'constraint',
      field: 'maxMembers',
    });
    expect(await faultFrom(updateGroup(store, hike, { maxMembers: 1 }, NOW))).toMatchObject({
      code: 'constraint',
      field: 'maxMembers',
    });
    await updateGroup(store, hike, { maxMembers: 3 }, NOW);
    await addMember(store, member('cy'), NOW);
    expect(await countMembers(store, hike)).toBe(3);
  });
});

describe('members', () => {
  beforeEach(async () => {
    await createGroup(store, { groupId: hike, name: 'hike' }, NOW);
    await addMember(store, member('ana', { role: 'owner', permissions: ['all'] }), NOW);
    await addMember(store, member('bo', { lastActive: NOW + 50 }), NOW);
  });

  it('are added with a role and read back', async () => {
    expect(await getMember(store, hike, account('ana'))).toEqual(
      memberRow('hike', 'ana', { ...member('ana'), role: 'owner', permissions: ['all'] }),
    );
    expect(await isMember(store, hike, account('bo'))).toBe(true);
    expect(await isMember(store, hike, account('cy'))).toBe(false);
    expect((await listMembers(store, hike)).map((row) => row.memberId)).toEqual([account('ana'), account('bo')]);
    expect((await listMembers(store, hike, 'owner')).map((row) => row.memberId)).toEqual([account('ana')]);
    expect((await listActiveMembers(store, hike, NOW + 1)).map((row) => row.memberId)).toEqual([account('bo')]);
    expect((await listMemberships(store, account('bo'))).map((row) => row.groupId)).toEqual([hike]);
  });

  it('come once, with one key', async () => {
    expect(await faultFrom(addMember(store, member('ana'), NOW))).toMatchObject({ code: 'duplicate' });
    expect(
      await faultFrom(addMember(store, { ...member('cy'), publicKey: member('bo').publicKey }, NOW)),
    ).toMatchObject({ code: 'duplicate' });
    expect(await faultFrom(addMember(store, { ...member('cy'), groupId: group('nobody') }, NOW))).toMatchObject({
      code: 'constraint',
    });
  });

  it('change role and settings, and leave', async () => {
    await updateMember(store, hike, account('bo'), { role: 'moderator', memberSettings: { isMuted: true } }, NOW + 5);
    expect(await getMember(store, hike, account('bo'))).toMatchObject({
      role: 'moderator',
      memberSettings: { isMuted: true },
      updatedAt: NOW + 5,
    });
    await removeMember(store, hike, account('bo'));
    expect(await getMember(store, hike, account('bo'))).toBeUndefined();
    expect(await faultFrom(removeMember(store, hike, account('bo')))).toMatchObject({ code: 'not-found' });
    expect(await faultFrom(updateMember(store, hike, account('bo'), { role: 'guest' }, NOW))).toMatchObject({
      code: 'not-found',
    });
  });

  it('keep the settings that were not changed', async () => {
    await updateMemberSettings(store, hike, account('bo'), { isMuted: true }, NOW + 1);
    await updateMemberSettings(store, hike, account('bo'), { nickname: 'B' }, NOW + 2);
    expect(await getMember(store, hike, account('bo'))).toMatchObject({
      memberSettings: { isMuted: true, nickname: 'B' },
      updatedAt: NOW + 2,
    });
    expect(await faultFrom(updateMemberSettings(store, hike, account('cy'), {}, NOW))).toMatchObject({
      code: 'not-found',
    });
  });

  it('are read in pages in the order they joined', async () => {
    await addMember(store, member('cy', { joinedAt: NOW - 5 }), NOW);
    const first = await pageOfMembers(store, hike, { limit: 2 });
    expect(first.rows.map((row) => row.displayName)).toEqual(['cy', 'ana']);
    expect(first.last).toBeDefined();
    const second = await pageOfMembers(store, hike, { limit: 2, ...(first.last && { after: first.last }) });
    expect(second.rows.map((row) => row.displayName)).toEqual(['bo']);
    expect([second.hasBefore, second.hasAfter]).toEqual([true, false]);
  });
});
