import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { bytesFromId, newId, type StreamId } from '../../src/lib/core/ids.ts';
import * as protocol from '../../src/lib/protocol/account.ts';
import * as blobs from '../../src/lib/protocol/blobs.ts';
import * as handles from '../../src/lib/protocol/handles.ts';
import { newAccount, newDevice, relayWorld, value, type RelayWorld, type TestDevice } from './relayWorld.ts';

const list = async (device: TestDevice) =>
  value(await device.ask(protocol.listDevices.path, protocol.listDevices, {})).devices;

const setActive = (device: TestDevice, isActive: boolean, at: number, signer = device.account) =>
  device.ask(protocol.setStatus.path, protocol.setStatus, {
    account: device.account.id,
    isActive,
    at,
    signature: signer.keys.sign(protocol.statusToSign(device.account.id, isActive, at)),
  });

const remove = (device: TestDevice, signer = device.account) =>
  device.ask(protocol.deleteAccount.path, protocol.deleteAccount, {
    account: device.account.id,
    signature: signer.keys.sign(protocol.deletionToSign(device.account.id)),
  });

const revoke = (by: TestDevice, device: TestDevice, signer = by.account, at = 5) =>
  by.ask(protocol.revokeOwnDevice.path, protocol.revokeOwnDevice, {
    account: by.account.id,
    device: device.id,
    at,
    signature: signer.keys.sign(protocol.revocationToSign(by.account.id, device.id, at)),
  });

async function twoDevices(world: RelayWorld) {
  const account = newAccount();
  return [await world.device(account), await world.device(account), await world.device()] as const;
}

describe('the devices of an account', () => {
  test('are listed for it alone, with their last login', async () => {
    const world = await relayWorld();
    const [phone, laptop, eve] = await twoDevices(world);
    const began = world.clock.now();
    world.clock.advance(5_000);
    value(await laptop.login());
    const seen = (await list(phone)).map(({ device, createdAt, lastSeen }) => [device, createdAt, lastSeen]);
    expect(Object.fromEntries(seen.map(([device, ...times]) => [device, times]))).toEqual({
      [phone.id]: [began, began],
      [laptop.id]: [began, began + 5_000],
    });
    expect((await list(eve)).map(({ device }) => device)).toEqual([eve.id]);
  });

  test('are revoked by the account key, at once and for good', async () => {
    const world = await relayWorld();
    const [phone, laptop, eve] = await twoDevices(world);
    value(await laptop.publish(3));
    let ended = 0;
    await world.relay.listen(laptop.token ?? new Uint8Array(), { ring: () => undefined, ended: () => (ended += 1) });
    expect(await revoke(phone, laptop, eve.account)).toMatchObject({ code: 'unauthorized' });
    expect(await revoke(eve, laptop)).toMatchObject({ code: 'not-found' });
    expect(await list(laptop)).toHaveLength(2);

    // Without a session: the phrase alone is enough.
    expect(await revoke({ ...phone, token: undefined }, laptop)).toMatchObject({ ok: true });
    expect(await revoke(phone, laptop)).toMatchObject({ ok: true });
    expect(ended).toBe(1);
    await expect(laptop.catchUp()).rejects.toThrow('unauthorized');
    expect(await laptop.login()).toMatchObject({ code: 'revoked-device' });
    expect((await list(phone)).filter(({ isRevoked }) => isRevoked).map(({ device }) => device)).toEqual([laptop.id]);
    expect(value(await eve.claim(phone.account.id)).claims).toEqual([]);
  });
});

describe('what was signed when a device was revoked', () => {
  const find = (by: TestDevice, device: TestDevice) =>
    by.ask(protocol.findRevocation.path, protocol.findRevocation, { device: device.id });

  test('is handed out without a session, and of several the latest; a refused one is not kept', async () => {
    const world = await relayWorld();
    const [phone, laptop, eve] = await twoDevices(world);
    expect(await find(laptop, laptop)).toMatchObject({ code: 'not-found' });
    expect(await revoke(phone, laptop, eve.account)).toMatchObject({ code: 'unauthorized' });
    expect(await find(laptop, laptop)).toMatchObject({ code: 'not-found' });
    const signed = (at: number) => ({
      at,
      signature: phone.account.keys.sign(protocol.revocationToSign(phone.account.id, laptop.id, at)),
    });
    for (const [at, kept] of [
      [7, 7],
      [9, 9],
      [8, 9],
    ] as const) {
      value(await revoke(phone, laptop, phone.account, at));
      expect(value(await find({ ...laptop, token: undefined }, laptop))).toEqual(signed(kept));
    }
    expect(await find(phone, phone)).toMatchObject({ code: 'not-found' });
  });

  test('is nothing where an operator revoked', async () => {
    const world = await relayWorld();
    const [, laptop] = await twoDevices(world);
    await world.relay.revokeDevice(laptop.id);
    expect(await laptop.login()).toMatchObject({ code: 'revoked-device' });
    expect(await find(laptop, laptop)).toMatchObject({ code: 'not-found' });
  });
});

describe('a deactivated account', () => {
  test('is found by nobody and logs in nowhere, until it is active again', async () => {
    const world = await relayWorld();
    const [phone, laptop, eve] = await twoDevices(world);
    value(await phone.publish(2));
    value(await phone.ask(handles.claimHandle.path, handles.claimHandle, { handle: 'ana_b' }));
    const find = () => eve.ask(handles.findHandle.path, handles.findHandle, { handle: 'ana_b' });
    expect(value(await find()).account).toBe(phone.account.id);

    const now = world.clock.now();
    expect(await setActive(phone, false, now, eve.account)).toMatchObject({ code: 'unauthorized' });
    expect(await setActive(phone, false, now + 2 * 24 * 3600_000)).toMatchObject({ code: 'bad-request' });
    value(await setActive(phone, false, now));
    await expect(phone.catchUp()).rejects.toThrow('unauthorized');
    expect(await laptop.login()).toMatchObject({ status: 403, code: 'deactivated' });
    expect(await find()).toMatchObject({ code: 'not-found' });
    expect(value(await eve.claim(phone.account.id))).toMatchObject({ claims: [], missing: [phone.account.id] });

    // What somebody recorded earlier does not bring it back.
    value(await setActive(phone, true, now - 1));
    expect(await laptop.login()).toMatchObject({ code: 'deactivated' });
    value(await setActive(phone, true, now + 1));
    value(await phone.login());
    value(await find());
    expect(value(await eve.claim(phone.account.id)).claims).toHaveLength(1);
  });
});

describe('a deleted account', () => {
  test('leaves no row and no blob, and the groups it was in go on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cairn-gone-'));
    const world = await relayWorld({ dataDir: folder });
    const [phone, laptop, bo] = await twoDevices(world);
    value(await phone.publish(3, { lastResort: true }));
    value(await bo.publish(3));
    value(await phone.claim(bo.account.id));
    value(await bo.claim(phone.account.id));
    value(await phone.ask(handles.claimHandle.path, handles.claimHandle, { handle: 'ana_b' }));
    const blob = newId<string>(world.random);
    const sha256 = new Uint8Array(
      createHash('sha256')
        .update(new Uint8Array([1]))
        .digest(),
    );
    value(await phone.ask(blobs.createBlob.path, blobs.createBlob, { id: blob, size: 1, sha256 }));
    value(await phone.ask(blobs.appendBlob.path(blob), blobs.appendBlob, { offset: 0, bytes: new Uint8Array([1]) }));
    const stream = newId<StreamId>(world.random);
    const welcomes = [{ id: newId<string>(world.random), device: laptop.id, payload: new Uint8Array([9]) }];
    value(await phone.commit(stream, 0, { members: [phone.id, laptop.id, bo.id], welcomes }));
    value(await phone.append(stream, [{ id: newId<string>(world.random), epoch: 1 }]));

    expect(await remove(phone, bo.account)).toMatchObject({ code: 'unauthorized' });
    expect(await phone.catchUp()).not.toEqual([]);
    value(await remove({ ...phone, token: undefined }));
    value(await remove(phone));
    expect(await phone.login()).toMatchObject({ code: 'unknown-device' });
    // Neither a device that missed it nor a new one of the same key brings the account back.
    for (const device of [laptop, newDevice(world.relay, phone.account, world.random)])
      expect(await device.register()).toMatchObject({ status: 403, code: 'deleted-account' });
    await expect(laptop.catchUp()).rejects.toThrow('unauthorized');

    expect((await bo.catchUp()).map(({ seq }) => seq)).toEqual([2]);
    value(await bo.commit(stream, 1, { members: [phone.id, laptop.id, bo.id] }));
    value(await bo.commit(stream, 2, { members: [bo.id], fence: true }));
    value(await bo.append(stream, [{ id: newId<string>(world.random), epoch: 3 }]));
    world.clock.advance(10 * 60_000);
    const read = () => bo.ask(blobs.readBlob.path(blob), blobs.readBlob, { offset: 0, length: 1 });
    await expect.poll(async () => (await read()).ok).toBe(false);
    await world.relay.close();

    const gone = [phone.account.id, phone.id, laptop.id].map((id) => Buffer.from(bytesFromId(id)));
    expect(placesOf(folder, gone)).toEqual(['stream_entries.sender', 'stream_members.device']);
    rmSync(folder, { recursive: true });
  });
});

/** The columns of the store that still hold one of `values`. */
function placesOf(folder: string, values: readonly Buffer[]): string[] {
  const database = new DatabaseSync(join(folder, 'relay.sqlite'), { readOnly: true });
  const tables = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all();
  const places = new Set<string>();
  for (const { name } of tables) {
    for (const row of database.prepare(`SELECT * FROM ${String(name)}`).all()) {
      for (const [column, value] of Object.entries(row)) {
        if (value instanceof Uint8Array && values.some((known) => known.equals(value))) {
          places.add(`${String(name)}.${column}`);
        }
      }
    }
  }
  database.close();
  return [...places].toSorted();
}
