import { afterEach, describe, expect, it } from 'vitest';
import { unwrap } from '../../src/lib/core/result.ts';
import type { ConversationId } from '../../src/lib/core/ids.ts';
import type { ConnectionState, ScheduledItem } from '../../src/lib/services/client.ts';
import { onDisk } from '../db/samples.ts';
import { accountOf, must, PASSPHRASE, until, world, type Person, type World } from './world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let w: World;
afterEach(() => w.close());

async function hike(): Promise<{ id: ConversationId; ana: Person; bo: Person }> {
  w = await world();
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  await w.settle();
  const id = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo)] }));
  await w.settle();
  return { id, ana, bo };
}

async function scheduled(person: Person, id: ConversationId): Promise<readonly ScheduledItem[]> {
  const seen = Promise.withResolvers<readonly ScheduledItem[]>();
  const stop = await person.client.watchScheduled(id, seen.resolve);
  const items = await seen.promise;
  stop();
  return items;
}

const noneScheduled = (person: Person) =>
  until(
    person.store,
    async () => (await person.store.offlineOperations.where('operationType').equals('scheduled').count()) === 0,
  );

describe('a scheduled message', () => {
  it('waits on the device, sealed for nobody yet, and goes when its time comes', async () => {
    const { id, ana, bo } = await hike();
    const at = w.clock.now() + HOUR;
    await must(ana.client.saveDraft(id, 'happy birthday!'));
    await must(ana.client.sendLater(id, at, { text: 'happy birthday!' }));
    await w.settle();
    expect(await scheduled(ana, id)).toMatchObject([{ text: 'happy birthday!', files: [], at }]);
    expect((await ana.view(id)).draft).toBe('');
    expect((await ana.view(id)).scheduled).toBe(1);
    expect(await ana.sealedPayloads()).toEqual([]);
    expect(await bo.texts('Hike')).toEqual([]);

    // What is written meanwhile goes before it, and a draft that is being written then stays.
    await must(ana.client.sendText(id, 'see you later'));
    await must(ana.client.saveDraft(id, 'by the w'));
    w.clock.advance(HOUR);
    await noneScheduled(ana);
    await w.settle();
    expect(await bo.texts('Hike')).toEqual(['see you later', 'happy birthday!']);
    expect((await ana.view(id)).draft).toBe('by the w');
    expect((await bo.messages('Hike')).at(-1)?.at).toBeGreaterThanOrEqual(at);
  });

  it('that came due while the app was locked goes with the next unlock, once, whichever tab is first', async () => {
    const { id, ana, bo } = await hike();
    await must(ana.client.sendLater(id, w.clock.now() + HOUR, { text: 'good morning' }));
    await ana.restart();
    w.clock.advance(2 * HOUR);
    await w.settle();
    expect(await bo.texts('Hike')).toEqual([]);

    unwrap(await ana.client.unlock(PASSPHRASE));
    await ana.openTab();
    await noneScheduled(ana);
    await w.settle();
    expect(await bo.texts('Hike')).toEqual(['good morning']);
    expect(await ana.texts('Hike')).toEqual(['good morning']);
  });

  it('goes offline as well, and leaves with the rest when there is a network', async () => {
    const { id, ana, bo } = await hike();
    ana.network.isUp = false;
    await must(ana.client.sendLater(id, w.clock.now() + HOUR, { text: 'from the hut' }));
    w.clock.advance(HOUR);
    await noneScheduled(ana);
    expect(await ana.texts('Hike')).toEqual(['from the hut']);
    // It is sealed, so that the service worker can send it while the app is locked.
    expect(await ana.sealedPayloads()).toHaveLength(1);
    await ana.restart();
    ana.network.isUp = true;
    unwrap(await ana.client.unlock(PASSPHRASE));
    await w.settle();
    expect(await bo.texts('Hike')).toEqual(['from the hut']);
  });

  it('gets another time, goes at once, or is taken back with its text and its files', async () => {
    const { id, ana, bo } = await hike();
    const at = w.clock.now() + HOUR;
    const file = { blob: new Blob(['route']), name: 'route.gpx', type: 'application/gpx' };
    const first = await must(ana.client.sendLater(id, at, { text: 'the route', files: [file] }));
    const second = await must(ana.client.sendLater(id, at, { text: 'never mind', files: [file] }));
    expect((await scheduled(ana, id))[0]).toMatchObject({ files: ['route.gpx'] });
    await must(ana.client.reschedule(first, at + HOUR));
    w.clock.advance(HOUR - 1);
    expect(await must(ana.client.cancelScheduled(second))).toBe('never mind');
    expect(await ana.store.fileTransfers.count()).toBe(1);
    w.clock.advance(HOUR / 2);
    expect(await scheduled(ana, id)).toHaveLength(1);
    await must(ana.client.sendScheduled(first));
    await w.settle();
    expect(await said(bo)).toMatchObject([{ text: 'the route', attachments: [{ name: 'route.gpx' }] }]);
    expect(await ana.client.sendScheduled(first)).toMatchObject({ ok: false, error: { code: 'not-found' } });
    expect(await ana.client.reschedule(second, at)).toMatchObject({ ok: false, error: { code: 'not-found' } });
  });

  it('gets another text, and keeps its time and its files', async () => {
    const { id, ana, bo } = await hike();
    const at = w.clock.now() + HOUR;
    const file = { blob: new Blob(['route']), name: 'route.gpx', type: 'application/gpx' };
    const withFile = await must(ana.client.sendLater(id, at, { text: 'the rout', files: [file] }));
    const bare = await must(ana.client.sendLater(id, at + HOUR, { text: 'good nigth' }));
    await must(ana.client.rewordScheduled(withFile, ' '));
    expect(await ana.client.rewordScheduled(bare, ' ')).toMatchObject({ error: { code: 'empty' } });
    await must(ana.client.rewordScheduled(bare, ' good night '));
    expect(await scheduled(ana, id)).toMatchObject([
      { text: '', files: ['route.gpx'], at },
      { text: 'good night', files: [], at: at + HOUR },
    ]);
    w.clock.advance(2 * HOUR);
    await noneScheduled(ana);
    await w.settle();
    expect(await said(bo)).toMatchObject([{ attachments: [{ name: 'route.gpx' }] }, { text: 'good night' }]);
    expect(await ana.client.rewordScheduled(bare, 'too late')).toMatchObject({ error: { code: 'not-found' } });
  });

  it('is refused for a time that is over, a year away or none at all', async () => {
    const { id, ana } = await hike();
    for (const at of [w.clock.now(), w.clock.now() - 1, w.clock.now() + 400 * 24 * HOUR, NaN])
      expect(await ana.client.sendLater(id, at, { text: 'when?' })).toMatchObject({
        error: { code: 'time-not-ahead' },
      });
    expect(await ana.client.sendLater(id, w.clock.now() + HOUR, { text: ' ' })).toMatchObject({
      error: { code: 'empty' },
    });
  });

  it('that may not go any more is kept with its reason for the person to decide', async () => {
    const { id, ana, bo } = await hike();
    const later = await must(bo.client.sendLater(id, w.clock.now() + HOUR, { text: 'still here?' }));
    await must(ana.client.removePerson(id, await accountOf(bo)));
    await w.settle();
    w.clock.advance(HOUR);
    await w.settle();
    expect(await scheduled(bo, id)).toMatchObject([{ text: 'still here?', reason: 'not-a-member' }]);
    expect(await must(bo.client.cancelScheduled(later))).toBe('still here?');
  });

  it('survives a crash before its time, and its text is nowhere on the disk in clear', async () => {
    const { id, ana } = await hike();
    await must(ana.client.sendLater(id, w.clock.now() + HOUR, { text: 'a secret for later' }));
    ana.closeTab(ana.client);
    await ana.restart();
    expect(await rawDisk(ana)).not.toContain('a secret for later');
    unwrap(await ana.client.unlock(PASSPHRASE));
    expect(await scheduled(ana, id)).toMatchObject([{ text: 'a secret for later' }]);
  });
});

describe('a message that was just sent', () => {
  const undo = async (person: Person) => must(person.client.savePreferences({ undoSend: 10 }));

  it('stays unsealed for as long as the person chose, and then goes with what follows it, in order', async () => {
    const { id, ana, bo } = await hike();
    await undo(ana);
    const sent = await must(ana.client.sendText(id, 'first'));
    expect((await ana.view(id)).undoable).toEqual({ id: sent, until: w.clock.now() + 10_000 });
    expect(await said(ana)).toMatchObject([{ text: 'first', state: 'queued' }]);
    await ana.client.react(sent, '👍');
    await w.settle();
    expect(await ana.sealedPayloads()).toEqual([]);
    expect(await bo.texts('Hike')).toEqual([]);

    w.clock.advance(10_000);
    await until(
      ana.store,
      async () => (await ana.store.offlineOperations.where('status').equals('needsRekey').count()) === 0,
    );
    await w.settle();
    expect(await said(bo)).toMatchObject([{ text: 'first', reactions: [{ emoji: '👍' }] }]);
    expect((await ana.view(id)).undoable).toBeUndefined();
  });

  it('is undone without a trace: no record, no gap in the chain', async () => {
    const { id, ana, bo } = await hike();
    await undo(ana);
    const chainBefore = await iterationOf(ana);
    const sent = await must(ana.client.sendText(id, 'oh no'));
    expect(await must(ana.client.undoSend(sent))).toBe('oh no');
    expect(await ana.texts('Hike')).toEqual([]);
    expect(await iterationOf(ana)).toBe(chainBefore);
    await must(ana.client.savePreferences({ undoSend: 0 }));
    await must(ana.client.sendText(id, 'better'));
    await w.settle();
    expect(await bo.texts('Hike')).toEqual(['better']);
  });

  it('is deleted for everyone where it has gone already', async () => {
    const { id, ana, bo } = await hike();
    const sent = await must(ana.client.sendText(id, 'too fast'));
    await w.settle();
    expect(await must(ana.client.undoSend(sent))).toBe('too fast');
    await w.settle();
    expect(await said(bo)).toMatchObject([{ text: '', deletedBy: 'Ana' }]);
  });

  it('goes at once when the person leaves, and with the next unlock after a crash', async () => {
    const { id, ana, bo } = await hike();
    await undo(ana);
    await must(ana.client.sendText(id, 'leaving now'));
    await must(ana.client.letGo());
    await w.settle();
    expect(await bo.texts('Hike')).toEqual(['leaving now']);

    await must(ana.client.sendText(id, 'and then it broke'));
    await ana.restart();
    w.clock.advance(MINUTE);
    unwrap(await ana.client.unlock(PASSPHRASE));
    await w.settle();
    expect(await bo.texts('Hike')).toEqual(['leaving now', 'and then it broke']);
  });

  it('is not kept back for a year when the clock jumps back by one', async () => {
    const { id, ana, bo } = await hike();
    await undo(ana);
    const sent = await must(ana.client.sendText(id, 'hello'));
    await ana.store.offlineOperations.update(sent, { nextAttemptAt: w.clock.now() + 365 * 24 * HOUR });
    await w.settle();
    expect(await bo.texts('Hike')).toEqual(['hello']);
  });

  it('does not count as waiting, nor does one that is scheduled', async () => {
    const { id, ana } = await hike();
    await undo(ana);
    await must(ana.client.sendText(id, 'quiet'));
    await must(ana.client.sendLater(id, w.clock.now() + HOUR, { text: 'quieter' }));
    const seen: ConnectionState[] = [];
    const stop = await ana.client.watchConnection((state) => seen.push(state));
    await expect.poll(() => seen.at(-1)?.link).toBe('online');
    expect(seen.at(-1)).toMatchObject({ waiting: 0, failed: 0 });
    stop();
  });
});

describe('forwarding', () => {
  it('leaves the draft and what is unread where it goes as they are', async () => {
    const { id, ana, bo } = await hike();
    const sent = await must(ana.client.sendText(id, 'the map'));
    const direct = await must(ana.client.openDirect(await accountOf(bo)));
    await w.settle();
    await must(bo.client.sendText(direct, 'did you read?'));
    await w.settle();
    await must(ana.client.saveDraft(direct, 'half a thought'));
    await must(ana.client.forwardMessages([sent], [direct, id]));
    expect(await ana.view(direct)).toMatchObject({ draft: 'half a thought', unread: 1 });
    await w.settle();
    expect(await bo.texts('Ana')).toEqual(['did you read?', 'the map']);
    expect(await bo.texts('Hike')).toEqual(['the map', 'the map']);
  });
});

const iterationOf = async (person: Person) => {
  const own = (await person.store.keyStore.get('mlsSignature'))?.publicKey;
  const key = own === undefined ? '' : Buffer.from(own).toString('base64url');
  const chains = (await person.store.senderKeys.toArray()).filter((row) => row.senderPublicKey === key);
  return Math.max(...chains.map((row) => row.iteration));
};

const said = async (person: Person) => (await person.messages('Hike')).filter(({ type }) => type === 'text');

/** The outbox as it lies on the disk. */
const rawDisk = async (person: Person): Promise<string> => {
  const rows = await onDisk(person.storage.indexedDB, 'offlineOperations', 'readonly', (store) => store.getAll());
  expect(rows.length).toBeGreaterThan(0);
  return JSON.stringify(rows, (_name, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  );
};
