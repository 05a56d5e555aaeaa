import { describe, expect, test } from 'vitest';
import { idFromBytes, type DeviceId, type KeyPackageRef, type StreamId } from '../../../../src/lib/core/ids.ts';
import type { KeyPackageRow, Reservation, Store } from '../../../../src/lib/server/store/port.ts';
import type { Engine } from './engine.ts';
import { bytes, newId, newPerson, type Person } from '../people.ts';

const packageOf = (of: Partial<KeyPackageRow> = {}): KeyPackageRow => ({
  ref: idFromBytes<KeyPackageRef>(bytes(32)),
  suite: 83,
  notAfter: 1_000,
  lastResort: false,
  bytes: bytes(40),
  ...of,
});

const reservationOf = (holder: Person, of: Partial<Reservation> = {}): Reservation => ({
  id: newId(),
  claim: newId(),
  suite: 83,
  holder: holder.device,
  holderAccount: holder.account,
  at: 100,
  expiresAt: 200,
  ...of,
});

const publish = (store: Store, device: DeviceId, ...rows: readonly KeyPackageRow[]) =>
  store.write(({ keyPackages }) => keyPackages.insertPackages(device, rows, 1));
const reserve = (store: Store, device: DeviceId, reservation: Reservation) =>
  store.write(({ keyPackages }) => keyPackages.reservePackage(device, reservation));
const pools = (store: Store, device: DeviceId, now = 1) =>
  store.read(({ keyPackages }) => keyPackages.countPackages(device, now));
const count = async (store: Store, device: DeviceId, now?: number) => {
  const { available = 0, lastResort = false } =
    (await pools(store, device, now)).find(({ suite }) => suite === 83) ?? {};
  return { available, lastResort };
};

export function keyPackagesConform({ open, shared }: Engine): void {
  async function two(): Promise<{ store: Store; ana: Person; ben: Person }> {
    const store = await open();
    return { store, ana: await newPerson(store), ben: await newPerson(store) };
  }

  describe('key packages', () => {
    test('are added once, counted while they are valid, and the newest last resort stays', async () => {
      const { store, ana, ben } = await two();
      const rows = [packageOf(), packageOf({ notAfter: 50 }), packageOf({ lastResort: true })];
      await publish(store, ana.device, ...rows);
      await publish(store, ana.device, ...rows);
      expect(await count(store, ana.device)).toEqual({ available: 2, lastResort: true });
      expect(await count(store, ana.device, 50)).toEqual({ available: 1, lastResort: true });
      expect(await count(store, ben.device)).toEqual({ available: 0, lastResort: false });
      const newer = packageOf({ lastResort: true });
      await publish(store, ana.device, newer);
      const used = await store.write(({ keyPackages }) => keyPackages.useLastResort(ana.device, reservationOf(ben)));
      expect(used).toEqual(newer);
    });

    test('of one suite are none of another', async () => {
      const { store, ana, ben } = await two();
      const [hybrid, classical] = [packageOf({ lastResort: true }), packageOf({ suite: 1, lastResort: true })];
      await publish(store, ana.device, packageOf(), hybrid, classical);
      expect(await pools(store, ana.device)).toEqual([
        { suite: 1, available: 0, lastResort: true },
        { suite: 83, available: 1, lastResort: true },
      ]);
      expect(await reserve(store, ana.device, reservationOf(ben, { suite: 1 }))).toBeUndefined();
      const resortOf = (suite: number) =>
        store.write(({ keyPackages }) => keyPackages.useLastResort(ana.device, reservationOf(ben, { suite })));
      expect([await resortOf(1), await resortOf(83), await resortOf(2)]).toEqual([classical, hybrid, undefined]);
    });

    test('are reserved one by one, those that end first before the others, until none is left', async () => {
      const { store, ana, ben } = await two();
      const [late, early, ended] = [
        packageOf({ notAfter: 900 }),
        packageOf({ notAfter: 300 }),
        packageOf({ notAfter: 100 }),
      ];
      await publish(store, ana.device, late, early, ended, packageOf({ lastResort: true }));
      expect(await reserve(store, ana.device, reservationOf(ben))).toEqual(early);
      expect(await reserve(store, ana.device, reservationOf(ben))).toEqual(late);
      expect(await reserve(store, ana.device, reservationOf(ben))).toBeUndefined();
    });

    test('go to 100 parallel claims of two relays, a different one to each', async () => {
      const stores = await shared(2);
      const [store] = stores;
      if (store === undefined) throw new Error('no store');
      const [ana, ben] = [await newPerson(store), await newPerson(store)];
      await publish(store, ana.device, ...Array.from({ length: 100 }, () => packageOf()));
      const taken = await Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          (stores[i % 2] ?? store).write(async ({ keyPackages, streams }) => {
            await streams.lockStream(ana.device as string as StreamId);
            return keyPackages.reservePackage(ana.device, reservationOf(ben));
          }),
        ),
      );
      expect(new Set(taken.map((row) => row?.ref)).size).toBe(100);
      expect(taken).not.toContain(undefined);
    });

    test('are found again by the claim of their holder, until it is spent or has ended', async () => {
      const { store, ana, ben } = await two();
      const [row, resort] = [packageOf(), packageOf({ lastResort: true })];
      await publish(store, ana.device, row, resort);
      const [first, second] = [reservationOf(ben), reservationOf(ben)];
      await reserve(store, ana.device, first);
      await store.write(({ keyPackages }) => keyPackages.useLastResort(ana.device, second));
      const find = (by: Pick<Reservation, 'claim' | 'suite' | 'holder' | 'at'>) =>
        store.read(({ keyPackages }) => keyPackages.findClaim(ana.device, by));
      expect(await find(first)).toEqual({ taken: row, reservation: first.id, expiresAt: 200 });
      expect(await find(second)).toEqual({ taken: resort, reservation: second.id, expiresAt: 200 });
      expect(await find({ ...first, holder: ana.device })).toBeUndefined();
      expect(await find({ ...first, claim: newId() })).toBeUndefined();
      expect(await find({ ...first, suite: 1 })).toBeUndefined();
      expect(await find({ ...second, suite: 1 })).toBeUndefined();
      expect(await find({ ...first, at: 200 })).toBeUndefined();
      const spend = ({ id, holder }: Reservation) =>
        store.write(({ keyPackages }) => keyPackages.spendReservation(id, holder, newId<StreamId>(), 150));
      expect([await spend(first), await spend(second)]).toEqual([true, true]);
      expect([await find(first), await find(second)]).toEqual([undefined, undefined]);
    });

    test('are spent by their holder, in time, once', async () => {
      const { store, ana, ben } = await two();
      await publish(store, ana.device, packageOf(), packageOf({ lastResort: true }));
      const [first, second] = [reservationOf(ben), reservationOf(ben)];
      await reserve(store, ana.device, first);
      await store.write(({ keyPackages }) => keyPackages.useLastResort(ana.device, second));
      for (const { id } of [first, second]) {
        const spend = (holder: DeviceId, now: number) =>
          store.write(({ keyPackages }) => keyPackages.spendReservation(id, holder, newId<StreamId>(), now));
        expect(await spend(ana.device, 150)).toBe(false);
        expect(await spend(ben.device, 200)).toBe(false);
        expect(await spend(ben.device, 199)).toBe(true);
        expect(await spend(ben.device, 199)).toBe(false);
      }
    });

    test('come back when a reservation ends, but the budget of the account does not', async () => {
      const { store, ana, ben } = await two();
      await publish(store, ana.device, packageOf(), packageOf({ notAfter: 150 }));
      await reserve(store, ana.device, reservationOf(ben));
      await reserve(store, ana.device, reservationOf(ben, { at: 101 }));
      const reserved = (since: number) =>
        store.read(({ keyPackages }) => keyPackages.countReservations(ana.device, ben.account, since));
      expect([await reserved(0), await reserved(100), await reserved(101)]).toEqual([2, 1, 0]);
      await store.write(({ keyPackages }) => keyPackages.sweepPackages(199, ana.device));
      expect((await count(store, ana.device)).available).toBe(0);
      await store.write(({ keyPackages }) => keyPackages.sweepPackages(200, ben.device));
      expect((await count(store, ana.device)).available).toBe(0);
      await store.write(({ keyPackages }) => keyPackages.sweepPackages(200));
      expect((await count(store, ana.device)).available).toBe(1);
      expect(await reserved(0)).toBe(2);
    });

    test('are handed out no more once they were retired', async () => {
      const { store, ana, ben } = await two();
      await publish(store, ana.device, packageOf(), packageOf(), packageOf({ lastResort: true }));
      const held = reservationOf(ben);
      await reserve(store, ana.device, held);
      await store.write(({ keyPackages }) => keyPackages.retirePackages(ana.device));
      expect(await count(store, ana.device)).toEqual({ available: 0, lastResort: false });
      expect(await reserve(store, ana.device, reservationOf(ben))).toBeUndefined();
      const spent = store.write(({ keyPackages }) =>
        keyPackages.spendReservation(held.id, ben.device, newId<StreamId>(), 150),
      );
      expect(await spent).toBe(false);
    });
  });
}
