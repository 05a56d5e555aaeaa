import { afterEach, describe, expect, it } from 'vitest';
import { sortKeyOf, stampOf } from '../../src/lib/core/clock.ts';
import type { AccountId, ConversationId, DeviceId, MessageId } from '../../src/lib/core/ids.ts';
import { newId } from '../../src/lib/core/ids.ts';
import { loadIdentity } from '../../src/lib/services/account.ts';
import { compose, composeTables, nextSortKey } from '../../src/lib/sync/compose.ts';
import type { Content } from '../../src/lib/sync/content.ts';
import { piecesOf, type OwnEntry } from '../../src/lib/sync/ownPiece.ts';
import { MOST_WAITING } from '../../src/lib/db/changes/waiting.ts';
import type { MessageItem } from '../../src/lib/services/client.ts';
import { accountOf, must, world, type Person, type World } from './world.ts';

/** What an app sends that does not keep to the rules, or to our version of them: sealed as any other. */

let w: World;
afterEach(() => w.close());

interface Hike {
  readonly id: ConversationId;
  readonly ana: Person;
  readonly bo: Person;
}

async function hike(): Promise<Hike> {
  w = await world();
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  await w.settle();
  const id = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo)] }));
  await w.settle();
  return { id, ana, bo };
}

/** Sends content past every rule of the app, from `by`'s device. */
async function sendRaw(
  by: Person,
  id: ConversationId,
  make: (own: { s: string; device: DeviceId; account: AccountId }) => unknown,
): Promise<MessageId> {
  const identity = await loadIdentity(by.store);
  if (identity === undefined) throw new Error('no identity');
  const composer = { store: by.store, identity, clock: w.clock, random: w.random };
  const record = newId<MessageId>(w.random);
  await by.store.tx('rw', composeTables, async () => {
    const { sortKey } = await nextSortKey(composer);
    const content = make({ s: sortKey, device: identity.device, account: identity.account }) as Content;
    await compose(composer, id, content, { id: record, sortKey, isMessage: false });
  });
  await w.settle();
  return record;
}

const outcomeOf = async (person: Person, id: MessageId): Promise<string | undefined> =>
  (await person.store.inbox.toArray()).find((row) => row.id === id)?.outcome;

const item = async (person: Person, id: MessageId): Promise<MessageItem | undefined> =>
  (await person.messages('Hike')).find((message) => message.id === id);

/** The message and where its sender put it. */
async function said(group: Hike, by: Person, text: string): Promise<{ i: MessageId; s: string }> {
  const i = await must(by.client.sendText(group.id, text));
  await w.settle();
  return { i, s: (await item(by, i))?.sortKey ?? '' };
}

describe('a change that its author may not make', () => {
  it.each([
    ['an edit of another’s words', (m: object, s: string) => ({ k: 'edit', s, m, t: 'forged', b: [] })],
    ['a deletion by a member', (m: object, s: string) => ({ k: 'delete', s, m })],
  ])('%s is refused, and nothing is changed', async (_, content) => {
    const group = await hike();
    const m = await said(group, group.ana, 'as it was');
    const before = await item(group.ana, m.i);
    const record = await sendRaw(group.bo, group.id, ({ s }) => content(m, s));
    expect(await outcomeOf(group.ana, record)).toBe('PolicyRejected');
    expect(await item(group.ana, m.i)).toEqual(before);
    expect(await group.ana.store.messageChanges.count()).toBe(0);
    expect(await group.ana.store.waitingChanges.count()).toBe(0);
  });

  it('an edit dated before its message is refused', async () => {
    const group = await hike();
    const m = await said(group, group.bo, 'as it was');
    const record = await sendRaw(group.bo, group.id, ({ device }) => {
      const stamp = stampOf(m.s) ?? { ms: 0, count: 0 };
      return { k: 'edit', s: sortKeyOf({ ms: stamp.ms - 1, count: 0 }, device), m, t: 'earlier', b: [] };
    });
    expect(await outcomeOf(group.ana, record)).toBe('PolicyRejected');
    expect((await item(group.ana, m.i))?.text).toBe('as it was');
  });

  it('a change in the name of another device, or one that says more than it may, is malformed', async () => {
    const group = await hike();
    const m = await said(group, group.bo, 'as it was');
    const other = newId<DeviceId>(w.random);
    const foreign = await sendRaw(group.bo, group.id, ({ s }) => ({
      k: 'delete',
      s: `${s.slice(0, 16)}-${other}`,
      m,
    }));
    const blank = await sendRaw(group.bo, group.id, ({ s }) => ({ k: 'react', s, m, e: ' ', on: true }));
    expect(await outcomeOf(group.ana, foreign)).toBe('Malformed');
    expect(await outcomeOf(group.ana, blank)).toBe('Malformed');
    expect(await item(group.ana, m.i)).toMatchObject({ text: 'as it was' });
  });

  it('an owner deletes what a member wrote', async () => {
    const group = await hike();
    const m = await said(group, group.bo, 'out of place');
    await must(group.ana.client.deleteMessage(m.i, 'everyone'));
    await w.settle();
    expect(await item(group.bo, m.i)).toMatchObject({ text: '', deletedBy: 'Ana' });
  });
});

describe('a change that comes before its message', () => {
  it('waits for it', async () => {
    const group = await hike();
    const i = newId<MessageId>(w.random);
    const place = await said(group, group.bo, 'something else');
    const later = { ms: (stampOf(place.s)?.ms ?? 0) + 1, count: 0 };
    const s = sortKeyOf(later, place.s.slice(17) as DeviceId);
    await sendRaw(group.bo, group.id, ({ device }) => {
      const at = sortKeyOf({ ms: later.ms + 1, count: 0 }, device);
      return { k: 'edit', s: at, m: { i, s }, t: 'corrected', b: [] };
    });
    expect(await group.ana.store.waitingChanges.count()).toBe(1);
    const identity = await loadIdentity(group.bo.store);
    if (identity === undefined) throw new Error('no identity');
    const composer = { store: group.bo.store, identity, clock: w.clock, random: w.random };
    await group.bo.store.tx('rw', composeTables, async () => {
      const { sortKey } = await nextSortKey(composer);
      await compose(composer, group.id, { k: 'text', s, t: 'with a msitake' }, { id: i, sortKey, isMessage: false });
    });
    await w.settle();
    expect(await item(group.ana, i)).toMatchObject({ text: 'corrected' });
    expect(await group.ana.store.waitingChanges.count()).toBe(0);
  });

  it('waits in a bounded number', async () => {
    const group = await hike();
    const row = (await said(group, group.bo, 'here')).s;
    const { keepWaiting } = await import('../../src/lib/db/changes/waiting.ts');
    const { store } = group.ana;
    await store.tx('rw', ['waitingChanges', 'conversations'], async () => {
      for (let n = 0; n < MOST_WAITING + 3; n++) {
        const id = newId<MessageId>(w.random);
        const place = { id, conversationId: group.id, messageId: id, targetAt: row };
        await keepWaiting(store, { ...place, change: { n }, role: 'member', receivedAt: n });
      }
    });
    const kept = await store.waitingChanges.toArray();
    expect(kept).toHaveLength(MOST_WAITING);
    expect(Math.min(...kept.map(({ receivedAt }) => receivedAt))).toBe(3);
  });
});

describe('what a newer app sends', () => {
  it('is kept: a message holds its place, and is there once this app knows it', async () => {
    const group = await hike();
    const known = await sendRaw(group.bo, group.id, ({ s }) => ({ k: 'text', s, t: 'from tomorrow', mood: 'fine' }));
    const unknown = await sendRaw(group.bo, group.id, ({ s }) => ({ k: 'poll', s, q: 'which?' }));
    for (const id of [known, unknown]) {
      expect(await outcomeOf(group.ana, id)).toBe('UnsupportedVersion');
      expect(await item(group.ana, id)).toMatchObject({ type: 'encrypted', reason: 'UnsupportedVersion' });
    }
    // What the next version would find: it knows the kind, and that the older one did not.
    const { bytesFromContent } = await import('../../src/lib/sync/content.ts');
    const { store } = group.ana;
    const row = await store.laterContents.get(known);
    if (row === undefined) throw new Error('was not kept');
    const sortKey = (await item(group.ana, known))?.sortKey ?? '';
    const content = bytesFromContent({ k: 'text', s: sortKey, t: 'from tomorrow' });
    await store.laterContents.put({ ...row, content, version: 1 });
    await must((await group.ana.restart()).unlock('correct horse battery'));
    await w.settle();
    expect(await item(group.ana, known)).toMatchObject({ type: 'text', text: 'from tomorrow', sortKey });
    expect(await item(group.ana, unknown)).toMatchObject({ type: 'encrypted' });
    expect(await group.ana.store.laterContents.count()).toBe(1);
  });

  it('that is about another message waits without a line of its own', async () => {
    const group = await hike();
    const m = await said(group, group.bo, 'vote here');
    const record = await sendRaw(group.bo, group.id, ({ s }) => ({ k: 'vote', s, m, choice: 2 }));
    expect(await item(group.ana, record)).toBeUndefined();
    expect(await group.ana.store.laterContents.count()).toBe(1);
  });
});

it('what a person keeps for themselves is set by nobody else', async () => {
  const group = await hike();
  const verified: OwnEntry = {
    subject: `p/${await accountOf(group.bo)}`,
    name: 'verified',
    field: { v: true, t: `${'f'.repeat(16)}-${newId<DeviceId>(w.random)}` },
  };
  const [piece] = piecesOf([verified]);
  const record = await sendRaw(group.bo, group.id, ({ s }) => ({ k: 'own', s, o: piece }));
  expect(await outcomeOf(group.ana, record)).toBe('PolicyRejected');
  expect(await group.ana.store.syncOperations.count()).toBe(0);
});
