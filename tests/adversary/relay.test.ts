import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/lib/core/bytes.ts';
import { newId, type ConversationId, type DeviceId, type MessageId, type StreamId } from '../../src/lib/core/ids.ts';
import type { Entry } from '../../src/lib/protocol/requests.ts';
import { accountOf, must, world, type Person, type World } from '../world/world.ts';
import { between, flipped, outcomeOf, stateOf, type Lies } from './tampering.ts';

/** A relay that changes what it hands to Ana. Bo is honest. */

let w: World;
let ana: Person;
let bo: Person;
let id: ConversationId;
let lies: Lies;
const nowhere = 'AAAAAAAAAAAAAAAAAAAAAA' as StreamId;

beforeAll(async () => {
  w = await world({ seed: 'lying relay' });
  [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  await w.settle();
  id = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo)] }));
  await must(ana.client.setRole(id, await accountOf(bo), 'admin'));
  await must(ana.client.sendText(id, 'hello'));
  await w.settle();
  await must(bo.client.sendText(id, 'hello yourself'));
  await w.settle();
  lies = between(ana);
});
afterAll(() => w.close());

const isRecord = (entry: Entry): boolean => entry.kind === 'record' && (entry.stream as string) === id;

/** Bo says something, and the relay hands Ana something else. @returns the id of what Bo sent. */
async function said(text: string, change: (entries: readonly Entry[]) => readonly Entry[]): Promise<MessageId> {
  // The bell may ring before we do.
  lies.entries = change;
  const sent = await must(bo.client.sendText(id, text));
  await bo.client.syncNow();
  await ana.client.syncNow();
  await w.settle();
  lies.entries = undefined;
  return sent;
}

const each =
  (change: (entry: Entry) => Entry) =>
  (entries: readonly Entry[]): readonly Entry[] =>
    entries.map((entry) => (isRecord(entry) ? change(entry) : entry));

describe('a record that the relay altered', () => {
  it.each<[string, number, string]>([
    ['the version', 0, 'UnsupportedVersion'],
    ['the suite', 2, 'StaleEpoch'],
    ['the group', 3, 'Tampered'],
    ['the hash of the history', 27, 'Tampered'],
    ['the sender', 62, 'OwnEcho'],
    ['the iteration', 66, 'Tampered'],
    ['the message id', 67, 'Tampered'],
    ['the hash of the one before', 83, 'Tampered'],
    ['the ciphertext', 115, 'Tampered'],
    ['the tag of the ciphertext', -65, 'Tampered'],
    ['the signature', -1, 'Tampered'],
    ['the high bits of the signature', -64, 'Tampered'],
  ])('in %s is refused as what it is, and nothing is changed', async (_what, at, outcome) => {
    const before = await stateOf(ana);
    const sent = await said(
      'never read',
      each((entry) => ({
        ...entry,
        payload: flipped(entry.payload, at < 0 ? entry.payload.length + at : at),
      })),
    );
    const row = (await ana.store.inbox.toArray()).find((one) => one.id === sent);
    // An echo leaves no entry behind.
    expect(row?.outcome ?? 'OwnEcho').toBe(outcome);
    expect(await stateOf(ana)).toEqual(before);
    expect(await ana.texts('Hike')).not.toContain('never read');
  });

  it.each<[string, (payload: Uint8Array) => Uint8Array]>([
    ['of an epoch that is over', (payload) => payload.map((byte, i) => (i === 26 ? 1 : byte))],
    ['without its last byte', (payload) => payload.slice(0, -1)],
    ['without its signature', (payload) => payload.slice(0, -64)],
    ['with its tag cut to four bytes', (p) => new Uint8Array([...p.slice(0, -76), ...p.slice(-64)])],
    ['with bytes after it', (payload) => new Uint8Array([...payload, 0])],
    ['of nothing', () => new Uint8Array()],
    [
      'as long as an entry may be',
      (payload) => Uint8Array.from({ length: 2 * 1024 * 1024 }, (_, i) => payload[i] ?? 7),
    ],
  ])('%s is refused, and nothing is changed', async (_what, change) => {
    const before = await stateOf(ana);
    const sent = await said(
      'never read',
      each((entry) => ({ ...entry, payload: Uint8Array.from(change(entry.payload)) })),
    );
    expect(['Malformed', 'Tampered']).toContain(await outcomeOf(ana, sent));
    expect(await stateOf(ana)).toEqual(before);
  });
});

describe('an envelope that the relay rewrote', () => {
  it.each<[string, (entry: Entry) => Entry, string]>([
    ['its id', (entry) => ({ ...entry, id: newId(w.random) }), 'refused'],
    ['its epoch', (entry) => ({ ...entry, epoch: entry.epoch + 1_000 }), 'read'],
    ['its sender', (entry) => ({ ...entry, sender: newId<DeviceId>(w.random) }), 'read'],
    ['its time', (entry) => ({ ...entry, at: 1 }), 'read'],
    ['its stream', (entry) => ({ ...entry, stream: nowhere, seq: 1 }), 'unseen'],
    ['its kind, to a welcome', (entry) => ({ ...entry, kind: 'welcome' }), 'read'],
  ])('in %s changes neither who said it nor where it stands', async (what, change, fate) => {
    const text = `said with another ${what}`;
    const before = await stateOf(ana);
    await said(text, each(change));
    const found = (await ana.messages('Hike')).find((message) => message.text === text);
    if (fate === 'read') {
      expect(found).toMatchObject({ senderName: 'Bo' });
      expect(found?.at).toBeGreaterThan(1);
    } else {
      expect(found).toBeUndefined();
      expect(await stateOf(ana)).toEqual(before);
    }
  });
});

describe('what the relay hands out again, late, or elsewhere', () => {
  it('a replayed record, under its own or a new number, is shown once', async () => {
    let old: Entry | undefined;
    await said('said once', (entries) => {
      old ??= entries.find(isRecord);
      return entries;
    });
    const before = await ana.texts('Hike');
    await said(
      'said after it',
      each((entry) => ({ ...entry, payload: old?.payload ?? entry.payload, id: old?.id ?? '' })),
    );
    expect(await ana.texts('Hike')).toEqual(before);
    expect(before.filter((text) => text === 'said once')).toHaveLength(1);
  });

  it('records in the wrong order are all read, and stand as their sender put them', async () => {
    lies.entries = (entries) => {
      const turned = entries.filter(isRecord).reverse();
      return entries.map((entry) => (isRecord(entry) ? { ...(turned.shift() ?? entry), seq: entry.seq } : entry));
    };
    bo.network.isUp = false;
    for (const text of ['first', 'second', 'third']) await must(bo.client.sendText(id, text));
    bo.network.isUp = true;
    await w.settle();
    lies.entries = undefined;
    expect((await ana.texts('Hike')).slice(-3)).toEqual(['first', 'second', 'third']);
  });

  it('a record of one group is nothing in another', async () => {
    const second = await must(ana.client.createGroup({ name: 'Walk', people: [await accountOf(bo)] }));
    await w.settle();
    const groups = await ana.texts('Walk');
    let moved: Entry | undefined;
    lies.entries = (entries) => {
      moved ??= entries.find(isRecord);
      return entries.map((entry) =>
        (entry.stream as string) === second && moved !== undefined
          ? { ...moved, stream: entry.stream, seq: entry.seq }
          : entry,
      );
    };
    await must(bo.client.sendText(id, 'for the hike'));
    await bo.client.syncNow();
    await ana.client.syncNow();
    await must(bo.client.sendText(second, 'for the walk'));
    await bo.client.syncNow();
    await ana.client.syncNow();
    lies.entries = undefined;
    await w.settle();
    expect(await ana.texts('Walk')).toEqual(groups);
    expect(await outcomeOf(ana, moved?.id ?? '')).toBe('Tampered');
    expect((await ana.texts('Hike')).filter((text) => text === 'for the hike')).toHaveLength(1);
  });

  it('what it drops for one person is missed, and told', async () => {
    const known = (await ana.securityEvents()).length;
    lies.entries = (entries) => entries.filter((entry) => !isRecord(entry) || entry.id !== dropped);
    const dropped: string = await must(bo.client.sendText(id, 'kept from Ana'));
    await bo.client.syncNow();
    await must(bo.client.sendText(id, 'not kept from Ana'));
    await bo.client.syncNow();
    for (let i = 0; i < 6; i++) await ana.client.syncNow();
    lies.entries = undefined;
    expect(await ana.texts('Hike')).toContain('not kept from Ana');
    expect(await ana.texts('Hike')).not.toContain('kept from Ana');
    const told = (await ana.securityEvents()).slice(0, -known || undefined);
    expect(told.map(({ type }) => type)).toContain('entries-missing');
  });

  it('numbers that go back bring nothing back', async () => {
    const before = await stateOf(ana);
    const cursors = await ana.store.cursors.toArray();
    let all: readonly Entry[] = [];
    lies.entries = (entries) => {
      all = [...all, ...entries];
      return all.map((entry) => ({ ...entry, seq: 1 }));
    };
    await ana.client.syncNow();
    lies.entries = undefined;
    expect(await stateOf(ana)).toEqual(before);
    expect(await ana.store.cursors.toArray()).toEqual(cursors);
  });
});

describe('an answer that is no answer', () => {
  it.each<[string, (body: Bytes) => Bytes]>([
    ['of nothing', () => new Uint8Array()],
    ['with a byte after it', (body) => new Uint8Array([...body, 0])],
    ['of lists without end', () => new Uint8Array(100_000).fill(0x81)],
    ['that promises four thousand million members', () => Uint8Array.of(0xba, 0xff, 0xff, 0xff, 0xff)],
    ['that promises a text longer than memory', () => Uint8Array.of(0x7b, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
    ['larger than one may be', () => new Uint8Array(9 * 1024 * 1024)],
    ['compressed', () => Uint8Array.from(gzipSync(new Uint8Array(64 * 1024 * 1024)))],
  ])('%s is as good as none, and nothing is changed', async (_what, change) => {
    const before = await stateOf(ana);
    lies.body = (_path, body) => change(body);
    await ana.client.syncNow();
    lies.body = undefined;
    if (JSON.stringify(await stateOf(ana)) !== JSON.stringify(before))
      console.log(
        await ana.store.offlineOperations.toArray(),
        (await ana.store.inbox.toArray()).filter((r) => r.status !== 'done').map(({ payload: _p, ...r }) => r),
      );
    expect(await stateOf(ana)).toEqual(before);
    await must(bo.client.sendText(id, `after one ${_what}`));
    await w.settle();
    expect(await ana.texts('Hike')).toContain(`after one ${_what}`);
  });
});

describe('a relay that lied once', () => {
  /** Everything new looks like this once; from then on the relay is honest. */
  async function once(which: (entry: Entry) => boolean, change: (entry: Entry) => Entry): Promise<void> {
    lies.entries = (entries) => entries.map((entry) => (which(entry) ? change(entry) : entry));
    for (let i = 0; i < 6; i++) {
      await must(bo.client.sendText(id, `while it lied ${i}`));
      await bo.client.syncNow();
      await ana.client.syncNow();
    }
    lies.entries = undefined;
  }

  /**
   * What is said until Ana has come back was sealed in an epoch that she never had, and stays unread; from then
   * on everything is read, also through a change of the group.
   */
  async function follows(text: string): Promise<void> {
    await must(bo.client.sendText(id, 'is anybody there?'));
    await rest();
    await must(bo.client.sendText(id, text));
    await rest();
    expect(await ana.texts('Hike')).toContain(text);
    await must(bo.client.changeGroup(id, { description: text }));
    await must(bo.client.sendText(id, `${text}, and a change`));
    await rest();
    expect(await ana.texts('Hike')).toContain(`${text}, and a change`);
  }

  async function rest(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      await w.settle();
      w.clock.advance(11 * 60_000);
    }
  }

  it('about what a record is, and its epoch, is followed again once it is honest', async () => {
    await once(isRecord, (entry) => ({ ...entry, kind: 'commit', epoch: Number.MAX_SAFE_INTEGER - 1 }));
    await follows('after a lie about a record');
  });

  it('about the epoch of a commit is followed again once it is honest', async () => {
    const isCommit = (entry: Entry) => entry.kind === 'commit';
    lies.entries = (entries) => entries.map((entry) => (isCommit(entry) ? { ...entry, epoch: 1_000_000 } : entry));
    await must(bo.client.changeGroup(id, { description: 'announced with a lie' }));
    await w.settle();
    lies.entries = undefined;
    await follows('after a lie about a commit');
  });

  it('about the epoch of a record is followed again once it is honest', async () => {
    await once(isRecord, (entry) => ({ ...entry, payload: flipped(entry.payload, 22) }));
    await follows('after a lie inside a record');
  });

  it('about a number is followed again once it is honest', async () => {
    await once(isRecord, (entry) => ({ ...entry, seq: 1_000_000 + entry.seq }));
    await follows('after a lie about a number');
  });
});
