import { describe, expect, test } from 'vitest';
import { idFromBytes, type AccountId, type DeviceId } from '../../../../src/lib/core/ids.ts';
import type { Engine } from './engine.ts';
import { bytes, newId, newPerson } from '../people.ts';

export function accountsConform({ open }: Engine): void {
  describe('accounts', () => {
    test('give a device back as it was stored', async () => {
      const store = await open();
      const account = idFromBytes<AccountId>(bytes(32));
      const row = { device: newId<DeviceId>(), account, loginKey: bytes(32), certificate: bytes(300), sequence: 7 };
      await store.write(async ({ accounts }) => {
        await accounts.insertAccount(account, bytes(32), 5);
        await accounts.insertDevice(row, 5);
      });
      const found = await store.read(({ accounts }) => accounts.findDevice(row.device));
      expect(found).toEqual({ ...row, status: 'active' });
      expect(found?.loginKey.constructor).toBe(Uint8Array);
      expect(await store.read(({ accounts }) => accounts.findDevice(newId<DeviceId>()))).toBeUndefined();
    });

    test('know an account once, and a device once', async () => {
      const store = await open();
      const { account, device } = await newPerson(store);
      await store.write(({ accounts }) => accounts.insertAccount(account, bytes(32), 2));
      const again = { device, account, loginKey: bytes(32), certificate: bytes(9), sequence: 0 };
      await expect(store.write(({ accounts }) => accounts.insertDevice(again, 2))).rejects.toThrow(/unique/i);
    });

    test('replace a certificate, and nothing else of the device', async () => {
      const store = await open();
      const [ana, ben] = [await newPerson(store), await newPerson(store)];
      const next = { loginKey: bytes(32), certificate: bytes(12), sequence: 3 };
      await store.write(({ accounts }) => accounts.replaceCertificate(ana.device, next));
      const [anas, bens] = await store.read(async ({ accounts }) => [
        await accounts.findDevice(ana.device),
        await accounts.findDevice(ben.device),
      ]);
      expect(anas).toEqual({ ...ana, ...next, status: 'active' });
      expect(bens?.sequence).toBe(0);
    });

    test('list the active devices of an account, oldest first', async () => {
      const store = await open();
      const phone = await newPerson(store, undefined, 30);
      const laptop = await newPerson(store, phone.account, 10);
      const lost = await newPerson(store, phone.account, 20);
      await newPerson(store);
      await store.write(({ accounts }) => accounts.revokeDevice(lost.device));
      const [active, revoked] = await store.read(async ({ accounts }) => [
        await accounts.activeDevices(phone.account),
        await accounts.findDevice(lost.device),
      ]);
      expect(active).toEqual([laptop.device, phone.device]);
      expect(revoked?.status).toBe('revoked');
    });

    test('say which of many devices are registered, revoked or not', async () => {
      const store = await open();
      const [ana, ben] = [await newPerson(store), await newPerson(store)];
      await store.write(({ accounts }) => accounts.revokeDevice(ben.device));
      const known = await store.read(({ accounts }) =>
        accounts.knownDevices([ben.device, newId<DeviceId>(), ana.device]),
      );
      expect(known).toEqual(new Set([ana.device, ben.device]));
      expect(await store.read(({ accounts }) => accounts.knownDevices([]))).toEqual(new Set());
    });
  });
}
