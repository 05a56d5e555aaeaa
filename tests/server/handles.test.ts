import { describe, expect, test } from 'vitest';
import * as protocol from '../../src/lib/protocol/handles.ts';
import { HANDLE_REST_MS } from '../../src/lib/server/handles.ts';
import { newAccount, relayWorld, value, type TestDevice } from './relayWorld.ts';

const claim = (device: TestDevice, handle: string) =>
  device.ask(protocol.claimHandle.path, protocol.claimHandle, { handle });
const release = (device: TestDevice) => device.ask(protocol.releaseHandle.path, protocol.releaseHandle, {});
const find = (device: TestDevice, handle: string) =>
  device.ask(protocol.findHandle.path, protocol.findHandle, { handle });

describe('a handle', () => {
  test('is found in every spelling that means the same', async () => {
    const world = await relayWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    expect(value(await claim(ana, 'Ａna_Peña'))).toEqual({ handle: 'ana_peña' });
    for (const spelling of ['ana_peña', 'ANA_PEÑA', 'ana_pen\u0303a', 'Ａna_Peña']) {
      expect(value(await find(bo, spelling))).toEqual({
        handle: 'ana_peña',
        account: ana.account.id,
        accountKey: ana.account.keys.publicKey,
      });
    }
    for (const other of ['ana_pena', 'anapeña', 'x', '', 'a'.repeat(190)]) {
      expect(await find(bo, other)).toMatchObject({ status: 404, code: 'not-found' });
    }
  });

  test.each([
    ['paypal', 'раураӏ'],
    ['modern', 'modem'],
    ['liam0', '1iamo'],
    ['scope', 'ѕсоре'],
    ['anna_w', 'annavv'],
    ['ana', 'αnα'],
    ['straße', 'STRASSE'],
  ])('%s is not given to somebody else as %s', async (first, second) => {
    const world = await relayWorld();
    const [ana, eve] = [await world.device(), await world.device()];
    value(await claim(ana, first));
    const { ok, ...refused } = { code: '', ...(await claim(eve, second)) };
    expect(ok).toBe(false);
    expect(['handle-taken', 'bad-handle']).toContain(refused.code);
    expect(await find(eve, second)).not.toMatchObject({ value: { account: eve.account.id } });
  });

  test.each(['مريم', 'ольга', '花子さん', 'विद्या', 'josé_99', 'ngọc'])('%s is fine', async (handle) => {
    const world = await relayWorld();
    expect(value(await claim(await world.device(), handle)).handle).toBe(handle.normalize('NFKC'));
  });

  test.each([
    'ab',
    'a'.repeat(33),
    '1ana',
    '_ana',
    'ana_',
    'an__a',
    'an a',
    'ana!',
    'anа',
    'ana\u200bb',
    'ana\u202e',
    '😀😀😀',
    'a\0na',
  ])('%j is none', async (handle) => {
    const world = await relayWorld();
    expect(await claim(await world.device(), handle)).toMatchObject({ status: 400, code: 'bad-handle' });
  });

  test('does not speak for whoever runs the relay', async () => {
    const world = await relayWorld();
    const eve = await world.device();
    for (const handle of ['admin', 'Support', 'cairn', 'he1p', 'm0derator']) {
      expect(await claim(eve, handle)).toMatchObject({ status: 409, code: 'handle-taken' });
    }
  });

  test('belongs to one account, which may change it; the old one rests before others get it', async () => {
    const world = await relayWorld();
    const account = newAccount();
    const [phone, laptop, eve] = [await world.device(account), await world.device(account), await world.device()];
    value(await claim(phone, 'first'));
    value(await claim(laptop, 'first'));
    value(await claim(laptop, 'second'));
    expect(await find(eve, 'first')).toMatchObject({ code: 'not-found' });
    expect(value(await find(eve, 'second')).account).toBe(account.id);
    expect(await claim(eve, 'first')).toMatchObject({ code: 'handle-taken' });
    value(await claim(phone, 'first'));
    expect(await find(eve, 'second')).toMatchObject({ code: 'not-found' });
    value(await release(phone));
    expect(await find(eve, 'first')).toMatchObject({ code: 'not-found' });
    world.clock.advance(HANDLE_REST_MS);
    value(await eve.login());
    value(await claim(eve, 'first'));
    value(await phone.login());
    expect(await claim(phone, 'first')).toMatchObject({ code: 'handle-taken' });
  });
});
