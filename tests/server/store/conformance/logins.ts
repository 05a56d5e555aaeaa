import { describe, expect, test } from 'vitest';
import type { Engine } from './engine.ts';
import { bytes, newPerson } from '../people.ts';

export function loginsConform({ open, shared }: Engine): void {
  describe('logins', () => {
    test('give a challenge to its device, once', async () => {
      const [store, other] = await shared(2);
      if (store === undefined || other === undefined) throw new Error('no store');
      const [ana, ben] = [await newPerson(store), await newPerson(store)];
      const hash = bytes(32);
      await store.write(({ logins }) => logins.insertChallenge(hash, ana.device, 50));
      expect(await store.write(({ logins }) => logins.takeChallenge(hash, ben.device))).toBeUndefined();
      const taken = await Promise.all(
        [store, other, store, other].map((each) => each.write(({ logins }) => logins.takeChallenge(hash, ana.device))),
      );
      expect(taken.filter((end) => end !== undefined)).toEqual([50]);
    });

    test('count the challenges of a device that have not ended', async () => {
      const store = await open();
      const [ana, ben] = [await newPerson(store), await newPerson(store)];
      await store.write(async ({ logins }) => {
        for (const end of [10, 20, 30]) await logins.insertChallenge(bytes(32), ana.device, end);
        await logins.insertChallenge(bytes(32), ben.device, 30);
      });
      expect(await store.read(({ logins }) => logins.countChallenges(ana.device, 10))).toBe(2);
    });

    test('find a session with the state of its device', async () => {
      const store = await open();
      const ana = await newPerson(store);
      const token = bytes(32);
      await store.write(({ logins }) => logins.insertSession(token, ana.device, 99, 1));
      const find = () => store.read(({ logins }) => logins.findSession(token));
      expect(await find()).toEqual({ ...ana, expiresAt: 99, status: 'active' });
      await store.write(({ accounts }) => accounts.revokeDevice(ana.device));
      expect(await find()).toMatchObject({ status: 'revoked' });
      expect(await store.read(({ logins }) => logins.findSession(bytes(32)))).toBeUndefined();
    });

    test('rotate a session that is in force, once', async () => {
      const store = await open();
      const ana = await newPerson(store);
      const [first, second] = [bytes(32), bytes(32)];
      await store.write(({ logins }) => logins.insertSession(first, ana.device, 99, 1));
      const rotate = (now: number) =>
        store.write(({ logins }) => logins.rotateSession(first, { tokenHash: second, expiresAt: 200 }, now));
      expect(await rotate(99)).toBe(false);
      expect(await rotate(98)).toBe(true);
      expect(await rotate(98)).toBe(false);
      const [old, fresh] = await store.read(async ({ logins }) => [
        await logins.findSession(first),
        await logins.findSession(second),
      ]);
      expect(old).toBeUndefined();
      expect(fresh?.expiresAt).toBe(200);
    });

    test('list the sessions of an account that hold, and end one for their account alone', async () => {
      const store = await open();
      const [ana, ben] = [await newPerson(store), await newPerson(store)];
      const [over, first, second] = [bytes(32), bytes(32), bytes(32)];
      await store.write(async ({ logins }) => {
        await logins.insertSession(over, ana.device, 50, 1);
        await logins.insertSession(first, ana.device, 99, 2);
        await logins.insertSession(second, ana.device, 100, 3);
        await logins.insertSession(bytes(32), ben.device, 99, 4);
      });
      const list = () => store.read(({ logins }) => logins.sessionsOf(ana.account, 50));
      expect(await list()).toEqual([
        { tokenHash: second, device: ana.device, createdAt: 3, lastActivity: 3, expiresAt: 100 },
        { tokenHash: first, device: ana.device, createdAt: 2, lastActivity: 2, expiresAt: 99 },
      ]);
      const end = (account: typeof ana.account) => store.write(({ logins }) => logins.deleteSession(second, account));
      expect(await end(ben.account)).toBeUndefined();
      expect(await list()).toHaveLength(2);
      expect(await end(ana.account)).toBe(ana.device);
      expect(await end(ana.account)).toBeUndefined();
      expect((await list()).map(({ tokenHash }) => tokenHash)).toEqual([first]);
    });

    test('delete the sessions of a device, and sweep what has ended', async () => {
      const store = await open();
      const [ana, ben] = [await newPerson(store), await newPerson(store)];
      const [anas, bens, later] = [bytes(32), bytes(32), bytes(32)];
      const challenge = bytes(32);
      await store.write(async ({ logins }) => {
        await logins.insertSession(anas, ana.device, 99, 1);
        await logins.insertSession(bens, ben.device, 50, 1);
        await logins.insertSession(later, ben.device, 51, 1);
        await logins.insertChallenge(challenge, ben.device, 50);
      });
      await store.write(({ logins }) => logins.deleteSessionsOf(ana.device));
      await store.write(({ logins }) => logins.sweepLogins(50));
      const left = await store.read(async ({ logins }) => [
        await logins.findSession(anas),
        await logins.findSession(bens),
        await logins.findSession(later),
      ]);
      expect(left).toMatchObject([undefined, undefined, { expiresAt: 51 }]);
      expect(await store.write(({ logins }) => logins.takeChallenge(challenge, ben.device))).toBeUndefined();
    });
  });
}
