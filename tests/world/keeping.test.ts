import { afterEach, describe, expect, it } from 'vitest';
import { newId, type ConversationId, type GroupId, type MessageId } from '../../src/lib/core/ids.ts';
import { newestChainOf } from '../../src/lib/db/senderKeys.ts';
import { loadIdentity } from '../../src/lib/services/account.ts';
import { compose, composeTables, nextSortKey } from '../../src/lib/sync/compose.ts';
import { ROTATE_AFTER_MS, ROTATE_AFTER_RECORDS } from '../../src/lib/sync/upkeep.ts';
import { accountOf, must, world, type Person, type World } from './world.ts';

const DAY_MS = 24 * 3600_000;

let w: World;
afterEach(() => w.close());

async function pair(
  kind: { isChannel?: boolean; expiresAt?: number } = {},
): Promise<{ id: ConversationId; ana: Person; bo: Person }> {
  w = await world();
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  await w.settle();
  const id = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo)], ...kind }));
  await w.settle();
  return { id, ana, bo };
}

const epochOf = async (person: Person, id: ConversationId) => (await person.view(id)).epoch;

describe('keys of a leaf', () => {
  it('are renewed after seven days, once for each device', async () => {
    const { id, ana, bo } = await pair();
    const before = await epochOf(ana, id);
    w.clock.advance(ROTATE_AFTER_MS - 3600_000);
    await w.settle();
    expect(await epochOf(ana, id)).toBe(before);
    w.clock.advance(2 * 3600_000);
    await w.settle();
    expect(await epochOf(ana, id)).toBe(before + 2);
    expect(await epochOf(bo, id)).toBe(before + 2);
    w.clock.advance(2 * 3600_000);
    await w.settle();
    expect(await epochOf(ana, id)).toBe(before + 2);
  });

  it('are renewed after a thousand records of one chain', async () => {
    const { id, ana, bo } = await pair();
    const before = await epochOf(ana, id);
    const identity = (await loadIdentity(ana.store)) ?? expect.fail('no identity');
    const own = (await newestChainOf(ana.store, id as string as GroupId, identity.signaturePublic)) ?? expect.fail();
    await ana.store.senderKeys.put({ ...own, iteration: ROTATE_AFTER_RECORDS });
    w.clock.advance(3700_000);
    await w.settle();
    expect(await epochOf(ana, id)).toBe(before + 1);
    expect(await epochOf(bo, id)).toBe(before + 1);
  });
});

describe('keys of epochs that are over', () => {
  it('go after thirty days, and what was read opens from no disk again', async () => {
    const { id, ana, bo } = await pair();
    await must(ana.client.sendText(id, 'read once'));
    await w.settle();
    const log = await w.logOf(ana, id);
    const epochs = async () => new Set((await bo.store.senderKeys.toArray()).map(({ epoch }) => epoch));
    const first = Math.min(...(await epochs()));
    for (let day = 0; day < 40; day += 4) {
      w.clock.advance(4 * DAY_MS);
      await w.settle();
    }
    expect(await epochs()).not.toContain(first);
    // Whoever takes the disk now, and the log from the relay, reads nothing of what was read on it.
    const disk = new Map(await bo.copyOfDisk());
    for (const table of ['messages', 'messageContents', 'messagePreviews']) if (disk.has(table)) disk.set(table, []);
    const taken = await bo.restoreDisk(disk);
    await taken.feed(log);
    expect(await bo.store.messages.toArray()).toEqual([]);
  });
});

describe('a channel', () => {
  it('shows what those in charge write, and refuses what others send past their app', async () => {
    const { id, ana, bo } = await pair({ isChannel: true });
    await must(ana.client.sendText(id, 'for all'));
    await w.settle();
    expect(await bo.texts('Hike')).toEqual(['for all']);
    expect(await bo.view(id)).toMatchObject({ canSend: false, isMember: true });
    expect((await bo.client.sendText(id, 'me too')).ok).toBe(false);
    const identity = (await loadIdentity(bo.store)) ?? expect.fail('no identity');
    const composer = { store: bo.store, identity, clock: w.clock, random: w.random };
    await bo.store.tx('rw', composeTables, async () => {
      const { sortKey } = await nextSortKey(composer);
      const place = { id: newId<MessageId>(w.random), sortKey, isMessage: false };
      await compose(composer, id, { k: 'text', s: sortKey, t: 'past the app' }, place);
    });
    await w.settle();
    expect(await ana.texts('Hike')).toEqual(['for all']);
    expect((await ana.store.inbox.toArray()).map(({ outcome }) => outcome)).toContain('PolicyRejected');
    await must(ana.client.setRole(id, await accountOf(bo), 'moderator'));
    await w.settle();
    await must(bo.client.sendText(id, 'now I may'));
    await w.settle();
    expect(await ana.texts('Hike')).toEqual(['for all', 'now I may']);
  });
});

describe('a temporary group', () => {
  it('is wiped on every device when it ends', async () => {
    w = await world();
    const { id, ana, bo } = await pair({ expiresAt: w.clock.now() + DAY_MS });
    await must(ana.client.sendText(id, 'for today'));
    await w.settle();
    expect(await bo.texts('Hike')).toEqual(['for today']);
    w.clock.advance(DAY_MS + 1);
    for (const person of [ana, bo]) {
      await expect.poll(() => person.store.conversations.count()).toBe(0);
      expect(await person.store.messages.count()).toBe(0);
      expect(await person.store.mlsGroups.count()).toBe(0);
      expect(await person.store.senderKeys.count()).toBe(0);
    }
  });
});

describe('a diagnostic', () => {
  it('tells counts and hashed epochs, the same for both, and no name, id or text', async () => {
    const { id, ana, bo } = await pair();
    await must(ana.client.sendText(id, 'a private thing'));
    await w.settle();
    const [one, other] = [await must(ana.client.diagnostic()), await must(bo.client.diagnostic())];
    const epochIn = (text: string) => (JSON.parse(text) as { groups: { epoch: string }[] }).groups[0]?.epoch;
    expect(epochIn(one)).toMatch(/^[0-9a-f]{8}$/);
    expect(epochIn(other)).toBe(epochIn(one));
    const private_ = ['Ana', 'Bo', 'Hike', 'a private thing', id, await accountOf(ana), await accountOf(bo)];
    const devices = (await ana.store.devices.toArray()).map((row) => row.id);
    for (const secret of [...private_, ...devices]) expect(one).not.toContain(secret);
    expect(JSON.parse(one)).toMatchObject({ versions: { protocol: 1 }, keyPackages: { available: 62 } });
  });
});
