import { afterEach, describe, expect, it } from 'vitest';
import { accountOf, must, PASSPHRASE, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

async function trio(): Promise<{ ana: Person; bo: Person; cy: Person }> {
  w = await world();
  const [ana, bo, cy] = [await w.person('Ana'), await w.person('Bo'), await w.person('Cy')];
  await ana.knows(bo, cy);
  await bo.knows(ana);
  await w.settle();
  return { ana, bo, cy };
}

async function hike({ ana, bo, cy }: { ana: Person; bo: Person; cy: Person }) {
  const people = [await accountOf(bo), await accountOf(cy)];
  const id = await must(ana.client.createGroup({ name: 'Hike', people }));
  await w.settle();
  return id;
}

describe('a direct chat', () => {
  it('shows names, texts and states on both sides', async () => {
    const { ana, bo } = await trio();
    const chat = await must(ana.client.openDirect(await accountOf(bo)));
    const first = await must(ana.client.sendText(chat, 'hello Bo'));
    await w.settle();
    expect(await bo.texts('Ana')).toEqual(['hello Bo']);
    const here = await bo.conversation('Ana');
    expect(here).toMatchObject({ kind: 'direct', unread: 1 });
    expect((await ana.messages('Bo'))[0]?.state).toBe('delivered');
    await must(bo.client.markRead(here.id, first));
    await must(bo.client.sendText(here.id, 'hello Ana'));
    await w.settle();
    expect(await ana.texts('Bo')).toEqual(['hello Bo', 'hello Ana']);
    expect((await ana.messages('Bo'))[0]?.state).toBe('read');
    expect((await bo.conversation('Ana')).unread).toBe(0);
  });

  it('that both start at the same moment offline ends as one, with everything that either said', async () => {
    const { ana, bo } = await trio();
    ana.network.isUp = bo.network.isUp = false;
    const atAna = await must(ana.client.openDirect(await accountOf(bo)));
    const atBo = await must(bo.client.openDirect(await accountOf(ana)));
    expect(atAna).toBe(atBo);
    await must(ana.client.sendText(atAna, 'from Ana'));
    await must(bo.client.sendText(atBo, 'from Bo'));
    ana.network.isUp = bo.network.isUp = true;
    // Both reach the relay before either hears of the other.
    await Promise.all([ana.client.syncNow(), bo.client.syncNow()]);
    await w.settle();
    await must(ana.client.sendText(atAna, 'again from Ana'));
    await must(bo.client.sendText(atBo, 'again from Bo'));
    await w.settle();
    expect((await ana.texts('Bo')).sort()).toEqual(['again from Ana', 'again from Bo', 'from Ana', 'from Bo']);
    expect((await bo.texts('Ana')).sort()).toEqual(['again from Ana', 'again from Bo', 'from Ana', 'from Bo']);
    expect((await ana.view(atAna)).group).toBe((await bo.view(atBo)).group);
  });
});

describe('a group', () => {
  it('made and written in while its maker was offline reaches everybody in order', async () => {
    const people = await trio();
    const { ana, bo, cy } = people;
    ana.network.isUp = false;
    const id = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo), await accountOf(cy)] }));
    await must(ana.client.sendText(id, 'one'));
    await must(ana.client.sendText(id, 'two'));
    expect((await ana.conversation('Hike')).isPending).toBe(true);
    await w.settle();
    expect(await ana.texts('Hike')).toEqual(['one', 'two']);
    ana.network.isUp = true;
    await w.settle();
    expect(await bo.texts('Hike')).toEqual(['one', 'two']);
    expect(await cy.texts('Hike')).toEqual(['one', 'two']);
    const view = await cy.view(id);
    expect(view.members.map((member) => member.name).sort()).toEqual(['Ana', 'Bo', 'Cy']);
  });

  it('that was never made is gone once its maker gives it up', async () => {
    const { ana, bo } = await trio();
    ana.network.isUp = false;
    const id = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo)] }));
    await must(ana.client.sendText(id, 'for nobody'));
    const created = (await ana.store.offlineOperations.toArray()).find((row) => row.operationType === 'create');
    await must(ana.client.discard(created?.id ?? ''));
    ana.network.isUp = true;
    await w.settle();
    await expect(ana.conversation('Hike')).rejects.toThrow('no conversation');
    expect(await ana.store.messages.count()).toBe(0);
    expect(await ana.store.groups.count()).toBe(0);
    await expect(bo.conversation('Hike')).rejects.toThrow('no conversation');
  });

  it('lets a newcomer read from their coming on', async () => {
    const { ana, bo, cy } = await trio();
    const id = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo)] }));
    await must(ana.client.sendText(id, 'before Cy'));
    await w.settle();
    await must(ana.client.addPeople(id, [await accountOf(cy)]));
    await w.settle();
    await must(bo.client.sendText(id, 'after Cy'));
    await w.settle();
    expect(await cy.texts('Hike')).toEqual(['after Cy']);
    expect(await bo.texts('Hike')).toEqual(['before Cy', 'after Cy']);
  });

  it('goes on without somebody who left, who keeps what they had', async () => {
    const people = await trio();
    const { ana, bo, cy } = people;
    const id = await hike(people);
    await must(bo.client.sendText(id, 'bye'));
    await w.settle();
    await must(bo.client.leaveGroup(id));
    await w.settle();
    await must(ana.client.sendText(id, 'without Bo'));
    await w.settle();
    expect(await cy.texts('Hike')).toEqual(['bye', 'without Bo']);
    expect(await bo.texts('Hike')).toEqual(['bye']);
    expect((await bo.view(id)).canSend).toBe(false);
    expect((await cy.view(id)).members.map((member) => member.name).sort()).toEqual(['Ana', 'Cy']);
    const notices = (await ana.messages('Hike')).flatMap((message) => message.notice ?? []);
    expect(notices.at(-1)).toEqual({ what: 'left', who: ['Bo'] });
  });

  it('has somebody back who was removed and added again while they were away', async () => {
    const people = await trio();
    const { ana, bo, cy } = people;
    const id = await hike(people);
    await must(ana.client.sendText(id, 'one'));
    await w.settle();
    bo.network.isUp = false;
    await must(ana.client.sendText(id, 'two'));
    await w.settle();
    await must(ana.client.removePerson(id, await accountOf(bo)));
    await w.settle();
    await must(cy.client.sendText(id, 'not for Bo'));
    await w.settle();
    await must(ana.client.addPeople(id, [await accountOf(bo)]));
    await w.settle();
    await must(cy.client.sendText(id, 'back again'));
    await w.settle();
    bo.network.isUp = true;
    await w.settle();
    expect(await bo.texts('Hike')).toEqual(['one', 'two', 'back again']);
    expect((await bo.view(id)).canSend).toBe(true);
    await must(bo.client.sendText(id, 'here I am'));
    await w.settle();
    expect(await ana.texts('Hike')).toEqual(['one', 'two', 'not for Bo', 'back again', 'here I am']);
    expect(await bo.securityEvents()).toEqual([]);
  });
});

describe('somebody removed while another is offline with queued messages', () => {
  it('reads none of them: the relay calls them stale before it sees them, and they are sealed again', async () => {
    const people = await trio();
    const { ana, bo, cy } = people;
    const id = await hike(people);
    await must(ana.client.sendText(id, 'welcome'));
    await w.settle();
    cy.network.isUp = false;
    await must(cy.client.sendText(id, 'not for Bo, one'));
    await must(cy.client.sendText(id, 'not for Bo, two'));
    // With the first goes the news that Cy, who answers, has read the welcome.
    const stale = await cy.sealedPayloads();
    expect(stale).toHaveLength(3);

    await must(ana.client.removePerson(id, await accountOf(bo)));
    await ana.client.syncNow();
    cy.network.sent.length = 0;
    cy.network.answers.length = 0;
    cy.network.isUp = true;
    await w.settle();

    expect(cy.network.answers.filter(({ path }) => path.endsWith('/offer')).map(({ body }) => body)).toContainEqual(
      expect.stringContaining('stale-epoch'),
    );
    // What was sealed in the epoch that Bo still has keys of never left the device.
    for (const payload of stale) expect(cy.network.sent.some(({ body }) => includes(body, payload))).toBe(false);
    expect(await ana.texts('Hike')).toEqual(['welcome', 'not for Bo, one', 'not for Bo, two']);
    const own = (await cy.messages('Hike')).filter((message) => message.isOutgoing);
    expect(own.map((message) => message.state)).toEqual(['delivered', 'delivered']);
    expect(await bo.texts('Hike')).toEqual(['welcome']);
    expect((await bo.view(id)).canSend).toBe(false);
  });

  it('reads nothing that the relay hands them later either', async () => {
    const people = await trio();
    const { ana, bo, cy } = people;
    const id = await hike(people);
    const before = await bo.copyOfDisk();
    await must(ana.client.removePerson(id, await accountOf(bo)));
    await w.settle();
    await must(cy.client.sendText(id, 'among ourselves'));
    await w.settle();
    // A relay on Bo's side gives Bo, who kept every key from before, the whole log of the group.
    const log = await w.logOf(ana, id);
    const restored = await bo.restoreDisk(before);
    await restored.feed(log);
    expect(await bo.texts('Hike')).toEqual([]);
    expect(await cy.texts('Hike')).toEqual(['among ourselves']);
  });
});

describe('a bad network', () => {
  it('that loses the answers to everything still delivers exactly once', async () => {
    const people = await trio();
    const { ana, bo, cy } = people;
    for (const lost of ['commits', 'entries', 'offer', 'claim', 'catch-up']) ana.network.loseAnswerOf.add(lost);
    const id = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo), await accountOf(cy)] }));
    await must(ana.client.sendText(id, 'once'));
    for (let i = 0; i < 8; i++) {
      w.clock.advance(61_000);
      await w.settle();
    }
    expect(ana.network.loseAnswerOf.size).toBe(0);
    expect(await bo.texts('Hike')).toEqual(['once']);
    expect(await cy.texts('Hike')).toEqual(['once']);
    expect(await ana.texts('Hike')).toEqual(['once']);
  });

  it('comes back by a poke or by the timer alone', async () => {
    const people = await trio();
    const { ana, bo } = people;
    const id = await hike(people);
    for (const wake of [() => ana.client.poke(), () => w.clock.advance(60_000)]) {
      const text = `after ${wake.toString()}`;
      ana.network.isUp = false;
      await must(ana.client.sendText(id, text));
      await ana.client.syncNow();
      ana.network.isUp = true;
      wake();
      await expect.poll(() => ana.waiting()).toBe(0);
      await w.settle();
      expect(await bo.texts('Hike')).toContain(text);
    }
  });
});

describe('a locked device', () => {
  it('sends what is sealed and collects what comes, and opens it with the vault', async () => {
    const people = await trio();
    const { ana, bo } = people;
    const id = await hike(people);
    ana.network.isUp = false;
    await must(ana.client.sendText(id, 'sealed before the lock'));
    const locked = await ana.restart();
    ana.network.isUp = true;
    locked.poke();
    await expect.poll(() => ana.waiting()).toBe(0);
    await must(bo.client.sendText(id, 'to a locked device'));
    await bo.client.syncNow();
    expect(await bo.texts('Hike')).toEqual(['sealed before the lock', 'to a locked device']);
    await must(locked.unlock('correct horse battery'));
    await w.settle();
    expect(await ana.texts('Hike')).toEqual(['sealed before the lock', 'to a locked device']);
  });

  it('refuses a wrong passphrase for longer each time, and tells it after the right one', async () => {
    w = await world();
    const ana = await w.person('Ana');
    const locked = await ana.restart();
    expect(await locked.unlock('wrong')).toMatchObject({ ok: false, error: { code: 'wrong-passphrase' } });
    expect(await locked.unlock('correct horse battery')).toMatchObject({ ok: false, error: { code: 'too-soon' } });
    w.clock.advance(1_000);
    expect(await locked.unlock('wrong again')).toMatchObject({ ok: false, error: { code: 'wrong-passphrase' } });
    w.clock.advance(1_000);
    expect(await locked.unlock('correct horse battery')).toMatchObject({ ok: false, error: { code: 'too-soon' } });
    w.clock.advance(1_000);
    await must(locked.unlock('correct horse battery'));
    expect(await ana.securityEvents()).toMatchObject([{ type: 'failed-unlock', description: '2' }]);
  });
});

describe('several tabs', () => {
  it('send at once, and one closes in the middle: nothing doubled, lost or out of order', async () => {
    const people = await trio();
    const { ana, bo } = people;
    const id = await hike(people);
    const tabs = [ana.client, await ana.openTab(), await ana.openTab()];
    const texts = tabs.map((_, tab) => Array.from({ length: 10 }, (__, i) => `tab ${tab} says ${i}`));
    await Promise.all(
      tabs.map(async (tab, i) => {
        for (const text of texts[i] ?? []) await must(tab.sendText(id, text));
      }),
    );
    const third = tabs[2] ?? ana.client;
    await must(third.sendText(id, 'last words'));
    void third.syncNow();
    ana.closeTab(third);
    await w.settle();
    const seen = await bo.texts('Hike');
    expect(seen).toHaveLength(31);
    expect(new Set(seen).size).toBe(31);
    for (const own of texts) expect(seen.filter((text) => own.includes(text))).toEqual(own);
    expect(await ana.texts('Hike')).toEqual(seen);
  });
});

function includes(haystack: Uint8Array, needle: Uint8Array): boolean {
  return Buffer.from(haystack).includes(Buffer.from(needle));
}

describe('two tabs that make an account at the same moment', () => {
  it('end with one account, which its own passphrase opens', async () => {
    w = await world();
    const made = await w.twoTabsMakeAccounts(['first passphrase', 'second passphrase']);
    expect(made.results.filter((result) => result.ok)).toHaveLength(1);
    expect(made.results.find((result) => !result.ok)).toMatchObject({ error: { code: 'exists' } });
    const winner = made.results.findIndex((result) => result.ok);
    expect(await made.unlockWith(['first passphrase', 'second passphrase'][winner] ?? '')).toMatchObject({ ok: true });
  });
});

describe('a message written while the socket was still opening', () => {
  it('goes out because the socket opened: no timer ran, and nothing else knocked', async () => {
    const { ana, bo } = await trio();
    const chat = await must(ana.client.openDirect(await accountOf(bo)));
    await w.settle();
    ana.network.holdsSockets = true;
    await ana.restart();
    await must(ana.client.unlock(PASSPHRASE));
    await ana.client.syncNow();

    // The network fails for as long as it takes to write one message, and comes back without a word.
    ana.network.isUp = false;
    await must(ana.client.sendText(chat, 'between pass and bell'));
    await ana.client.syncNow();
    ana.network.isUp = true;
    expect(await ana.waiting()).toBe(1);

    ana.network.openSockets();
    await expect.poll(() => ana.waiting(), { timeout: 10_000 }).toBe(0);
    await bo.client.syncNow();
    expect(await bo.texts('Ana')).toEqual(['between pass and bell']);
  });
});
