import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { silent, type Locks, type Random } from '../../src/lib/core/ports.ts';
import type { AccountId, ConversationId } from '../../src/lib/core/ids.ts';
import { unwrap, type Result } from '../../src/lib/core/result.ts';
import { tableNames } from '../../src/lib/db/schema.ts';
import { openStore, type InboxRow, type Store } from '../../src/lib/db/store.ts';
import { webLoginKeys } from '../../src/lib/platform/loginKeys.ts';
import { signCertificate } from '../../src/lib/crypto/identity.ts';
import { bytesFromCertificate, certificateFromBytes } from '../../src/lib/protocol/certificate.ts';
import { createRelay, type Relay, type RelayOptions } from '../../src/lib/server/relay.ts';
import { loadIdentity } from '../../src/lib/services/account.ts';
import { blobFiles } from '../../src/lib/services/blobFiles.ts';
import { lockedDevice } from '../../src/lib/sync/locked.ts';
import type { RelayClient } from '../../src/lib/sync/relayClient.ts';
import { processInbox } from '../../src/lib/sync/process.ts';
import { createCairn, type Cairn } from '../../src/lib/services/cairn.ts';
import type { ConversationItem, ConversationView, MessageItem, SecurityItem } from '../../src/lib/services/client.ts';
import { createNetwork, type Network } from './network.ts';
import { createClock, createLocks, createRandom, type WorldClock } from './seeded.ts';

const ORIGIN = 'https://relay.test';
/** Live queries listen to every database of their name in a process, so each device names its own differently. */
let databases = 0;
export const PASSPHRASE = 'correct horse battery';

/** People with their devices and one relay, all in this process and under one clock. */
export interface World {
  readonly clock: WorldClock;
  readonly random: Random;
  relay: Relay;
  person(name: string): Promise<Person>;
  /** Another device of somebody's account, as linking would make it: it has the account's key. */
  secondDevice(of: Person, options?: { readonly sequence?: number; readonly notBefore?: number }): Promise<Person>;
  /** A device on which nobody has an account yet; `name` is only for the test. */
  emptyDevice(name: string): Promise<Person>;
  /** Two tabs of one fresh device each make an account with their passphrase. */
  twoTabsMakeAccounts(passphrases: readonly string[]): Promise<{
    readonly results: readonly Result<void>[];
    unlockWith(passphrase: string): Promise<Result<void>>;
  }>;
  /** Lets everybody who is online sync until nothing moves any more. */
  settle(): Promise<void>;
  /** Everything in a group's stream, as a member may read it. */
  logOf(member: Person, group: ConversationId): Promise<InboxRow[]>;
  close(): Promise<void>;
}

export interface Person {
  readonly name: string;
  readonly network: Network;
  readonly store: Store;
  /** The device's database, for whoever opens it beside the app. */
  readonly storage: {
    readonly name: string;
    readonly indexedDB: IDBFactory;
    readonly IDBKeyRange: typeof IDBKeyRange;
  };
  /** The client of this person's first tab. */
  readonly client: Cairn;
  /** Another tab on the same device, unlocked. */
  openTab(): Promise<Cairn>;
  /** Ends one tab, whatever it is doing. */
  closeTab(client: Cairn): void;
  /** Ends every tab and starts the app again from what is on disk; locked. */
  restart(): Promise<Cairn>;
  code(): Promise<string>;
  knows(...others: Person[]): Promise<void>;
  /** The conversation with this title. */
  conversation(title: string): Promise<ConversationItem>;
  view(id: ConversationId): Promise<ConversationView>;
  /** Texts of a conversation in order, own ones included. */
  texts(title: string): Promise<string[]>;
  messages(title: string): Promise<readonly MessageItem[]>;
  securityEvents(): Promise<readonly SecurityItem[]>;
  /** The relay as this device reaches it, past the engine. */
  relay(): Promise<RelayClient>;
  /** How many operations wait in the outbox. */
  waiting(): Promise<number>;
  /** The sealed records in the outbox. */
  sealedPayloads(): Promise<Uint8Array[]>;
  /** Every row of the device as it is now, keys and all. */
  copyOfDisk(): Promise<Disk>;
  /** Puts a copy back, as somebody who kept it would, and opens it; the way to the relay is cut. */
  restoreDisk(copy: Disk): Promise<{ feed(entries: readonly InboxRow[]): Promise<void> }>;
}

export type Disk = ReadonlyMap<string, readonly unknown[]>;

export async function world(options: { readonly seed?: string } & Pick<RelayOptions, 'push'> = {}): Promise<World> {
  const seed = options.seed ?? 'world';
  const clock = createClock();
  const people: PersonState[] = [];
  const w: World = {
    clock,
    random: createRandom(`${seed}/world`),
    relay: await createRelay({
      dataDir: ':memory:',
      origin: ORIGIN,
      clock,
      random: createRandom(`${seed}/relay`),
      ...(options.push && { push: options.push }),
    }),
    async person(name) {
      const person = await createPerson(w, name, createRandom(`${seed}/${name}`));
      people.push(person);
      return person;
    },
    async secondDevice(of, options) {
      const person = await createPerson(w, of.name, createRandom(`${seed}/${of.name}/second`), { isUp: false });
      await becomeDeviceOf(of, person, clock.now(), options);
      people.push(person);
      return person;
    },
    async emptyDevice(name) {
      const person = await createPerson(w, name, createRandom(`${seed}/${name}`), { hasAccount: false });
      people.push(person);
      return person;
    },
    async twoTabsMakeAccounts(passphrases) {
      const indexedDB = new IDBFactory();
      const locks = createLocks();
      const random = createRandom(`${seed}/two tabs`);
      const network = createNetwork(ORIGIN, () => w.relay);
      const open = async () => {
        const store = await openStore({ name: 'cairn', clock, random, indexedDB, IDBKeyRange });
        return createCairn(portsOf(w, store, network, random, locks));
      };
      const tabs = [await open(), await open()];
      const making = tabs.map((tab, i) => tab.createAccount({ name: `Tab ${i}`, passphrase: passphrases[i] ?? '' }));
      const results = await Promise.all(making);
      for (const tab of tabs) tab.dispose();
      return {
        results,
        async unlockWith(passphrase) {
          const tab = await open();
          const opened = await tab.unlock(passphrase);
          tab.dispose();
          return opened;
        },
      };
    },
    async settle() {
      let before = '';
      for (let quiet = 0, round = 0; quiet < 2; round++) {
        if (round > 60) throw new Error('the world does not come to rest');
        for (const person of people) for (const tab of person.tabs) await tab.syncNow();
        const now = JSON.stringify(await Promise.all(people.map(fingerprint)));
        quiet = now === before ? quiet + 1 : 0;
        before = now;
      }
    },
    logOf: (member, group) => readLog(w, member, group),
    async close() {
      for (const person of people) for (const tab of person.tabs) tab.dispose();
      await w.relay.close();
    },
  };
  return w;
}

interface PersonState extends Person {
  readonly tabs: Cairn[];
}

async function readLog(w: World, member: Person, group: ConversationId): Promise<InboxRow[]> {
  const device = await lockedDevice(portsOf(w, member.store, member.network, w.random, createLocks()));
  if (device === undefined) throw new Error('no account');
  const answer = unwrap(await device.relay.catchUp({ cursors: {} }));
  return answer.entries
    .filter((entry) => (entry.stream as string) === group)
    .map(({ stream, ...entry }) => ({ ...entry, streamId: stream, receivedAt: entry.at, status: 'new' as const }));
}

/** What changes as long as something is still on its way. */
async function fingerprint(person: PersonState): Promise<unknown> {
  const { store } = person;
  return [
    await store.cursors.toArray(),
    await store.offlineOperations.count(),
    await store.inbox.where('status').equals('new').count(),
    await store.messages.count(),
    await store.messageReadReceipts.count(),
  ];
}

/** Gives a device that has never been online another account, with a certificate of that account's key. */
async function becomeDeviceOf(
  of: Person,
  person: PersonState,
  now: number,
  options: { readonly sequence?: number; readonly notBefore?: number } = {},
): Promise<void> {
  const { store } = person;
  const [self, theirs] = [await store.relayLogin.get('self'), await of.store.relayLogin.get('self')];
  if (self === undefined || theirs === undefined) throw new Error('no account');
  const [identity, user] = [await of.store.keyStore.get('identity'), await of.store.users.get(theirs.accountId)];
  const mine = unwrap(certificateFromBytes(self.registeredCertificate));
  const known = unwrap(certificateFromBytes(theirs.registeredCertificate));
  if (identity?.key === undefined || user === undefined) throw new Error('no account');
  const { accountKey, nameHash } = known;
  const fields = { ...mine, accountKey, nameHash, notBefore: now, ...options };
  const certificate = bytesFromCertificate(signCertificate(fields, identity.key));
  await store.tx('rw', ['users', 'devices', 'keyStore', 'relayLogin'], async () => {
    await store.users.add(user);
    await store.keyStore.put(identity);
    await store.devices.delete(self.deviceId);
    await store.devices.add({
      id: self.deviceId,
      userId: user.id,
      deviceName: '',
      deviceType: 'browser',
      certificate,
      lastSeen: now,
      createdAt: now,
      status: 'active',
    });
    await store.relayLogin.put({ ...self, accountId: user.id, registeredCertificate: certificate });
    await store.users.delete(self.accountId);
  });
  unwrap(await (await person.restart()).unlock(PASSPHRASE));
  person.network.isUp = true;
}

async function createPerson(
  w: World,
  name: string,
  random: Random,
  { isUp = true, hasAccount = true } = {},
): Promise<PersonState> {
  const storage = { name: `cairn ${databases++}`, indexedDB: new IDBFactory(), IDBKeyRange };
  const locks = createLocks();
  const network = createNetwork(ORIGIN, () => w.relay);
  network.isUp = isUp;
  const tabs: Cairn[] = [];
  const stores: Store[] = [];
  const open = async (): Promise<Cairn> => {
    const store = await openStore({ ...storage, clock: w.clock, random });
    const client = createCairn(portsOf(w, store, network, random, locks));
    stores.push(store);
    tabs.push(client);
    return client;
  };
  const first = await open();
  if (hasAccount) unwrap(await first.createAccount({ name, passphrase: PASSPHRASE }));

  const read = async <T>(watch: (show: (value: T) => void) => Promise<() => void>): Promise<T> => {
    const seen = Promise.withResolvers<T>();
    const stop = await watch((value) => seen.resolve(value));
    const value = await seen.promise;
    stop();
    return value;
  };
  const tab = (): Cairn => {
    const client = tabs[0];
    if (client === undefined) throw new Error(`${name} has no tab open`);
    return client;
  };
  const person: PersonState = {
    name,
    network,
    tabs,
    storage,
    get store() {
      return stores.at(-1) as Store;
    },
    get client() {
      return tab();
    },
    async openTab() {
      const client = await open();
      unwrap(await client.unlock(PASSPHRASE));
      return client;
    },
    closeTab(client) {
      const at = tabs.indexOf(client);
      tabs.splice(at, 1);
      stores.splice(at, 1);
      client.dispose();
    },
    async restart() {
      for (const client of tabs.splice(0)) client.dispose();
      stores.length = 0;
      return open();
    },
    code: async () => unwrap(await tab().myInviteCode()),
    async knows(...others) {
      for (const other of others) unwrap(await tab().addPerson(await other.code()));
    },
    async conversation(title) {
      const items = await read<readonly ConversationItem[]>((show) => tab().watchConversations(show));
      const found = items.find((item) => item.title === title);
      if (found === undefined) throw new Error(`${name} has no conversation ${title}`);
      return found;
    },
    async view(id) {
      const view = await read<ConversationView | undefined>((show) => tab().watchConversation(id, 1_000, show));
      if (view === undefined) throw new Error(`${name} has no conversation ${id}`);
      return view;
    },
    async messages(title) {
      return (await person.view((await person.conversation(title)).id)).messages;
    },
    securityEvents: () => read<readonly SecurityItem[]>((show) => tab().watchSecurityEvents(show)),
    async relay() {
      const device = await lockedDevice(portsOf(w, person.store, network, random, locks));
      if (device === undefined) throw new Error('no account');
      return device.relay;
    },
    waiting: () => Promise.resolve(person.store.offlineOperations.count()),
    async sealedPayloads() {
      const operations = await person.store.offlineOperations.toArray();
      return operations.flatMap((operation) => operation.payload ?? []);
    },
    async copyOfDisk() {
      const { store } = person;
      const rows = async (table: (typeof tableNames)[number]) => [table, await store[table].toArray()] as const;
      return new Map<string, readonly unknown[]>(await Promise.all(tableNames.map(rows)));
    },
    async restoreDisk(copy) {
      network.isUp = false;
      await person.restart();
      unwrap(await tab().unlock(PASSPHRASE));
      const { store } = person;
      await store.tx('rw', tableNames, async () => {
        for (const table of tableNames.toReversed()) await store[table].clear();
        // Parents before children: the order in which the tables are declared is not that, so try until all fit.
        let left = [...copy];
        while (left.length > 0) {
          const failed: typeof left = [];
          for (const entry of left) {
            const [table, rows] = entry;
            const added = await store[table as 'users'].bulkPut(rows as never).then(
              () => true,
              () => false,
            );
            if (!added) failed.push(entry);
          }
          if (failed.length === left.length) throw new Error(`does not fit: ${failed.map(([table]) => table).join()}`);
          left = failed;
        }
      });
      return {
        async feed(entries) {
          await store.inbox.bulkPut([...entries]);
          await tab().syncNow();
          const session = { ...portsOf(w, store, network, random, locks), relay: undefined as never };
          const identity = await loadIdentity(store);
          if (identity === undefined) throw new Error('no identity');
          await processInbox({ ...session, identity });
        },
      };
    },
    async texts(title) {
      return (await person.messages(title)).filter((message) => message.type === 'text').map((message) => message.text);
    },
  };
  return person;
}

const portsOf = (w: World, store: Store, network: Network, random: Random, locks: Locks) => ({
  store,
  transport: network.transport,
  loginKeys: webLoginKeys,
  clock: w.clock,
  random,
  locks,
  backupFiles: blobFiles,
  logger: process.env['WORLD_LOG'] === undefined ? silent : stderrLogger,
});

const stderrLogger = {
  log: (level: string, event: string, facts?: object) =>
    process.stderr.write(`${level} ${event} ${JSON.stringify(facts ?? {})}\n`),
};

/** The value, or the failing of the test. */
export const must = async <T>(result: Promise<Result<T>>): Promise<T> => unwrap(await result);

/** No file comes to this person by itself. */
export const onDemand = (person: Person): Promise<void> => must(person.client.saveFileSettings({ automatic: 0 }));

export async function accountOf(person: Person): Promise<AccountId> {
  const self = await person.client.self();
  if (self === undefined) throw new Error(`${person.name} is locked`);
  return self.account;
}

/** Resolves once `isSo` holds; it is asked again with every change of the tables that it reads. */
export function until(store: Store, isSo: () => Promise<boolean>): Promise<void> {
  return new Promise((resolve) => {
    const stop = store.live(isSo, (so) => {
      if (!so) return;
      // On the first call there is nothing to stop yet.
      queueMicrotask(() => stop());
      resolve();
    });
  });
}
