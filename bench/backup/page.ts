import { Dexie } from 'dexie';
import type { ConversationId } from '../../src/lib/core/ids.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import { importMessages } from '../../src/lib/db/messages/importMessages.ts';
import { nothingHangs } from '../../src/lib/db/messages/whole.ts';
import { openStore, type Store } from '../../src/lib/db/store.ts';
import { systemClock } from '../../src/lib/platform/clock.ts';
import { webLoginKeys } from '../../src/lib/platform/loginKeys.ts';
import { consoleLogger, systemRandom, webLocks } from '../../src/lib/platform/ports.ts';
import { createAccount, type AccountPorts } from '../../src/lib/services/account.ts';
import { makeBackup, type Progress } from '../../src/lib/services/backup.ts';
import { blobFiles } from '../../src/lib/services/blobFiles.ts';
import { restoreBackup } from '../../src/lib/services/restore.ts';
import type { Session } from '../../src/lib/sync/session.ts';
import { createRows } from '../messages/rows.ts';

export interface Question {
  /** Messages in the store. */
  readonly messages: number;
  /** Characters of each; 0 for about twelve words. */
  readonly characters: number;
}

export interface Figures {
  /** Size of the file, in bytes. */
  readonly size: number;
  readonly makeSeconds: number;
  readonly restoreSeconds: number;
  readonly makeHeap: Heap;
  readonly restoreHeap: Heap;
  /** Whether the restored store has as many messages as went in. */
  readonly isWhole: boolean;
}

/** The most that the heap held above what it held before, in bytes. */
export interface Heap {
  /** Once a second, after garbage was collected. */
  readonly used: number;
  /** With whatever garbage there happened to be. */
  readonly withGarbage: number;
}

const PASSPHRASE = 'correct horse battery staple';
const NOTES = 'conversation-notes' as ConversationId;
const END = 1_800_000_000_000;

(globalThis as unknown as { measure: (question: Question) => Promise<Figures> }).measure = async (question) => {
  const from = await portsOn('from');
  const identity = unwrap(await createAccount(from, { name: 'Ana', passphrase: PASSPHRASE }));
  await fill(from.store, question);
  const session = { ...from, identity, locks: webLocks } as unknown as Session;

  const making = watchHeap();
  const began = performance.now();
  const wanted = { type: 'full', passphrase: PASSPHRASE } as const;
  const made = unwrap(await makeBackup(session, blobFiles, wanted, making.progress));
  const makeSeconds = (performance.now() - began) / 1000;
  from.store.close();
  await Dexie.delete(from.store.name);

  const to = await portsOn('to');
  const restoring = watchHeap();
  const restoreBegan = performance.now();
  const opener = { passphrase: PASSPHRASE };
  unwrap(await restoreBackup(to, { files: [made.file], opener, passphrase: PASSPHRASE }, restoring.progress));
  const restoreSeconds = (performance.now() - restoreBegan) / 1000;
  const isWhole = (await countOf(to.store)) === question.messages;
  to.store.close();
  await Dexie.delete(to.store.name);
  return {
    size: made.file.size,
    makeSeconds,
    restoreSeconds,
    makeHeap: making.most(),
    restoreHeap: restoring.most(),
    isWhole,
  };
};

async function portsOn(name: string): Promise<AccountPorts> {
  const [clock, random] = [systemClock, systemRandom];
  const store = await openStore({ name, clock, random });
  return { store, clock, random, logger: consoleLogger, loginKeys: webLoginKeys, relayOrigin: location.origin };
}

async function fill(store: Store, { messages, characters }: Question): Promise<void> {
  await store.conversations.add({
    id: NOTES,
    kind: 'system',
    title: 'Notes',
    unreadCount: 0,
    lastReadSortKey: '',
    isPinned: false,
    isMuted: false,
    isArchived: false,
    lastActivity: END,
    createdAt: END,
    updatedAt: END,
  });
  const batch = characters === 0 ? messages : 10;
  const rows = createRows(systemRandom, NOTES, messages, END);
  for (let at = 0; at < messages; at += batch) {
    const some = rows.slice(at, at + batch);
    const wholes = some.map((row) => ({
      ...nothingHangs(),
      row: characters === 0 ? row : { ...row, content: noise(characters) },
    }));
    await importMessages(store, NOTES, wholes);
  }
}

/** Text that does not get smaller. */
function noise(characters: number): string {
  const bytes = systemRandom.bytes((characters * 3) / 4);
  let text = '';
  for (let at = 0; at < bytes.length; at += 24_576)
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + 24_576)));
  return text;
}

async function countOf(store: Store): Promise<number> {
  const rows = await store.messages.where('[conversationId+sortKey]').between([NOTES, ''], [NOTES, '\uffff']).count();
  const blocks = await store.messagesArchive.toArray();
  return rows + blocks.reduce((sum, { count }) => sum + count, 0);
}

/** Looks at the heap whenever the work tells how far it is, and 20 times a second. */
function watchHeap(): { readonly progress: Progress; most(): Heap } {
  const page = globalThis as unknown as { gc(): void; performance: { memory: { usedJSHeapSize: number } } };
  const held = (): number => page.performance.memory.usedJSHeapSize;
  page.gc();
  const before = held();
  let [used, withGarbage] = [0, 0];
  let collected = performance.now();
  const look = (): void => {
    withGarbage = Math.max(withGarbage, held() - before);
    if (performance.now() - collected < 1_000) return;
    page.gc();
    used = Math.max(used, held() - before);
    collected = performance.now();
  };
  const timer = setInterval(look, 50);
  return {
    progress: { report: look, isCancelled: () => false },
    most() {
      clearInterval(timer);
      return { used, withGarbage };
    },
  };
}
