import { describe, expect, test } from 'vitest';
import type { Engine } from './engine.ts';
import { bytes, newId, newPerson } from '../people.ts';

export function livesConform({ open }: Engine): void {
  describe('accounts', () => {
    test('rest and go, with all that is theirs and nothing of others', async () => {
      const store = await open();
      const [ana, ben] = [await newPerson(store), await newPerson(store)];
      const find = (of: typeof ana) => store.read(({ life }) => life.findAccount(of.account));
      expect(await find(ana)).toMatchObject({ isActive: true, statusAt: 0 });
      await store.write(({ life }) => life.setStatus(ana.account, false, 30));
      expect(await find(ana)).toMatchObject({ isActive: false, statusAt: 30 });
      expect(await store.read(({ accounts }) => accounts.activeDevices(ana.account))).toEqual([]);
      await store.write(({ life }) => life.seen(ana.device, 40));
      expect(await store.read(({ life }) => life.devicesOf(ana.account))).toMatchObject([
        { device: ana.device, isRevoked: false, lastSeen: 40 },
      ]);

      const session = bytes(32);
      await store.write(({ logins }) => logins.insertSession(session, ana.device, 50, 1));
      await store.write(({ life }) => life.deleteAccount(ana.account));
      expect(await find(ana)).toBeUndefined();
      expect(await store.read(({ logins }) => logins.findSession(session))).toBeUndefined();
      expect(await store.read(({ accounts }) => accounts.findDevice(ana.device))).toBeUndefined();
      expect(await store.read(({ life }) => life.devicesOf(ben.account))).toHaveLength(1);

      const [hash, other] = [bytes(32), bytes(32)];
      for (const _again of [1, 2]) await store.write(({ life }) => life.insertDeleted(hash));
      const areDeleted = [hash, other].map((one) => store.read(({ life }) => life.isDeleted(one)));
      expect(await Promise.all(areDeleted)).toEqual([true, false]);
    });
  });

  describe('what was said of a device that was revoked', () => {
    test('is kept once there is something, and then the latest', async () => {
      const store = await open();
      const [ana, ben] = [await newPerson(store), await newPerson(store)];
      const find = (of: typeof ana) => store.read(({ life }) => life.revocationOf(of.device));
      expect(await find(ana)).toBeUndefined();
      const [first, later, earlier] = [0, 30, 20].map((at) => ({ at, signature: bytes(64) }));
      for (const [said, kept] of [
        [first, first],
        [later, later],
        [earlier, later],
      ]) {
        await store.write(({ life }) => life.keepRevocation(ana.device, said ?? { at: 0, signature: bytes(64) }));
        expect(await find(ana)).toEqual(kept);
      }
      expect(await find(ben)).toBeUndefined();
    });
  });

  describe('handles', () => {
    test('are one for each look and one for each account, and rest before others get them', async () => {
      const store = await open();
      const [ana, ben] = [(await newPerson(store)).account, (await newPerson(store)).account];
      const [first, second] = [newId(), newId()];
      const take = (skeleton: string, account: typeof ana, now: number) =>
        store.write(({ handles }) => handles.takeHandle(skeleton, `h${skeleton}`, account, now));
      const taken = await Promise.all([take(first, ana, 1), take(first, ben, 1)]);
      expect(taken.toSorted()).toEqual([false, true]);
      const [owner, other] = taken[0] === true ? [ana, ben] : [ben, ana];
      expect(await store.read(({ handles }) => handles.findHandle(first))).toEqual({
        handle: `h${first}`,
        account: owner,
        freeAt: undefined,
      });
      await store.write(({ handles }) => handles.releaseHandle(owner, 100));
      expect(await take(first, other, 99)).toBe(false);
      await store.write(({ handles }) => handles.forgetHandlesOf(owner));
      expect(await take(first, owner, 99)).toBe(false);
      expect(await take(first, other, 100)).toBe(true);
      await expect(take(second, other, 100)).rejects.toThrow(/unique/i);
    });
  });

  describe('invitations', () => {
    test('work once, and not after their end', async () => {
      const store = await open();
      const [one, two] = [bytes(32), bytes(32)];
      const use = (code: typeof one, now: number) =>
        store.write(({ invitations }) => invitations.useInvitation(code, now));
      await store.write(async ({ invitations }) => {
        await invitations.insertInvitation(one, 10);
        await invitations.insertInvitation(two, 10);
      });
      const used = await Promise.all([use(one, 9), use(one, 9)]);
      expect(used.toSorted()).toEqual([false, true]);
      expect(await use(two, 10)).toBe(false);
      await store.write(({ invitations }) => invitations.sweepInvitations(10));
      expect(await use(two, 9)).toBe(false);
    });
  });
}
