import { afterEach, describe, expect, it } from 'vitest';
import type { ConversationId, MessageId } from '../../src/lib/core/ids.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import type { MessageItem, ThreadView } from '../../src/lib/services/client.ts';
import { accountOf, must, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

interface Hike {
  readonly id: ConversationId;
  readonly ana: Person;
  readonly bo: Person;
  readonly cy: Person;
}

/** Ana made a group with Bo and Cy; all three know everything that was said. */
async function hike(): Promise<Hike> {
  w = await world();
  const [ana, bo, cy] = [await w.person('Ana'), await w.person('Bo'), await w.person('Cy')];
  await ana.knows(bo, cy);
  await w.settle();
  const id = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo), await accountOf(cy)] }));
  await w.settle();
  return { id, ana, bo, cy };
}

async function said(group: Hike, by: Person, text: string): Promise<MessageId> {
  const id = await must(by.client.sendText(group.id, text));
  await w.settle();
  return id;
}

const item = async (person: Person, id: MessageId): Promise<MessageItem | undefined> =>
  (await person.messages('Hike')).find((message) => message.id === id);

/** What somebody sees of a message, without what differs from person to person. */
async function shown(person: Person, id: MessageId): Promise<unknown> {
  const message = await item(person, id);
  if (message === undefined) return undefined;
  const { text, editedAt, deletedBy, reactions, isPinned, hasConflict } = message;
  const given = reactions?.map(({ emoji, names }) => `${emoji}${names.length}`).join(' ');
  return { text, isEdited: editedAt !== undefined, isDeleted: deletedBy !== undefined, given, isPinned, hasConflict };
}

const plain = { isEdited: false, isDeleted: false, given: undefined, isPinned: undefined, hasConflict: undefined };

describe('a message', () => {
  it('is edited, and everybody sees the new text and can look up the old', async () => {
    const group = await hike();
    const id = await said(group, group.bo, 'meet at nine');
    await must(group.bo.client.editMessage(id, 'meet at ten'));
    expect(await shown(group.bo, id)).toEqual({ ...plain, text: 'meet at ten', isEdited: true });
    await w.settle();
    for (const person of [group.ana, group.bo, group.cy]) {
      expect(await shown(person, id)).toEqual({ ...plain, text: 'meet at ten', isEdited: true });
      const history = await must(person.client.messageHistory(id));
      expect(history.map(({ text, isCurrent }) => [text, isCurrent])).toEqual([
        ['meet at nine', false],
        ['meet at ten', true],
      ]);
    }
    expect(await group.bo.store.messageChanges.where('syncStatus').equals('pending').count()).toBe(0);
    expect(await group.bo.waiting()).toBe(0);
  });

  it('is reacted to by everybody, who also take it back', async () => {
    const group = await hike();
    const id = await said(group, group.ana, 'who comes?');
    for (const person of [group.ana, group.bo, group.cy]) await must(person.client.react(id, '👍'));
    await must(group.cy.client.react(id, '🎉'));
    await w.settle();
    await must(group.bo.client.unreact(id, '👍'));
    await w.settle();
    for (const person of [group.ana, group.bo, group.cy]) {
      expect(await shown(person, id)).toMatchObject({ given: '👍2 🎉1' });
      expect(await person.store.messageReactions.count()).toBe(3);
    }
    expect((await item(group.bo, id))?.reactions?.map(({ isOwn }) => isOwn)).toEqual([false, false]);
    expect((await item(group.cy, id))?.reactions?.[0]).toEqual({ emoji: '👍', isOwn: true, names: ['Ana', ''] });
    expect(await group.bo.client.react(id, ' ')).toMatchObject({ ok: false, error: { code: 'bad-reaction' } });
  });

  it('is pinned by one and unpinned by another', async () => {
    const group = await hike();
    const id = await said(group, group.ana, 'the address');
    await must(group.bo.client.pin(id));
    await w.settle();
    for (const person of [group.ana, group.cy]) {
      const view = await person.view(group.id);
      expect(view.pinned).toMatchObject([{ id, text: 'the address', by: 'Bo' }]);
    }
    await must(group.cy.client.unpin(id));
    await w.settle();
    for (const person of [group.ana, group.bo]) expect((await person.view(group.id)).pinned).toEqual([]);
  });

  it('is deleted for everyone: nothing of it is left with anybody', async () => {
    const group = await hike();
    const id = await said(group, group.bo, 'unfortunate words');
    await must(group.cy.client.react(id, '😬'));
    await must(group.bo.client.editMessage(id, 'unfortunate words, edited'));
    await w.settle();
    await must(group.bo.client.deleteMessage(id, 'everyone'));
    await w.settle();
    for (const person of [group.ana, group.bo, group.cy]) {
      expect(await shown(person, id)).toEqual({ ...plain, text: '', isEdited: false, isDeleted: true });
      expect(await person.store.messageReactions.count()).toBe(0);
      expect((await person.store.messageChanges.toArray()).map((row) => row.changeType)).toEqual(['delete']);
    }
    expect((await item(group.ana, id))?.deletedBy).toBe('Bo');
    expect((await item(group.bo, id))?.deletedBy).toBe('');
  });

  it('is deleted for me alone', async () => {
    const group = await hike();
    const id = await said(group, group.ana, 'seen enough');
    await must(group.bo.client.deleteMessage(id, 'me'));
    await w.settle();
    expect(await shown(group.bo, id)).toBeUndefined();
    expect(await shown(group.cy, id)).toMatchObject({ text: 'seen enough' });
  });

  it('answers another, which is quoted beside it', async () => {
    const group = await hike();
    const id = await said(group, group.ana, 'who brings the tent?');
    const answer = await must(group.bo.client.sendText(group.id, 'I do', { replyTo: id }));
    await w.settle();
    expect((await item(group.cy, answer))?.quote).toMatchObject({ id, name: 'Ana', text: 'who brings the tent?' });
    await must(group.ana.client.deleteMessage(id, 'everyone'));
    await w.settle();
    expect((await item(group.cy, answer))?.quote).toMatchObject({ id, text: '', isGone: true });
  });

  it('says how far it got with each person', async () => {
    const group = await hike();
    group.cy.network.isUp = false;
    const id = await said(group, group.ana, 'off we go');
    await must(group.bo.client.markRead(group.id, id));
    await w.settle();
    const info = await must(group.ana.client.messageInfo(id));
    expect(info).toMatchObject([{ name: 'Bo' }, { name: 'Cy' }]);
    expect(info.map(({ deliveredAt, readAt }) => [deliveredAt !== undefined, readAt !== undefined])).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(await must(group.bo.client.messageInfo(id))).toEqual([]);
  });
});

describe('views that stay open', () => {
  it('show what comes after the first answer, step by step', async () => {
    const group = await hike();
    const shows = (text: string) => {
      const inView = Promise.withResolvers<void>();
      const inList = Promise.withResolvers<void>();
      waitingFor = { text, inView: inView.resolve, inList: inList.resolve };
      return Promise.all([inView.promise, inList.promise]);
    };
    let waitingFor = { text: '', inView: () => {}, inList: () => {} };
    await group.cy.client.watchConversation(group.id, 50, (view) => {
      if (view?.messages.at(-1)?.text === waitingFor.text) waitingFor.inView();
    });
    await group.cy.client.watchConversations((items) => {
      if (items[0]?.preview?.text === waitingFor.text) waitingFor.inList();
    });
    const sent = shows('one');
    const id = await said(group, group.bo, 'one');
    await sent;
    for (const text of ['two', 'three']) {
      const edited = shows(text);
      await must(group.bo.client.editMessage(id, text));
      await w.settle();
      await edited;
    }
  });
});

describe('a thread', () => {
  const thread = async (person: Person, group: Hike, head: MessageId): Promise<ThreadView> => {
    const seen = Promise.withResolvers<ThreadView>();
    const stop = await person.client.watchThread(group.id, head, 50, (view) => {
      if (view !== undefined) seen.resolve(view);
    });
    const view = await seen.promise;
    stop();
    return view;
  };

  it('gathers the answers to one message, also an answer to an answer, and counts what is new', async () => {
    const group = await hike();
    const head = await said(group, group.ana, 'food?');
    const first = await must(group.bo.client.sendText(group.id, 'soup', { parent: head }));
    await w.settle();
    await must(group.cy.client.sendText(group.id, 'and bread', { parent: first }));
    await w.settle();
    for (const person of [group.ana, group.bo, group.cy]) {
      const view = await thread(person, group, head);
      expect([view.head?.text, view.messages.map(({ text }) => text)]).toEqual(['food?', ['soup', 'and bread']]);
    }
    expect((await item(group.ana, head))?.thread).toEqual({ replies: 2, unread: 2 });
    expect((await item(group.bo, head))?.thread).toEqual({ replies: 2, unread: 1 });
    expect((await item(group.cy, head))?.thread).toEqual({ replies: 2, unread: 0 });
    await must(group.ana.client.readThread(group.id, head));
    expect((await item(group.ana, head))?.thread).toEqual({ replies: 2, unread: 0 });
    expect((await item(group.ana, first))?.inThread).toMatchObject({ id: head, text: 'food?' });
  });
});

describe('offline', () => {
  it('three people change the same message, each on their own, and all end with the same', async () => {
    const group = await hike();
    const id = await said(group, group.bo, 'bring water');
    for (const person of [group.ana, group.bo, group.cy]) person.network.isUp = false;
    await must(group.bo.client.editMessage(id, 'bring more water'));
    await must(group.ana.client.react(id, '💧'));
    await must(group.cy.client.react(id, '💧'));
    await must(group.cy.client.pin(id));
    await must(group.ana.client.pin(id));
    await must(group.ana.client.unpin(id));
    expect(await group.ana.waiting()).toBe(3);
    // What is done offline shows at once, and survives a restart.
    expect(await shown(group.bo, id)).toMatchObject({ text: 'bring more water' });
    unwrap(await (await group.bo.restart()).unlock('correct horse battery'));
    for (const person of [group.cy, group.bo, group.ana]) {
      person.network.isUp = true;
      await person.client.syncNow();
    }
    await w.settle();
    const atAna = await shown(group.ana, id);
    expect(atAna).toMatchObject({ text: 'bring more water', isEdited: true, given: '💧2' });
    expect(await shown(group.bo, id)).toEqual(atAna);
    expect(await shown(group.cy, id)).toEqual(atAna);
  });

  it('one edits what another deletes meanwhile: it is gone for both', async () => {
    const group = await hike();
    const id = await said(group, group.bo, 'typo hree');
    group.bo.network.isUp = group.ana.network.isUp = false;
    await must(group.bo.client.editMessage(id, 'typo here'));
    await must(group.ana.client.deleteMessage(id, 'everyone'));
    group.ana.network.isUp = true;
    await group.ana.client.syncNow();
    group.bo.network.isUp = true;
    await w.settle();
    for (const person of [group.ana, group.bo, group.cy])
      expect(await shown(person, id)).toMatchObject({ text: '', isDeleted: true });
  });

  it('a message and its edit, both written offline, arrive as one edited message', async () => {
    const group = await hike();
    group.bo.network.isUp = false;
    const id = await must(group.bo.client.sendText(group.id, 'first draft'));
    await must(group.bo.client.editMessage(id, 'second draft'));
    await must(group.bo.client.react(id, '✍️'));
    group.bo.network.isUp = true;
    await w.settle();
    expect(await shown(group.cy, id)).toEqual({ ...plain, text: 'second draft', isEdited: true, given: '✍️1' });
    expect((await group.cy.texts('Hike')).filter((text) => text.includes('draft'))).toHaveLength(1);
  });

  it('what waits is told, and what was changed after somebody was removed goes out in the new epoch', async () => {
    const group = await hike();
    const id = await said(group, group.bo, 'plan A');
    group.bo.network.isUp = false;
    await must(group.bo.client.editMessage(id, 'plan B'));
    const waiting = await new Promise<readonly unknown[]>((resolve) => void group.bo.client.watchWaiting(100, resolve));
    expect(waiting).toMatchObject([{ what: 'edit', text: 'plan B', status: 'waiting' }]);
    await must(group.ana.client.removePerson(group.id, await accountOf(group.cy)));
    await w.settle();
    group.bo.network.isUp = true;
    await w.settle();
    expect(await shown(group.ana, id)).toMatchObject({ text: 'plan B' });
    expect(await shown(group.cy, id)).toMatchObject({ text: 'plan A' });
    expect(await group.cy.client.react(id, '👍')).toMatchObject({ ok: false, error: { code: 'not-a-member' } });
  });
});
