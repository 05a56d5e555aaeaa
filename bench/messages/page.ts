import { Dexie } from 'dexie';
import type { AccountId, ConversationId } from '../../src/lib/core/ids.ts';
import { defaultKdf, masterKeyFromPassphrase } from '../../src/lib/crypto/vault.ts';
import { createSealer } from '../../src/lib/crypto/seal.ts';
import { importMessages } from '../../src/lib/db/messages/importMessages.ts';
import { pageOf } from '../../src/lib/db/messages/pages.ts';
import { nothingHangs } from '../../src/lib/db/messages/whole.ts';
import { storesOf } from '../../src/lib/db/migrations.ts';
import { schema } from '../../src/lib/db/schema.ts';
import { openStore, type MessageRow, type Store } from '../../src/lib/db/store.ts';
import { systemClock } from '../../src/lib/platform/clock.ts';
import { systemRandom } from '../../src/lib/platform/ports.ts';
import { listConversations } from '../../src/lib/services/views.ts';
import { createRows } from './rows.ts';

export interface Figures {
  /** Seconds for 100,000 messages. */
  readonly write: { readonly cairn: number; readonly plain: number };
  /** Milliseconds for the newest page of 50. */
  readonly page: { readonly cairn: number; readonly plain: number };
  /** Milliseconds for the newest page of 50 of one conversation, by its messages. */
  readonly pageAt: { readonly few: number; readonly many: number };
  /** Milliseconds from the passphrase to the list of conversations, and for the list alone. */
  readonly list: { readonly few: number; readonly many: number; readonly fewAlone: number; readonly manyAlone: number };
}

const PAGE = 50;
const END = 1_800_000_000_000;
const key = systemRandom.bytes(32);

(globalThis as unknown as { measure: () => Promise<Figures> }).measure = async () => {
  const write = await measureWrites();
  const few = await storeWith([10_000]);
  const many = await storeWith([1_000_000]);
  const pageAt = await inTurns(
    () => newestPage(few.store, few.ids[0]),
    () => newestPage(many.store, many.ids[0]),
  );
  await drop(few);
  await drop(many);
  const small = await storeWith(Array.from({ length: 10 }, () => 100));
  const large = await storeWith(Array.from({ length: 1000 }, () => 1000));
  const list = await inTurns(
    () => unlockToList(small.store.name),
    () => unlockToList(large.store.name),
    9,
  );
  const alone = await inTurns(
    () => listOf(small.store),
    () => listOf(large.store),
    15,
  );
  await drop(small);
  await drop(large);
  const { cairn, plain, ...page } = write;
  return {
    write: { cairn, plain },
    page: { cairn: page.pageCairn, plain: page.pagePlain },
    pageAt: { few: pageAt[0], many: pageAt[1] },
    list: { few: list[0], many: list[1], fewAlone: alone[0], manyAlone: alone[1] },
  };
};

/** 100,000 messages of ten conversations: through Cairn, and as unsealed rows into plain Dexie with the same indexes. */
async function measureWrites() {
  const cairn: number[] = [];
  const plain: number[] = [];
  let page: [number, number] = [0, 0];
  const rounds = 3;
  for (let round = 0; round < rounds; round++) {
    const ids = Array.from({ length: 10 }, (_, i) => conversationId(i));
    const rows = ids.map((id) => createRows(systemRandom, id, 10_000, END));
    const store = await newStore(ids);
    cairn.push(
      await timed(async () => {
        for (const [i, id] of ids.entries()) await importMessages(store, id, wholesOf(rows[i] ?? []));
      }),
    );
    const db = new Dexie(`plain-${round}`);
    db.version(1).stores(storesOf({ messages: schema.messages }));
    await db.open();
    const flat = rows.flat();
    plain.push(await timed(() => db.table('messages').bulkAdd(flat)));
    if (round === rounds - 1) {
      page = await inTurns(
        () => newestPage(store, ids[3]),
        () =>
          db
            .table('messages')
            .where('[conversationId+sortKey]')
            .between([ids[3], ''], [ids[3], '\uffff'])
            .reverse()
            .limit(PAGE)
            .toArray(),
        301,
      );
    }
    db.close();
    await db.delete();
    await drop({ store });
  }
  return { cairn: median(cairn) / 1000, plain: median(plain) / 1000, pageCairn: page[0], pagePlain: page[1] };
}

const newestPage = (store: Store, id: ConversationId | undefined) =>
  pageOf(store, { conversationId: id ?? conversationId(0), limit: PAGE });

/** As the app does it: the key from the passphrase, the store opened and unlocked, the list read. */
async function unlockToList(name: string): Promise<void> {
  const master = await masterKeyFromPassphrase('correct horse battery', kdf);
  if (!master.ok) throw new Error(master.error.code);
  const store = await openStore({ name, clock: systemClock, random: systemRandom });
  store.unlock(createSealer(key, systemRandom));
  await listOf(store);
  store.close();
}

const kdf = defaultKdf(systemRandom, true);

const listOf = (store: Store) =>
  listConversations({
    store,
    identity: { account: 'self' as AccountId } as Parameters<typeof listConversations>[0]['identity'],
  });

async function storeWith(counts: readonly number[]): Promise<{ store: Store; ids: ConversationId[] }> {
  const ids = counts.map((_, i) => conversationId(i));
  const store = await newStore(ids);
  for (const [i, id] of ids.entries()) {
    await importMessages(store, id, wholesOf(createRows(systemRandom, id, counts[i] ?? 0, END)));
  }
  return { store, ids };
}

let made = 0;

async function newStore(ids: readonly ConversationId[]): Promise<Store> {
  const store = await openStore({ name: `cairn-${made++}`, clock: systemClock, random: systemRandom });
  store.unlock(createSealer(key, systemRandom));
  await store.conversations.bulkAdd(
    ids.map((id, i) => ({
      id,
      kind: 'system' as const,
      title: `Conversation ${i}`,
      unreadCount: 0,
      lastReadSortKey: '',
      isPinned: false,
      isMuted: false,
      isArchived: false,
      lastActivity: END,
      createdAt: END,
      updatedAt: END,
    })),
  );
  return store;
}

async function drop({ store }: { store: Store }): Promise<void> {
  store.close();
  await Dexie.delete(store.name);
}

const conversationId = (i: number) => `conversation-${String(i).padStart(6, '0')}` as ConversationId;
const wholesOf = (rows: readonly MessageRow[]) => rows.map((row) => ({ ...nothingHangs(), row }));

/** Medians of two tasks that take turns, after a few that don't count. */
async function inTurns(
  one: () => PromiseLike<unknown>,
  other: () => PromiseLike<unknown>,
  rounds = 61,
): Promise<[number, number]> {
  const times: [number[], number[]] = [[], []];
  for (let round = -3; round < rounds; round++) {
    const [a, b] = [await timed(one), await timed(other)];
    if (round < 0) continue;
    times[0].push(a);
    times[1].push(b);
  }
  return [median(times[0]), median(times[1])];
}

async function timed(work: () => PromiseLike<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
