import type { AccountId, ConversationId } from '../../src/lib/core/ids.ts';
import { createSealer } from '../../src/lib/crypto/seal.ts';
import { candidates } from '../../src/lib/db/search/candidates.ts';
import type { SearchDocument } from '../../src/lib/db/search/documents.ts';
import { MOST_BYTES } from '../../src/lib/db/search/openBlocks.ts';
import { indexBatch } from '../../src/lib/db/search/indexBatch.ts';
import { liveSegments } from '../../src/lib/db/search/segment.ts';
import { tendIndex } from '../../src/lib/db/search/upkeep.ts';
import { openStore } from '../../src/lib/db/store.ts';
import { parseQuery } from '../../src/lib/domain/search/query.ts';
import { systemClock } from '../../src/lib/platform/clock.ts';
import { systemRandom } from '../../src/lib/platform/ports.ts';
import type { SearchPeer } from './peer.ts';

const CONVERSATIONS = 100;
const SENDERS = 50;
const START = 1_700_000_000_000;
const BATCH = 32_768;

/** The index of the app: sealed, in IndexedDB, in the steps in which a rebuild makes it. */
export async function createCairnSearch(): Promise<SearchPeer> {
  const store = await openStore({ name: 'bench', clock: systemClock, random: systemRandom });
  store.unlock(createSealer(systemRandom.bytes(32), systemRandom));
  await store.conversations.bulkAdd(
    Array.from({ length: CONVERSATIONS }, (_, i) => ({
      id: conversationOf(i),
      kind: 'system' as const,
      title: `Conversation ${i}`,
      unreadCount: 0,
      lastReadSortKey: '',
      isPinned: false,
      isMuted: false,
      isArchived: false,
      lastActivity: START,
      createdAt: START,
      updatedAt: START,
    })),
  );
  const pause = () => Promise.resolve();
  const tend = async () => {
    while (await tendIndex(store, pause));
  };
  await tend();
  let waiting: SearchDocument[] = [];
  const take = async () => {
    await indexBatch(store, { documents: waiting, gone: [], queueIds: [] });
    waiting = [];
    await tend();
  };
  return {
    async add(texts, first) {
      for (const [n, text] of texts.entries()) {
        waiting.push(documentOf(first + n, text));
        if (waiting.length === BATCH) await take();
      }
    },
    finish: take,
    async search(text) {
      const terms = parseQuery(text).clauses.flatMap((clause) => clause.map((word) => [word]));
      return (await candidates(store, { terms }, undefined, 50)).length;
    },
    // Opened blocks lie outside the heap: as many as may be kept.
    otherMemory: () => MOST_BYTES,
    async facts() {
      const segments = await liveSegments(store);
      const { usage = 0 } = await navigator.storage.estimate();
      return `${segments.length} segments, ${Math.round(usage / 1e6)} MB on disk`;
    },
  };
}

const conversationOf = (i: number): ConversationId => `conversation-${i % CONVERSATIONS}` as ConversationId;

/** Messages come some seconds apart. */
function documentOf(i: number, text: string): SearchDocument {
  const timestamp = START + i * 7_919;
  return {
    conversationId: conversationOf(Math.imul(i, 31)),
    sortKey: `${timestamp.toString(16).padStart(12, '0')}0000-abcdefghijklmnopqrst${(i % SENDERS).toString(36).padStart(2, '0')}`,
    timestamp,
    senderId: `sender-${i % SENDERS}` as AccountId,
    type: 'text',
    text,
  };
}
