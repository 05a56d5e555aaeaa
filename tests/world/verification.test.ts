import { afterEach, describe, expect, it } from 'vitest';
import type { DeviceItem, PersonItem } from '../../src/lib/services/client.ts';
import type { AccountId } from '../../src/lib/core/ids.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import { signCertificate } from '../../src/lib/crypto/identity.ts';
import { addDevice } from '../../src/lib/db/devices.ts';
import { bytesFromCertificate, certificateFromBytes } from '../../src/lib/protocol/certificate.ts';
import { accountOf, must, PASSPHRASE, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

async function trio(): Promise<{ ana: Person; bo: Person; cy: Person }> {
  w = await world();
  const [ana, bo, cy] = [await w.person('Ana'), await w.person('Bo'), await w.person('Cy')];
  await ana.knows(bo, cy);
  await bo.knows(ana, cy);
  await cy.knows(ana, bo);
  return { ana, bo, cy };
}

const personOf = (who: Person, name: string): Promise<PersonItem | undefined> =>
  new Promise((resolve) => {
    void who.client.watchPeople((people) => resolve(people.find((item) => item.name === name)));
  });

const numberOf = async (who: Person, other: Person) => must(who.client.safetyNumber(await accountOf(other)));

describe('a safety number', () => {
  it('is the same for both, another for every pair, and verified by scanning, on the side that scans', async () => {
    const { ana, bo, cy } = await trio();
    const [atAna, atBo] = [await numberOf(ana, bo), await numberOf(bo, ana)];
    expect(atAna.digits).toMatch(/^\d{60}$/);
    expect(atBo.digits).toBe(atAna.digits);
    expect((await numberOf(ana, cy)).digits).not.toBe(atAna.digits);

    await must(ana.client.compareSafetyNumber(await accountOf(bo), atBo.code));
    expect(await personOf(ana, 'Bo')).toMatchObject({ isVerified: true });
    expect(await personOf(ana, 'Cy')).toMatchObject({ isVerified: false });
    expect(await personOf(bo, 'Ana')).toMatchObject({ isVerified: false });
    await must(ana.client.setVerified(await accountOf(bo), false));
    expect(await personOf(ana, 'Bo')).toMatchObject({ isVerified: false });
  });

  it('that does not match verifies nobody, and is told', async () => {
    const { ana, bo, cy } = await trio();
    const bos = await accountOf(bo);
    const refused = async (code: string) => (await ana.client.compareSafetyNumber(bos, code)) as { error: object };
    // Cy's code instead of Bo's; Bo's for somebody else; Ana's own; what is no code at all.
    for (const code of [(await numberOf(cy, ana)).code, (await numberOf(bo, cy)).code]) {
      expect(await refused(code)).toMatchObject({ error: { code: 'safety-mismatch' } });
    }
    expect(await refused((await numberOf(ana, bo)).code)).toMatchObject({ error: { code: 'own-safety-code' } });
    expect(await refused('cairn1:AAAA')).toMatchObject({ error: { code: 'malformed' } });
    expect(await ana.client.compareSafetyNumber(await accountOf(ana), 'x')).toMatchObject({ ok: false });
    expect(await personOf(ana, 'Bo')).toMatchObject({ isVerified: false });
    expect(await ana.securityEvents()).toMatchObject([
      { type: 'safety-mismatch', person: 'Bo' },
      { type: 'safety-mismatch', person: 'Bo' },
    ]);
  });

  it('marks who is verified in the roster of a group', async () => {
    const { ana, bo, cy } = await trio();
    await must(ana.client.setVerified(await accountOf(bo), true));
    const id = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo), await accountOf(cy)] }));
    await w.settle();
    const { members } = await ana.view(id);
    expect(members.map(({ name, isVerified }) => [name, isVerified])).toEqual([
      ['Ana', false],
      ['Bo', true],
      ['Cy', false],
    ]);
  });

  it('of a person who is no contact is refused', async () => {
    const { ana } = await trio();
    const self = await accountOf(ana);
    expect(await ana.client.safetyNumber(self)).toMatchObject({ error: { code: 'not-found' } });
    expect(await ana.client.setVerified(self, true)).toMatchObject({ error: { code: 'not-found' } });
  });
});

const devicesOf = (who: Person, account: AccountId): Promise<readonly DeviceItem[]> =>
  new Promise((resolve) => void who.client.watchDevices(account, resolve));

/** Ana has verified Bo and knows his first device; then a second one of his account turns up. */
async function withNewDevice(of: 'verified' | 'unverified' = 'verified') {
  const people = await trio();
  const { ana, bo } = people;
  const bos = await accountOf(bo);
  const direct = await must(ana.client.openDirect(bos));
  await must(ana.client.sendText(direct, 'first'));
  await w.settle();
  await must(ana.client.setVerified(bos, of === 'verified'));
  const phone = await w.secondDevice(bo);
  await w.settle();
  const group = await must(ana.client.createGroup({ name: 'Hike', people: [bos] }));
  await w.settle();
  return { ...people, bos, direct, group, phone };
}

describe('an account whose name looks like one that is known', () => {
  it('is marked as another account, and the one that was verified is not', async () => {
    w = await world();
    const [ana, bo, other] = [await w.person('Ana'), await w.person('Bo'), await w.person('B0')];
    await ana.knows(bo);
    await must(ana.client.setVerified(await accountOf(bo), true));
    expect(await personOf(ana, 'Bo')).not.toHaveProperty('resembles');
    await ana.knows(other);
    expect(await personOf(ana, 'B0')).toMatchObject({ resembles: 'Bo', isVerified: false });
    expect(await personOf(ana, 'Bo')).not.toHaveProperty('resembles');
  });
});

describe('a new device of a verified person', () => {
  it('is told, and nothing is sent to that person before somebody decides', async () => {
    const { ana, bo, bos, direct, group, phone } = await withNewDevice();
    expect(await ana.securityEvents()).toMatchObject([{ type: 'new-device', person: 'Bo', severity: 'high' }]);
    expect((await ana.messages('Hike')).at(-1)?.notice).toEqual({ what: 'device', who: ['Bo'] });
    expect((await devicesOf(ana, bos)).map(({ isUnreviewed }) => isUnreviewed).sort()).toEqual([false, true]);

    await must(ana.client.sendText(group, 'to the group'));
    await must(ana.client.sendText(direct, 'to Bo alone'));
    await w.settle();
    for (const id of [group, direct]) expect((await ana.view(id)).heldBy).toEqual([{ account: bos, name: 'Bo' }]);
    expect(await ana.waiting()).toBeGreaterThan(0);
    expect(await phone.texts('Hike')).toEqual([]);
    expect(await bo.texts('Ana')).toEqual(['first']);
    expect(await ana.texts('Hike')).toEqual(['to the group']);

    await must(ana.client.acceptDevices(bos));
    await w.settle();
    expect((await ana.view(group)).heldBy).toEqual([]);
    expect(await phone.texts('Hike')).toEqual(['to the group']);
    expect(await bo.texts('Ana')).toEqual(['first', 'to Bo alone']);
    expect(await ana.waiting()).toBe(0);
  });

  it('holds back nothing that goes to others', async () => {
    const { ana, cy } = await withNewDevice();
    const chat = await must(ana.client.openDirect(await accountOf(cy)));
    await must(ana.client.sendText(chat, 'hello Cy'));
    await w.settle();
    expect(await cy.texts('Ana')).toEqual(['hello Cy']);
  });

  it('is decided about by comparing numbers again, too', async () => {
    const { ana, bo, bos, group, phone } = await withNewDevice();
    await must(ana.client.sendText(group, 'waits'));
    await must(ana.client.compareSafetyNumber(bos, (await numberOf(bo, ana)).code));
    await w.settle();
    expect(await phone.texts('Hike')).toEqual(['waits']);
  });

  it('holds back nothing where the person has switched that off, and is told all the same', async () => {
    const { ana, group, phone } = await withNewDevice();
    await must(ana.client.saveSecuritySettings({ blockOnIdentityChange: false }));
    await must(ana.client.sendText(group, 'goes on'));
    await w.settle();
    expect(await phone.texts('Hike')).toEqual(['goes on']);
    expect(await ana.securityEvents()).toMatchObject([{ type: 'new-device' }]);
  });

  it('survives a restart: what waits still waits', async () => {
    const { ana, group, bos, phone } = await withNewDevice();
    await must(ana.client.sendText(group, 'waits'));
    await must((await ana.restart()).unlock(PASSPHRASE));
    await w.settle();
    expect((await ana.view(group)).heldBy).toMatchObject([{ account: bos }]);
    expect(await phone.texts('Hike')).toEqual([]);
  });

  it('leads another member, who joins the group by its commit or welcome, to the same', async () => {
    const { ana, bo, cy } = await trio();
    const bos = await accountOf(bo);
    // Cy knows Bo's first device, and has verified him.
    await must(cy.client.openDirect(bos));
    const group = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(cy)] }));
    await w.settle();
    await must(cy.client.setVerified(bos, true));
    await w.secondDevice(bo);
    await w.settle();
    await must(ana.client.addPeople(group, [bos]));
    const sea = await must(ana.client.createGroup({ name: 'Sea', people: [bos, await accountOf(cy)] }));
    await w.settle();
    const log = await cy.store.inbox.where('status').equals('done').toArray();
    expect(log.filter((row) => row.outcome === 'IdentityChanged').map(({ kind }) => kind)).toEqual(['commit']);
    for (const id of [group, sea]) expect((await cy.view(id)).heldBy).toEqual([{ account: bos, name: 'Bo' }]);
    expect(await cy.securityEvents()).toMatchObject([{ type: 'new-device', person: 'Bo' }]);
  });
});

describe('a new device of somebody else', () => {
  it('who is not verified is said in the conversation, and nothing waits', async () => {
    const { ana, group, phone } = await withNewDevice('unverified');
    expect((await ana.messages('Hike')).at(-1)?.notice).toEqual({ what: 'device', who: ['Bo'] });
    expect(await ana.securityEvents()).toEqual([]);
    await must(ana.client.sendText(group, 'hello'));
    await w.settle();
    expect(await phone.texts('Hike')).toEqual(['hello']);
  });

  it('of the own account is told to the devices that are there', async () => {
    const { bo } = await withNewDevice();
    expect(await bo.securityEvents()).toMatchObject([{ type: 'own-device', severity: 'high' }]);
  });
});

describe('a package whose certificate is not the newest is not added', () => {
  it.each([
    ['an older sequence', { sequence: 4 }],
    ['a certificate of the future', { notBefore: Date.UTC(2031, 0) }],
  ])('%s', async (what, options) => {
    const { ana, bo } = await trio();
    const bos = await accountOf(bo);
    const phone = await w.secondDevice(bo, options);
    await w.settle();
    if (what === 'an older sequence') await knowNewerCertificate(ana, bo, phone);
    const group = await must(ana.client.createGroup({ name: 'Hike', people: [bos] }));
    await w.settle();
    await must(ana.client.sendText(group, 'hello'));
    await w.settle();
    expect(await bo.texts('Hike')).toEqual(['hello']);
    await expect(phone.texts('Hike')).rejects.toThrow('no conversation');
  });
});

/** Ana has met the phone with certificate number 5. */
async function knowNewerCertificate(ana: Person, bo: Person, phone: Person): Promise<void> {
  const [login, identity] = [await phone.store.relayLogin.get('self'), await bo.store.keyStore.get('identity')];
  const older = unwrap(certificateFromBytes(login?.registeredCertificate ?? new Uint8Array()));
  const certificate = signCertificate({ ...older, sequence: 5 }, identity?.key ?? new Uint8Array());
  await addDevice(
    ana.store,
    {
      id: older.device,
      userId: await accountOf(bo),
      deviceName: '',
      deviceType: 'unknown',
      certificate: bytesFromCertificate(certificate),
    },
    w.clock.now(),
  );
}
