import { afterEach, describe, expect, it } from 'vitest';
import type { ConversationId, MessageId } from '../../src/lib/core/ids.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import { checkIntegrity } from '../../src/lib/db/integrity.ts';
import type { Cairn } from '../../src/lib/services/cairn.ts';
import type { Device } from './device.ts';
import { createSimWorld, heal, type SimWorld } from './simulation.ts';

let w: SimWorld;
afterEach(async () => {
  for (const device of w.devices) device.kill();
  await w.relay.close();
});

interface Hike {
  readonly ana: Device;
  readonly bo: Device;
  readonly cy: Device;
  readonly group: ConversationId;
  readonly message: MessageId;
}

/** A group of two in which something was said; Cy is a stranger to it. */
async function hike(): Promise<Hike> {
  w = await createSimWorld({ seed: 'broken off', devices: 3 });
  const [ana, bo, cy] = w.devices;
  if (ana === undefined || bo === undefined || cy === undefined) throw new Error('three devices');
  const group = unwrap(await ana.client.createGroup({ name: 'Hike', people: [bo.account] }));
  const message = unwrap(await ana.client.sendText(group, 'first'));
  await heal(w);
  return { ana, bo, cy, group, message };
}

/** What somebody does in steps, on which device, and what holds once it was done. */
interface Doing {
  readonly what: string;
  readonly on: (hike: Hike) => Device;
  readonly act: (client: Cairn, hike: Hike, round: number) => Promise<unknown>;
  /** What the others do first, so that there is something to sync. */
  readonly before?: (hike: Hike, round: number) => Promise<unknown>;
}

const doings: readonly Doing[] = [
  {
    what: 'sending a message',
    on: ({ ana }) => ana,
    act: (client, { group }, round) => client.sendText(group, `text ${round}`),
  },
  {
    what: 'receiving messages',
    on: ({ bo }) => bo,
    before: ({ ana, group }, round) => ana.act((client) => client.sendText(group, `to Bo ${round}`)),
    act: () => Promise.resolve(),
  },
  {
    what: 'reading them',
    on: ({ bo }) => bo,
    before: async ({ ana, bo, group }, round) => {
      await ana.act((client) => client.sendText(group, `to read ${round}`));
      await bo.act(() => Promise.resolve());
    },
    act: async (client, { bo, group }) => {
      const rows = await bo.store.messages
        .where('[conversationId+sortKey]')
        .between([group, ''], [group, '\uffff'])
        .toArray();
      return client.markRead(
        group,
        rows.filter((row) => !row.isOutgoing && row.type === 'text').at(-1)?.id as MessageId,
      );
    },
  },
  {
    what: 'changing a message, reacting to it and deleting another',
    on: ({ ana }) => ana,
    act: async (client, { group, message }, round) => {
      await client.editMessage(message, `first, edition ${round}`);
      await client.react(message, '🪨');
      const other = await client.sendText(group, 'to be deleted');
      if (other.ok) await client.deleteMessage(other.value, 'everyone');
    },
  },
  {
    what: 'making a group',
    on: ({ ana }) => ana,
    act: (client, { bo, cy }, round) =>
      client.createGroup({ name: `Group ${round}`, people: [bo.account, cy.account] }),
  },
  {
    what: 'being welcomed to one',
    on: ({ cy }) => cy,
    before: ({ ana, cy }, round) =>
      ana.act((client) => client.createGroup({ name: `For Cy ${round}`, people: [cy.account] })),
    act: () => Promise.resolve(),
  },
  {
    what: 'adding and removing somebody',
    on: ({ ana }) => ana,
    act: async (client, { cy, group }) => {
      await client.addPeople(group, [cy.account]);
      await client.syncNow();
      await client.removePerson(group, cy.account);
    },
  },
];

/** More steps than any of them takes. */
const MOST_POINTS = 2_000;

describe('a tab that is killed at any step of', () => {
  it.each(doings)('$what: it starts again, whole, and everything arrives', { timeout: 600_000 }, async (doing) => {
    const world = await hike();
    const device = doing.on(world);
    let kills = 0;
    for (let points = 1; points < MOST_POINTS; points += 1 + Math.floor(points / 24)) {
      await doing.before?.(world, points);
      device.life.killAt(points);
      await device.act((client) => doing.act(client, world, points));
      if (!device.life.spare()) break;
      kills++;
      await device.start();
      expect(await findings(device), `after a kill at point ${points}`).toEqual([]);
    }
    expect(kills).toBeGreaterThan(4);
    await heal(w);
    for (const one of w.devices) expect(await findings(one)).toEqual([]);
    expect(await texts(world.bo, world.group)).toEqual(await texts(world.ana, world.group));
    expect(await waiting(device)).toEqual([]);
  });
});

describe('a disk that is full at any write of', () => {
  it.each(doings)('$what: it says so, and goes on when there is room', { timeout: 600_000 }, async (doing) => {
    const world = await hike();
    const device = doing.on(world);
    let refusals = 0;
    for (let writes = 1; writes < MOST_POINTS; writes += 1 + Math.floor(writes / 16)) {
      await doing.before?.(world, writes);
      device.life.fullAt(writes);
      const said = await device.act((client) => doing.act(client, world, writes));
      const wasFull = device.life.fullAt(Infinity);
      expect(await findings(device), `with a full disk at write ${writes}`).toEqual([]);
      if (!wasFull) break;
      refusals++;
      const { ok, error } = (said ?? { ok: true }) as { ok?: boolean; error?: { code: string } };
      if (ok === false) expect(['storage-full', 'not-found', 'read-only']).toContain(error?.code);
    }
    expect(refusals).toBeGreaterThan(3);
    await heal(w);
    for (const one of w.devices) expect(await findings(one)).toEqual([]);
    expect(await texts(world.bo, world.group)).toEqual(await texts(world.ana, world.group));
    expect(await waiting(device)).toEqual([]);
  });
});

const findings = async ({ store }: Device) => (await checkIntegrity(store, () => true)).findings;

async function texts({ store }: Device, group: ConversationId): Promise<string[]> {
  const rows = await store.messages.where('[conversationId+sortKey]').between([group, ''], [group, '\uffff']).toArray();
  return rows.filter((row) => row.type === 'text').map((row) => (row.isDeleted ? '' : (row.content ?? '')));
}

const waiting = async ({ store }: Device) =>
  (await store.offlineOperations.toArray()).map(({ operationType, status, errorMessage }) => [
    operationType,
    status,
    errorMessage,
  ]);
