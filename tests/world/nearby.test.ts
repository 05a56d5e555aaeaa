import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/lib/core/bytes.ts';
import type { NearbyState } from '../../src/lib/services/client.ts';
import { accountOf, must, until, world, type Person, type World } from './world.ts';

let w: World;
let ana: Person;
let bo: Person;

beforeEach(async () => {
  w = await world({ seed: 'nearby' });
  [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  await bo.knows(ana);
});
afterEach(() => w.close());

const CODES = { offer: 'offer of Ana', answer: 'answer of Bo' };

/** A link between two devices in one room; `alter` stands in between. */
async function meet(a: Person, b: Person, options: { alter?: (frame: Bytes) => Bytes; codesOfB?: typeof CODES } = {}) {
  const states: { a: NearbyState[]; b: NearbyState[] } = { a: [], b: [] };
  let changed = Promise.withResolvers<void>();
  const see = (of: NearbyState[]) => (state: NearbyState) => {
    of.push(state);
    changed.resolve();
    changed = Promise.withResolvers();
  };
  // A client may ask for its state before it is called back, so the ends are joined by queues.
  const toA: Bytes[] = [];
  const toB: Bytes[] = [];
  let isOpen = false;
  const pump = async () => {
    if (!isOpen) return;
    for (let frame = toB.shift(); frame !== undefined; frame = toB.shift()) void b.client.takeNearby(frame);
    for (let frame = toA.shift(); frame !== undefined; frame = toA.shift()) void a.client.takeNearby(frame);
  };
  const endA = await a.client.watchNearby(
    { role: 'offer', ...CODES },
    (frame) => {
      toB.push(options.alter?.(frame) ?? frame);
      void pump();
    },
    see(states.a),
  );
  const endB = await b.client.watchNearby(
    { role: 'answer', ...(options.codesOfB ?? CODES) },
    (frame) => {
      toA.push(frame);
      void pump();
    },
    see(states.b),
  );
  isOpen = true;
  void pump();
  return {
    async until(holds: () => boolean): Promise<void> {
      while (!holds()) await changed.promise;
    },
    last: () => ({ a: states.a.at(-1), b: states.b.at(-1) }),
    end() {
      endA();
      endB();
    },
  };
}

/** Waits until these texts are on somebody's disk. */
const arrived = ({ store }: Person, ...texts: string[]): Promise<void> =>
  until(store, async () => {
    const contents = (await store.messages.toArray()).map(({ content }) => content);
    return texts.every((text) => contents.includes(text));
  });

describe('two devices in one room', () => {
  it('two people in one room, without a network, hand each other what waits, and go on writing', async () => {
    const chat = await must(ana.client.openDirect(await accountOf(bo)));
    await must(ana.client.sendText(chat, 'while there was a network'));
    await w.settle();
    ana.network.isUp = bo.network.isUp = false;
    const photo = new Uint8Array(3_000_000).fill(7);
    await must(ana.client.sendText(chat, 'the bridge is out'));
    const file = { blob: new Blob([photo]), name: 'bridge.jpg', type: 'image/jpeg', width: 40, height: 30 };
    await must(ana.client.sendFiles(chat, [file], 'look'));
    const back = await bo.conversation('Ana');
    await must(bo.client.sendText(back.id, 'we take the ford'));

    const link = await meet(ana, bo);
    await arrived(bo, 'the bridge is out', 'look');
    await arrived(ana, 'we take the ford');
    await link.until(() => link.last().b?.files === 1);
    expect(await bo.texts('Ana')).toEqual(expect.arrayContaining(['the bridge is out', 'look', 'we take the ford']));
    expect(link.last().a?.person).toMatchObject({ name: 'Bo' });
    expect(link.last().b?.person).toMatchObject({ name: 'Ana' });
    expect(link.last().b).toMatchObject({ isStranger: false, taken: 2, given: 1, filesWanted: 1 });

    // The file is here, whole, and what is written now goes over at once.
    const message = (await bo.messages('Ana')).find(({ text }) => text === 'look');
    const opened = await must(bo.client.openFile(message!.id, 0));
    expect(new Uint8Array(await opened.arrayBuffer())).toEqual(photo);
    await must(ana.client.sendText(chat, 'agreed'));
    await arrived(bo, 'agreed');
    // Delivered is what one's own screen says, though the relay knows of nothing yet.
    await until(ana.store, async () =>
      (await ana.store.messages.toArray()).some(
        ({ content, status }) => content === 'agreed' && status === 'delivered',
      ),
    );
    link.end();
    expect(await ana.waiting()).toBeGreaterThan(0);

    // With a network everything is there once, in one order for both.
    ana.network.isUp = bo.network.isUp = true;
    await w.settle();
    expect(await ana.waiting()).toBe(0);
    expect(await bo.waiting()).toBe(0);
    expect(await bo.texts('Ana')).toEqual(await ana.texts('Bo'));
    expect(await bo.texts('Ana')).toHaveLength(5);
    // What Bo had when he answered he had read.
    expect((await ana.messages('Bo')).filter(({ isOutgoing }) => isOutgoing).map(({ state }) => state)).toEqual([
      'read',
      ...Array<string>(3).fill('delivered'),
    ]);
    expect(await bo.securityEvents()).toEqual([]);
  });

  it('in a group only those who are in it get anything, and the third one has it from the relay later', async () => {
    const cem = await w.person('Cem');
    const dia = await w.person('Dia');
    await ana.knows(cem);
    await dia.knows(ana);
    const accounts = [await accountOf(bo), await accountOf(cem)];
    const group = await must(ana.client.createGroup({ name: 'Hike', people: accounts }));
    await w.settle();
    for (const person of [ana, bo, cem, dia]) person.network.isUp = false;
    await must(ana.client.sendText(group, 'meet at the hut'));

    const stranger = await meet(ana, dia);
    await stranger.until(() => stranger.last().b?.step === 'idle');
    expect(stranger.last()).toMatchObject({ a: { isStranger: true, given: 0 }, b: { isStranger: true, taken: 0 } });
    stranger.end();

    const link = await meet(ana, bo);
    await arrived(bo, 'meet at the hut');
    link.end();
    for (const person of [ana, bo, cem, dia]) person.network.isUp = true;
    await w.settle();
    for (const person of [ana, bo, cem]) expect(await person.texts('Hike')).toEqual(['meet at the hut']);
  });

  it('what came by hand in an epoch that is over by then is shown once', async () => {
    const cem = await w.person('Cem');
    await ana.knows(cem);
    const accounts = [await accountOf(bo), await accountOf(cem)];
    const group = await must(ana.client.createGroup({ name: 'Hike', people: accounts }));
    await w.settle();
    bo.network.isUp = false;
    await must(bo.client.sendText(group, 'from the valley'));
    // Meanwhile Ana removes Cem, and has taken Bo's words by hand before.
    ana.network.isUp = false;
    const link = await meet(ana, bo);
    await arrived(ana, 'from the valley');
    link.end();
    ana.network.isUp = true;
    await must(ana.client.removePerson(group, accounts[1]!));
    await w.settle();
    bo.network.isUp = true;
    await w.settle();
    expect(await ana.texts('Hike')).toEqual(['from the valley']);
    expect(await bo.texts('Hike')).toEqual(['from the valley']);
    expect(await cem.texts('Hike')).toEqual([]);
    expect(await bo.waiting()).toBe(0);
  });

  it('who read other codes than those that were shown is at another link, and gets nothing', async () => {
    const chat = await must(ana.client.openDirect(await accountOf(bo)));
    await w.settle();
    ana.network.isUp = bo.network.isUp = false;
    await must(ana.client.sendText(chat, 'for Bo'));
    const link = await meet(ana, bo, { codesOfB: { ...CODES, offer: 'offer of somebody in between' } });
    await link.until(() => link.last().a?.step === 'over' && link.last().b?.step === 'over');
    expect(link.last().a?.fault?.code).toBe('nearby-untrue');
    expect(await bo.texts('Ana')).toEqual([]);
  });

  it('a frame that is altered on the way ends the exchange, and nothing is lost', async () => {
    const chat = await must(ana.client.openDirect(await accountOf(bo)));
    await w.settle();
    ana.network.isUp = bo.network.isUp = false;
    await must(ana.client.sendText(chat, 'for Bo'));
    let frames = 0;
    const link = await meet(ana, bo, { alter: (frame) => (frames++ < 2 ? frame : frame.slice(0, -1)) });
    await link.until(() => link.last().b?.step === 'over');
    expect(link.last().b?.fault?.code).toBe('malformed');
    link.end();
    expect(await ana.waiting()).toBeGreaterThan(0);
    ana.network.isUp = bo.network.isUp = true;
    await w.settle();
    expect(await bo.texts('Ana')).toEqual(['for Bo']);
  });
});
