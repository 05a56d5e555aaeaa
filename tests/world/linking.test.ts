import { expect, onTestFinished, test } from 'vitest';
import { unwrap } from '../../src/lib/core/result.ts';
import { inviteChecksum } from '../../src/lib/crypto/identity.ts';
import { answerLink, openBox, openLink, sealBox } from '../../src/lib/crypto/linking.ts';
import {
  linkCodeFromText,
  linkCommitment,
  linkKey,
  linkNonce,
  linkReveal,
  textFromLinkCode,
} from '../../src/lib/protocol/linking.ts';
import { findRevocation } from '../../src/lib/protocol/account.ts';
import { answerBox, fetchBoxes, offerBox } from '../../src/lib/protocol/rendezvous.ts';
import { cborFromValue as cbor, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import type { JoiningState, LinkingState, OwnDeviceItem, VaultState } from '../../src/lib/services/client.ts';
import { arrived, begin, link, meet, newWorld, talked, until } from './linked.ts';
import { PASSPHRASE, type Person } from './world.ts';

const digitsOf = (state: JoiningState | LinkingState | undefined) =>
  state?.step === 'compare' ? state.digits : undefined;
const faultOf = (state: JoiningState | LinkingState | undefined) =>
  state?.step === 'over' ? state.fault.code : undefined;

test('a linked device has everything, and is one of its person’s devices from then on', async () => {
  const w = await newWorld();
  const [ana, bo] = await talked(w);
  const phone = await w.emptyDevice('phone');

  const linking = await link(w, ana, phone);
  expect(linking.joining.step).toBe('receiving');
  await arrived(w, ana, phone);

  expect((await phone.client.self())?.account).toBe((await ana.client.self())?.account);
  expect(await phone.texts('Bo')).toEqual(['first', 'second']);

  // What either side says from now on is on all three, and one's own is one's own.
  unwrap(await phone.client.sendText((await phone.conversation('Bo')).id, 'from the phone'));
  await w.settle();
  unwrap(await bo.client.sendText((await bo.conversation('Ana')).id, 'to both'));
  await w.settle();
  const all = ['first', 'second', 'from the phone', 'to both'];
  expect([await ana.texts('Bo'), await phone.texts('Bo'), await bo.texts('Ana')]).toEqual([all, all, all]);
  const sent = (await ana.messages('Bo')).find(({ text }) => text === 'from the phone');
  expect(sent?.isOutgoing).toBe(true);
  // The answer from the phone read what was before it; what came after is new on both.
  expect((await ana.conversation('Bo')).unread).toBe(1);
  expect(await ana.waiting()).toBe(0);
  // Bo is told, and Ana's other devices know that it was her.
  const lines = (await bo.messages('Ana')).flatMap(({ notice }) => notice?.what ?? []);
  expect(lines).toContain('device');
  expect((await ana.securityEvents()).map(({ type }) => type)).not.toContain('own-device');
});

test('both devices show the same six digits, and a no on either word leaves nothing behind', async () => {
  const w = await newWorld();
  const [ana] = await talked(w);
  const phone = await w.emptyDevice('phone');
  for (const [decision, fault] of [
    ['mismatch', 'link-mismatch'],
    ['declined', 'link-declined'],
  ] as const) {
    const linking = await begin(w, phone);
    await meet(w, ana, linking);
    expect(digitsOf(linking.joining)).toMatch(/^\d{6}$/);
    expect(digitsOf(linking.linking)).toBe(digitsOf(linking.joining));
    await ana.client.decideLinking(decision);
    await until(w, () => faultOf(linking.joining) !== undefined && faultOf(linking.linking) !== undefined, 'a no');
    expect([faultOf(linking.joining), faultOf(linking.linking)]).toEqual([fault, fault]);
  }
  expect(await phone.store.keyStore.count()).toBe(0);
  expect(await phone.store.relayLogin.count()).toBe(0);
  expect(
    await ana.store.devices
      .where('userId')
      .equals((await ana.client.self())?.account ?? '')
      .count(),
  ).toBe(1);
  expect((await ana.securityEvents()).map(({ type }) => type)).toEqual(['link-mismatch']);
  // And the next time it works.
  await link(w, ana, phone);
});

test('whoever stands in between shows different digits on both sides', async () => {
  const w = await newWorld();
  const [ana] = await talked(w);
  const [phone, eve] = [await w.emptyDevice('phone'), await w.person('Eve')];
  const linking = await begin(w, phone);
  const theirs = unwrap(linkCodeFromText(linking.code, inviteChecksum));
  const relay = await eve.relay();
  const leave = (id: string, n: number, box: object) =>
    relay.call(answerBox, answerBox.path(id), { n, box: cbor(box) });
  const offer = (id: string, n: number, box: Uint8Array<ArrayBuffer>) =>
    relay.call(offerBox, offerBox.path(id), { n, box });
  const read = async (id: string, from: 'new' | 'old', n: number) => {
    const { boxes } = unwrap(await relay.call(fetchBoxes, fetchBoxes.path(id), { from, next: n }));
    return boxes.find((box) => box.n === n)?.box;
  };
  const wait = async (id: string, from: 'new' | 'old', n: number) => {
    await until(w, async () => (await read(id, from, n)) !== undefined, `box ${n} of the ${from} one`);
    return (await read(id, from, n)) as Uint8Array;
  };

  // Eve gives Ana a code of her own, and plays Ana to the phone.
  const opening = await openLink(w.random);
  const { rendezvous } = opening.code;
  unwrap(await offer(rendezvous, 0, cbor({ k: 'key', key: opening.publicKey })));
  const stop = await ana.client.watchLinking(textFromLinkCode(opening.code, inviteChecksum), (state) => {
    linking.linking = state;
  });
  onTestFinished(stop);
  const key = unwrap(valueFromCbor(linkKey, await wait(theirs.rendezvous, 'new', 0), 10_000));
  const answer = unwrap(await answerLink(w.random, theirs, key.key));
  unwrap(await leave(theirs.rendezvous, 0, { k: 'commit', c: answer.commitment }));
  const nonce = unwrap(valueFromCbor(linkNonce, await wait(theirs.rendezvous, 'new', 1), 10_000));
  unwrap(await leave(theirs.rendezvous, 1, { k: 'reveal', ...answer.reveal }));
  const toPhone = answer.finish(nonce.n);
  const committed = unwrap(valueFromCbor(linkCommitment, await wait(rendezvous, 'old', 0), 10_000));
  unwrap(await offer(rendezvous, 1, cbor({ k: 'nonce', n: opening.nonce })));
  const reveal = unwrap(valueFromCbor(linkReveal, await wait(rendezvous, 'old', 1), 10_000));
  const toAna = unwrap(await opening.finish(committed.c, reveal));
  const wish = openBox(toPhone.newKey, 'new', 2, await wait(theirs.rendezvous, 'new', 2));
  unwrap(await offer(rendezvous, 2, sealBox(w.random, toAna.newKey, 'new', 2, wish ?? new Uint8Array())));

  await until(w, () => linking.linking?.step === 'compare', 'digits');
  expect(digitsOf(linking.joining)).toBe(toPhone.digits);
  expect(digitsOf(linking.linking)).toBe(toAna.digits);
  expect(digitsOf(linking.linking)).not.toBe(digitsOf(linking.joining));
});

test('a relay that puts boxes of its own in place is found before anybody compares', async () => {
  const w = await newWorld();
  const [ana] = await talked(w);
  const phone = await w.emptyDevice('phone');
  const linking = await begin(w, phone);
  phone.network.alter = (path, body) => {
    if (!path.endsWith('/fetch')) return body;
    const answer = unwrap(valueFromCbor(fetchBoxes.answer, body, 10_000_000));
    const boxes = answer.boxes.map(({ n, box }) => {
      const reveal = valueFromCbor(linkReveal, box, 10_000);
      return { n, box: reveal.ok ? cbor({ ...reveal.value, n: new Uint8Array(32) }) : box };
    });
    return cbor({ boxes });
  };
  onTestFinished(await ana.client.watchLinking(linking.code, () => {}));
  await until(w, () => linking.joining.step === 'over', 'the end');
  expect(faultOf(linking.joining)).toBe('link-untrue');
});

test('codes that are none, that are over, and passphrases that are too short, are told apart', async () => {
  const w = await newWorld();
  const [ana] = await talked(w);
  const phone = await w.emptyDevice('phone');
  const said = async (code: string) => {
    let state: LinkingState | undefined;
    onTestFinished(await ana.client.watchLinking(code, (next) => (state = next)));
    await until(w, () => state?.step === 'over', 'an answer');
    return faultOf(state);
  };
  expect(await said('cairn1:abc')).toBe('malformed');
  expect(await said('cairn9-link:abc')).toBe('wrong-version');
  const linking = await begin(w, phone);
  linking.giveUp();
  w.clock.advance(16 * 60_000);
  expect(await said(linking.code)).toBe('link-expired');
  let short: JoiningState | undefined;
  await phone.client.watchJoining({ passphrase: 'short', platform: '' }, (state) => (short = state));
  await until(w, () => short?.step === 'over', 'an answer');
  expect(faultOf(short)).toBe('weak-passphrase');
  // Nobody came: the code on the new device is over by itself.
  const alone = await begin(w, phone);
  await until(
    w,
    () => {
      w.clock.advance(60_000);
      return alone.joining.step === 'over';
    },
    'the end of waiting',
  );
  expect(faultOf(alone.joining)).toBe('link-expired');
});

test('a long history goes on after either app was closed, and what came meanwhile is in it', async () => {
  const w = await newWorld();
  const [ana, bo] = await talked(w);
  const chat = (await bo.conversation('Ana')).id;
  for (let i = 0; i < 140; i++) unwrap(await bo.client.sendText(chat, `line ${i}`));
  await w.settle();
  const phone = await w.emptyDevice('phone');
  await link(w, ana, phone);
  // In the middle of it both are closed, and people go on writing.
  unwrap(await (await phone.restart()).unlock(PASSPHRASE));
  unwrap(await (await ana.restart()).unlock(PASSPHRASE));
  unwrap(await bo.client.sendText(chat, 'meanwhile'));
  unwrap(await ana.client.react((await ana.messages('Bo')).find(({ text }) => text === 'second')?.id as never, '👍'));
  await arrived(w, ana, phone);
  const texts = ['first', 'second', ...Array.from({ length: 140 }, (_, i) => `line ${i}`), 'meanwhile'];
  expect(await phone.texts('Bo')).toEqual(texts);
  const second = (await phone.messages('Bo')).find(({ text }) => text === 'second');
  expect(second?.reactions?.map(({ emoji }) => emoji)).toEqual(['👍']);
});

test('a revoked device leaves every group, logs in no more, and reads nothing that is said from then on', async () => {
  const w = await newWorld();
  const [ana, bo] = await talked(w);
  const phone = await w.emptyDevice('phone');
  await link(w, ana, phone);
  await arrived(w, ana, phone);
  const id = (await phone.store.relayLogin.get('self'))?.deviceId as never;
  // It clears itself once it has read what was signed: this one never does.
  phone.network.alter = withFalseRevocation;
  unwrap(await ana.client.revokeDevice(id));
  await w.settle();
  unwrap(await ana.client.sendText((await ana.conversation('Bo')).id, 'without the phone'));
  await w.settle();
  unwrap(await bo.client.sendText((await bo.conversation('Ana')).id, 'nor this'));
  await w.settle();
  expect(await bo.texts('Ana')).toEqual(['first', 'second', 'without the phone', 'nor this']);
  expect(await phone.texts('Bo')).toEqual(['first', 'second']);
  const chat = (await ana.conversation('Bo')).id;
  const [group] = await ana.store.mlsGroups.where('conversationId').equals(chat).toArray();
  const chains = await bo.store.senderKeys
    .where('[groupId+epoch]')
    .equals([group?.groupId ?? '', group?.epoch ?? 0])
    .toArray();
  expect(chains.map(({ deviceId }) => deviceId)).not.toContain(id);
  expect(chains).toHaveLength(2);
});

const REVOCATION = findRevocation.path;

/** A relay that makes the device a revocation of its own, of the bytes that it has. */
const withFalseRevocation = (path: string, body: Uint8Array<ArrayBuffer>) => {
  if (path !== REVOCATION) return body;
  const { at, signature } = unwrap(valueFromCbor(findRevocation.answer, body, 1_000));
  return cbor({ at: at + 1, signature });
};

const databasesOf = async ({ storage }: Person) => (await storage.indexedDB.databases()).map(({ name }) => name);
const askedForRevocation = ({ network }: Person) => network.sent.filter(({ path }) => path === REVOCATION).length;

/** Follows what the page is told of the vault. */
async function vaultOf({ client }: Person): Promise<VaultState[]> {
  const states: VaultState[] = [];
  onTestFinished(await client.watchVault((state) => void states.push(state)));
  return states;
}

test('a revoked device clears itself: its disk holds nothing, and it says so', async () => {
  const w = await newWorld();
  const [ana, bo] = await talked(w);
  const phone = await w.emptyDevice('phone');
  await link(w, ana, phone);
  await arrived(w, ana, phone);
  expect(await databasesOf(phone)).toEqual([phone.storage.name]);
  const vault = await vaultOf(phone);
  const id = (await phone.store.relayLogin.get('self'))?.deviceId as never;
  unwrap(await ana.client.revokeDevice(id));
  await until(w, () => vault.at(-1) === 'removed', 'the end of the phone');
  expect(await databasesOf(phone)).toEqual([]);
  expect((await vaultOf({ ...phone, client: await phone.restart() })).at(-1) ?? 'none').toBe('none');
  expect(await phone.store.relayLogin.count()).toBe(0);
  // The others have lost nothing.
  await w.settle();
  unwrap(await ana.client.sendText((await ana.conversation('Bo')).id, 'without the phone'));
  await w.settle();
  expect(await bo.texts('Ana')).toEqual(['first', 'second', 'without the phone']);
  expect(await ana.texts('Bo')).toEqual(['first', 'second', 'without the phone']);
});

test('a locked device that was revoked clears itself when it has a network, before anybody unlocks it', async () => {
  const w = await newWorld();
  const [ana] = await talked(w);
  const phone = await w.emptyDevice('phone');
  await link(w, ana, phone);
  await arrived(w, ana, phone);
  const id = (await phone.store.relayLogin.get('self'))?.deviceId as never;
  phone.network.isUp = false;
  await phone.restart();
  const vault = await vaultOf(phone);
  unwrap(await ana.client.revokeDevice(id));
  await until(w, () => vault.at(-1) === 'locked', 'a locked phone');
  expect(await databasesOf(phone)).toEqual([phone.storage.name]);
  phone.network.isUp = true;
  await until(w, () => vault.at(-1) === 'removed', 'the end of the phone');
  expect(await databasesOf(phone)).toEqual([]);
});

test('a relay that only says that a device was revoked, or makes up a reason, clears nothing', async () => {
  const w = await newWorld();
  const [ana] = await talked(w);
  const phone = await w.emptyDevice('phone');
  await link(w, ana, phone);
  await arrived(w, ana, phone);
  const id = (await phone.store.relayLogin.get('self'))?.deviceId as never;
  await w.relay.revokeDevice(id);
  await until(w, () => askedForRevocation(phone) >= 2, 'two questions to the relay');
  expect(await phone.texts('Bo')).toEqual(['first', 'second']);

  phone.network.alter = withFalseRevocation;
  const before = askedForRevocation(phone);
  unwrap(await ana.client.revokeDevice(id));
  await until(w, () => askedForRevocation(phone) >= before + 2, 'two more questions');
  expect(await phone.texts('Bo')).toEqual(['first', 'second']);
  unwrap(await (await phone.restart()).unlock(PASSPHRASE));
  await until(w, () => askedForRevocation(phone) >= before + 3, 'a question after the next start');
  expect(await phone.texts('Bo')).toEqual(['first', 'second']);
});

const devicesOf = async ({ client }: Person) => {
  const { promise, resolve } = Promise.withResolvers<readonly OwnDeviceItem[]>();
  const stop = await client.watchOwnDevices(resolve);
  const devices = await promise;
  stop();
  return devices;
};

test('each device lists all with what they run on and when they were seen, and hears which were ended', async () => {
  const w = await newWorld();
  const [ana] = await talked(w);
  unwrap(await ana.client.refreshDevices('Firefox, Linux'));
  const [phone, tablet] = [await w.emptyDevice('phone'), await w.emptyDevice('tablet')];
  for (const fresh of [phone, tablet]) {
    await link(w, ana, fresh);
    await arrived(w, ana, fresh);
  }
  const id = (await phone.store.relayLogin.get('self'))?.deviceId as never;
  const phoneOn = async (person: Person) => (await devicesOf(person)).find((device) => device.id === id);
  const platforms = (await devicesOf(tablet)).map(({ platform, isThis }) => [platform, isThis]);
  expect(platforms[0]).toEqual(['A browser', true]);
  expect(platforms).toContainEqual(['Firefox, Linux', false]);

  w.clock.advance(24 * 3600_000);
  const now = w.clock.now();
  await w.settle();
  unwrap(await tablet.client.refreshDevices('A browser'));
  expect((await phoneOn(tablet))?.lastSeen).toBeGreaterThanOrEqual(now);

  const vault = await vaultOf(phone);
  unwrap(await ana.client.revokeDevice(id));
  await until(w, () => vault.at(-1) === 'removed', 'the end of the phone');
  expect((await phoneOn(tablet))?.isRevoked).toBe(false);
  // A relay that makes one up changes nothing.
  tablet.network.alter = withFalseRevocation;
  unwrap(await tablet.client.refreshDevices('A browser'));
  expect((await phoneOn(tablet))?.isRevoked).toBe(false);
  tablet.network.alter = undefined;
  unwrap(await tablet.client.refreshDevices('A browser'));
  expect((await phoneOn(tablet))?.isRevoked).toBe(true);
});

test('groups that either side makes later have both devices, and a conversation that one begins is on the other', async () => {
  const w = await newWorld();
  const [ana, bo] = await talked(w);
  const phone = await w.emptyDevice('phone');
  await link(w, ana, phone);
  await arrived(w, ana, phone);
  const [anas, bos] = [(await ana.client.self())?.account as never, (await bo.client.self())?.account as never];
  unwrap(await phone.client.createGroup({ name: 'Hike', people: [bos] }));
  unwrap(await bo.client.createGroup({ name: 'Swim', people: [anas] }));
  await w.settle();
  for (const name of ['Hike', 'Swim']) {
    unwrap(await bo.client.sendText((await bo.conversation(name)).id, `hello ${name}`));
    await w.settle();
    expect([await ana.texts(name), await phone.texts(name)]).toEqual([[`hello ${name}`], [`hello ${name}`]]);
  }
  // Read on one, read on the other; what one wrote oneself was never unread.
  const swim = await ana.conversation('Swim');
  expect([swim.unread, (await phone.conversation('Swim')).unread]).toEqual([1, 1]);
  unwrap(await ana.client.markRead(swim.id, (await ana.messages('Swim')).at(-1)?.id as never));
  await w.settle();
  expect((await phone.conversation('Swim')).unread).toBe(0);
  unwrap(await ana.client.sendText(swim.id, 'from the laptop'));
  await w.settle();
  expect((await phone.conversation('Swim')).unread).toBe(0);
});
