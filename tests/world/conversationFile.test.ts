import { afterEach, describe, expect, it } from 'vitest';
import type { ConversationId } from '../../src/lib/core/ids.ts';
import { checkIntegrity } from '../../src/lib/db/integrity.ts';
import { createRoom } from '../../src/lib/db/rooms.ts';
import { CLOSING, linesOf, openingOf, type FileHead, type FileMessage } from '../../src/lib/domain/conversationFile.ts';
import { asJson, exportFile } from '../../src/lib/ui/conversation/exportFile.ts';
import { accountOf, must, PASSPHRASE, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

describe('a conversation that was saved as data', () => {
  it('comes back on another device as a copy that is read, searched and never sent', async () => {
    const { ana, bo, hike } = await two();
    const first = await must(ana.client.sendText(hike, 'who brings the map'));
    await w.settle();
    await must(bo.client.sendText(hike, 'I do', { replyTo: first }));
    await must(bo.client.sendText(hike, 'and a compass', { parent: first }));
    await must(bo.client.react(first, '👍'));
    await must(ana.client.editMessage(first, 'who brings the maps'));
    const gone = await must(bo.client.sendText(hike, 'wrong chat'));
    await must(bo.client.deleteMessage(gone, 'everyone'));
    await w.settle();
    const { file } = await must(exportFile(ana.client, hike, asJson));

    const cy = await w.person('Cy');
    cy.network.isUp = false;
    const sent = cy.network.sent.length;
    const done = await must(cy.client.importConversation(file));
    expect(done).toMatchObject({ title: 'Hike', isKnown: false });
    const view = await cy.view(done.conversation);
    expect(view).toMatchObject({
      kind: 'imported',
      title: 'Hike',
      canSend: false,
      isMember: false,
      canPin: false,
      canSetDisappearing: false,
      unread: 0,
      late: [],
    });
    expect(view.members.map(({ name, isSelf }) => [name, isSelf])).toEqual([
      ['Ana', false],
      ['Bo', false],
    ]);
    const said = view.messages.filter(({ type }) => type === 'text');
    expect(said).toMatchObject([
      { senderName: 'Ana', text: 'who brings the maps', reactions: [{ emoji: '👍', names: ['Bo'], isOwn: false }] },
      { senderName: 'Bo', text: 'I do', quote: { name: 'Ana', text: 'who brings the maps' } },
      { senderName: 'Bo', text: 'and a compass', inThread: { text: 'who brings the maps' } },
      { senderName: 'Bo', text: '', deletedBy: 'Bo' },
    ]);
    expect(said[0]?.editedAt).toBeDefined();
    expect(said[0]?.thread).toEqual({ replies: 1, unread: 0 });
    expect(said.every((message) => !message.isOutgoing && message.state === undefined)).toBe(true);
    expect(view.messages.find(({ type }) => type === 'system')?.notice).toEqual({ what: 'created', by: 'Ana' });
    expect(await cy.conversation('Hike')).toMatchObject({ kind: 'imported', unread: 0 });
    await expect
      .poll(async () => {
        w.clock.advance(1_000);
        return (await must(cy.client.search('compass', {}))).hits;
      })
      .toMatchObject([{ title: 'Hike', senderName: 'Bo' }]);

    for (const refused of [
      cy.client.sendText(done.conversation, 'hello'),
      cy.client.react(said[0]?.id ?? first, '👍'),
      cy.client.editMessage(said[0]?.id ?? first, 'other'),
      cy.client.setDisappearing(done.conversation, 3_600_000),
    ]) {
      expect(await refused).toMatchObject({ ok: false, error: { code: 'not-a-member' } });
    }
    expect(await cy.waiting()).toBe(0);
    cy.network.isUp = true;
    await w.settle();
    expect(JSON.stringify(cy.network.sent.slice(sent))).not.toContain(done.conversation);
    expect(await checkIntegrity(cy.store, () => true)).toMatchObject({ findings: [] });

    await must((await cy.restart()).unlock(PASSPHRASE));
    expect((await cy.view(done.conversation)).messages).toHaveLength(view.messages.length);
    await must(cy.client.dropImported(done.conversation));
    expect((await must(cy.client.search('compass', {}))).hits).toEqual([]);
    expect(await rowsOf(cy)).toEqual({ conversations: [], messages: 0, archived: 0, threads: 0 });
  });

  it('stands beside the one it was made of, and says the same when it is saved once more', async () => {
    const { ana, hike } = await two();
    await must(ana.client.sendText(hike, 'one'));
    await must(ana.client.openNotes('Notes'));
    const before = JSON.parse(await textOf(ana, hike)) as ExportedFile;
    const copy = await must(ana.client.importConversation(new Blob([JSON.stringify(before)])));
    expect(copy.conversation).not.toBe(hike);
    expect(await ana.view(hike)).toMatchObject({ kind: 'group', canSend: true });
    // Nobody in a file is anybody who is known here, whoever the file says they are.
    const known = await accountsOf(ana);
    const view = await ana.view(copy.conversation);
    expect(view.messages.map(({ senderName, text }) => [senderName, text])).toContainEqual(['Ana', 'one']);
    for (const account of [...view.messages.map(({ sender }) => sender), ...view.members.map((one) => one.account)]) {
      expect(known.has(account)).toBe(false);
    }
    const after = JSON.parse(await textOf(ana, copy.conversation)) as ExportedFile;
    expect(plain(after)).toEqual(plain(before));
    expect(await ana.client.dropImported(hike)).toMatchObject({ error: { code: 'not-allowed' } });
  });

  it('brings nothing twice, however often it comes and whenever it was saved', async () => {
    const { ana, hike } = await two();
    await must(ana.client.sendText(hike, 'one'));
    const first = await must(ana.client.importConversation(new Blob([await textOf(ana, hike)])));
    const before = await rowsOf(ana);
    w.clock.advance(5_000);
    const later = await textOf(ana, hike);
    const both = await Promise.all([
      ana.client.importConversation(new Blob([later])),
      (await ana.openTab()).importConversation(new Blob([later])),
    ]);
    for (const one of both) expect(await must(Promise.resolve(one))).toEqual({ ...first, isKnown: true });
    expect(await rowsOf(ana)).toEqual(before);
  });

  it('of many messages comes whole and in its order, most of them in blocks', async () => {
    w = await world();
    const ana = await w.person('Ana');
    const count = 10_000;
    const messages = Array.from({ length: count }, (_, i) => messageOf(i, { at: timeOf(Math.floor(i / 3)) }));
    const done = await must(ana.client.importConversation(fileOf(messages)));
    expect(done.messages).toBe(count);
    expect((await rowsOf(ana)).messages).toBeLessThan(1_000);
    expect(await ana.conversation('Walk')).toMatchObject({ unread: 0, preview: { text: `text ${count - 1}` } });
    const again = JSON.parse(await textOf(ana, done.conversation)) as ExportedFile;
    expect(again.messages.map(({ text }) => text)).toEqual(messages.map(({ text }) => text));
    const known = await must(ana.client.importConversation(fileOf(messages)));
    expect(known.isKnown).toBe(true);
  });

  it('tells how far it is, and leaves nothing where it is called off', async () => {
    w = await world();
    const ana = await w.person('Ana');
    const messages = Array.from({ length: 9_000 }, (_, i) => messageOf(i, { text: 'x'.repeat(100) }));
    const shares: number[] = [];
    const stop = await ana.client.watchConversationImport((work) => {
      if (work !== undefined) shares.push(work.done / work.of);
      if (work !== undefined && work.done > work.of * 0.97) void ana.client.cancelConversationImport();
    });
    const file = inSteps(new Uint8Array(await fileOf(messages).arrayBuffer()), 16_384);
    expect(await ana.client.importConversation(file)).toMatchObject({ error: { code: 'cancelled' } });
    stop();
    expect(shares.length).toBeGreaterThan(3);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(await rowsOf(ana)).toEqual({ conversations: [], messages: 0, archived: 0, threads: 0 });
  });

  it('is not shown before it is whole, and goes where the app ended in between', async () => {
    w = await world();
    const ana = await w.person('Ana');
    const half = {
      id: 'half' as ConversationId,
      kind: 'system',
      title: 'Half',
      deactivatedAt: 1,
      metadata: { imported: { kind: 'direct', members: [], messages: 9 } },
    } as const;
    await createRoom(ana.store, half, w.clock.now());
    const shown = Promise.withResolvers<readonly unknown[]>();
    const stop = await ana.client.watchConversations(shown.resolve);
    expect(await shown.promise).toEqual([]);
    stop();
    await must(ana.client.importConversation(fileOf([messageOf(1)])));
    expect((await rowsOf(ana)).conversations).toEqual(['Walk']);
  });
});

describe('a file that is no whole conversation', () => {
  const whole = [messageOf(1), messageOf(2, { replyTo: 'm1', reactions: [{ emoji: '👍', by: [ANA] }] }), messageOf(3)];

  it('is refused in words, and nothing of it is kept', async () => {
    w = await world();
    const ana = await w.person('Ana');
    const json = await fileOf(whole).text();
    const with2 = (change: object) => fileOf([messageOf(1), { ...messageOf(2), ...change }, messageOf(3)]);
    const cases: readonly (readonly [string, string | Blob])[] = [
      ['foreign', ''],
      ['foreign', 'hello'],
      ['foreign', '{"format":"other","version":1,"messages":[]}'],
      ['foreign', '[]'.repeat(400)],
      ['foreign', new Blob([new Uint8Array(1_000)])],
      ['newer', json.replace('"version": 1', '"version": 2')],
      ['newer', '{"format":"cairn-conversation","version":12}'],
      ['damaged', json.replace('"version": 1', '"version": 0')],
      ['damaged', new Blob([json, new Uint8Array([0xff])])],
      ['damaged', `${json}x`],
      ['damaged', json.replace('"kind": "group"', '"kind": "channel"')],
      ['damaged', json.replace('"title"', '"name"')],
      ['damaged', json.replace(',\n{', ',\n,{')],
      ['damaged', json.replace('text 2', 'text "2')],
      ['damaged', with2({ id: 'm1' })],
      ['damaged', with2({ at: 'yesterday' })],
      ['damaged', with2({ at: '2026-02-30T25:00:00Z' })],
      ['damaged', with2({ from: { account: '../..', name: 'Ana' } })],
      ['damaged', with2({ text: 'x'.repeat(1024 * 1024 + 1) })],
      ['damaged', with2({ isDeleted: true })],
      ['damaged', with2({ reactions: [{ emoji: 'two words', by: [ANA] }] })],
      ['damaged', with2({ notice: { what: 'exploded' } })],
      ['damaged', with2({ attachments: [{ name: 'a', type: 'text/plain', size: -1 }] })],
      ['large', tooLarge],
    ];
    for (const [code, file] of cases) {
      const answer = await ana.client.importConversation(typeof file === 'string' ? new Blob([file]) : file);
      const about = typeof file === 'string' ? file.slice(0, 200) : await file.slice(0, 400).text();
      expect([about, answer]).toMatchObject([about, { error: { code: `conversation-file-${code}` } }]);
    }
    expect(await rowsOf(ana)).toEqual({ conversations: [], messages: 0, archived: 0, threads: 0 });
  });

  it('is refused wherever it was cut off', async () => {
    w = await world();
    const ana = await w.person('Ana');
    const bytes = new Uint8Array(await fileOf(whole).arrayBuffer());
    // What follows the last bracket is a line break.
    for (let length = 0; length < bytes.length - 1; length++) {
      const answer = await ana.client.importConversation(new Blob([bytes.slice(0, length)]));
      expect([length, answer.ok]).toEqual([length, false]);
    }
    expect(await rowsOf(ana)).toEqual({ conversations: [], messages: 0, archived: 0, threads: 0 });
    await must(ana.client.importConversation(new Blob([bytes])));
  });

  it('says the same however its bytes arrive', async () => {
    w = await world();
    const ana = await w.person('Ana');
    const bytes = new Uint8Array(
      await fileOf([messageOf(1, { text: 'a "]}, {[" \\ und ümlaut 👍🏽 ١٢' }), ...whole.slice(1)]).arrayBuffer(),
    );
    const first = await must(ana.client.importConversation(new Blob([bytes])));
    for (const step of [1, 2, 3, 5, 64]) {
      const known = await must(ana.client.importConversation(inSteps(bytes, step)));
      expect(known).toEqual({ ...first, isKnown: true });
    }
    expect((await ana.messages('Walk'))[0]).toMatchObject({ text: 'a "]}, {[" \\ und ümlaut 👍🏽 ١٢' });
  });
});

interface ExportedFile extends FileHead {
  readonly messages: readonly FileMessage[];
}

const ANA = { account: 'ana', name: 'Ana' };
const HEAD: FileHead = {
  id: 'walk',
  title: 'Walk',
  kind: 'group',
  exportedAt: '2026-03-01T12:00:00.000Z',
  exportedBy: 'ana',
  members: [ANA, { account: 'bo', name: 'Bo' }],
};

const timeOf = (seconds: number): string => new Date(Date.UTC(2025, 0, 1) + seconds * 1_000).toISOString();

function messageOf(i: number, more: Partial<FileMessage> = {}): FileMessage {
  return { id: `m${i}`, at: timeOf(i), from: ANA, text: `text ${i}`, ...more };
}

const fileOf = (messages: readonly FileMessage[]): Blob =>
  new Blob([openingOf(HEAD), linesOf(messages, true), CLOSING]);

/** Larger than what is read at all; nobody has to hold it. */
const tooLarge = Object.defineProperty(new Blob(['{']), 'size', { value: 2 ** 31 });

/** A file whose stream hands out a few bytes at a time. */
const inSteps = (bytes: Uint8Array<ArrayBuffer>, step: number): Blob =>
  Object.defineProperty(new Blob([bytes]), 'stream', {
    value: () =>
      new ReadableStream({
        start(controller) {
          for (let at = 0; at < bytes.length; at += step) controller.enqueue(bytes.slice(at, at + step));
          controller.close();
        },
      }),
  });

async function textOf(person: Person, id: ConversationId): Promise<string> {
  const { file } = await must(exportFile(person.client, id, asJson));
  return file.text();
}

/** Without what is another's in a copy: ids of messages and people, and the day of the export. */
function plain({ title, kind, members, messages }: ExportedFile) {
  const places = new Map(messages.map(({ id }, i) => [id, i]));
  return {
    title,
    kind,
    members: members.map(({ name }) => name),
    messages: JSON.parse(
      JSON.stringify(
        messages.map(({ id: _id, replyTo, thread, ...rest }) => ({
          ...rest,
          replyTo: places.get(replyTo ?? ''),
          thread: places.get(thread ?? ''),
        })),
        (key, value: unknown) => (key === 'account' ? undefined : value),
      ),
    ) as unknown,
  };
}

const accountsOf = async (person: Person): Promise<Set<string>> =>
  new Set(await person.store.users.toCollection().primaryKeys());

/** What a device keeps of conversations. */
async function rowsOf({ store }: Person) {
  return {
    conversations: (await store.conversations.toArray()).map(({ title }) => title),
    messages: await store.messages.count(),
    archived: await store.messagesArchive.count(),
    threads: await store.threads.count(),
  };
}

async function two() {
  w = await world();
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  const hike = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo)] }));
  await w.settle();
  return { ana, bo, hike };
}
