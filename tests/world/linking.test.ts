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
import { answerBox, fetchBoxes, offerBox } from '../../src/lib/protocol/rendezvous.ts';
import { cborFromValue as cbor, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import type { JoiningState, LinkDecision, LinkingState, TransferState } from '../../src/lib/services/client.ts';
import { PASSPHRASE, world, type Person, type World } from './world.ts';

/** Lets time and everybody go on until something holds. */
async function until(w: World, holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let round = 0; !(await holds()); round++) {
    if (round > 400) throw new Error(`it never came to this: ${what}`);
    w.clock.advance(700);
    for (let turn = 0; turn < 20; turn++) await new Promise((resume) => void setImmediate(resume));
  }
}

interface Linking {
  joining: JoiningState;
  linking: LinkingState | undefined;
  giveUp(): void;
}

/** Begins to link `fresh`, up to the code on it. */
async function begin(w: World, fresh: Person): Promise<Linking & { code: string }> {
  const linking: Linking & { code: string } = {
    joining: { step: 'preparing' },
    linking: undefined,
    giveUp: () => {},
    code: '',
  };
  linking.giveUp = await fresh.client.watchJoining({ passphrase: PASSPHRASE, platform: 'A browser' }, (state) => {
    linking.joining = state;
    if (state.step === 'code') linking.code = state.code;
  });
  await until(w, () => linking.joining.step === 'code' || linking.joining.step === 'over', 'a code');
  return linking;
}

/** Takes the code on `old`, up to the digits. */
async function meet(w: World, old: Person, linking: Linking & { code: string }): Promise<void> {
  const stop = await old.client.watchLinking(linking.code, (state) => {
    linking.linking = state;
  });
  onTestFinished(stop);
  const settled = (step: string | undefined) => step === 'compare' || step === 'over';
  await until(w, () => settled(linking.joining.step) && settled(linking.linking?.step), 'digits on both');
}

async function link(w: World, old: Person, fresh: Person, decision: LinkDecision = 'yes'): Promise<Linking> {
  const linking = await begin(w, fresh);
  await meet(w, old, linking);
  await old.client.decideLinking(decision);
  if (decision === 'yes') await until(w, async () => (await fresh.client.self()) !== undefined, 'an open vault');
  return linking;
}

const digitsOf = (state: JoiningState | LinkingState | undefined) =>
  state?.step === 'compare' ? state.digits : undefined;
const faultOf = (state: JoiningState | LinkingState | undefined) =>
  state?.step === 'over' ? state.fault.code : undefined;

/** Waits until the history is over there. */
async function arrived(w: World, ...people: readonly Person[]): Promise<void> {
  const open = new Map<Person, TransferState | undefined | 'unknown'>();
  for (const person of people) {
    open.set(person, 'unknown');
    onTestFinished(await person.client.watchTransfer((transfer) => void open.set(person, transfer)));
  }
  await until(w, () => [...open.values()].every((transfer) => transfer === undefined), 'the end of the history');
  await w.settle();
}

async function newWorld(): Promise<World> {
  const w = await world();
  onTestFinished(() => w.close());
  return w;
}

/** Ana and Bo, who have talked. */
async function talked(w: World): Promise<readonly [Person, Person]> {
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  await bo.knows(ana);
  const bos = unwrap(await ana.client.openDirect(unwrapSelf(await bo.client.self())));
  unwrap(await ana.client.sendText(bos, 'first'));
  await w.settle();
  unwrap(await bo.client.sendText((await bo.conversation('Ana')).id, 'second'));
  await w.settle();
  return [ana, bo];
}

const unwrapSelf = (self: { account: string } | undefined) => self?.account as never;

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
  unwrap(await ana.client.revokeDevice(id));
  await w.settle();
  unwrap(await ana.client.sendText((await ana.conversation('Bo')).id, 'without the phone'));
  await w.settle();
  unwrap(await bo.client.sendText((await bo.conversation('Ana')).id, 'nor this'));
  await w.settle();
  expect(await bo.texts('Ana')).toEqual(['first', 'second', 'without the phone', 'nor this']);
  expect(await phone.texts('Bo')).toEqual(['first', 'second']);
  const group = (await ana.store.mlsGroups.toArray())[0];
  const chains = await bo.store.senderKeys
    .where('[groupId+epoch]')
    .equals([group?.groupId ?? '', group?.epoch ?? 0])
    .toArray();
  expect(chains.map(({ deviceId }) => deviceId)).not.toContain(id);
  expect(chains).toHaveLength(2);
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
