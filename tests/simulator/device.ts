import { IDBKeyRange } from 'fake-indexeddb';
import type { Clock, Logger } from '../../src/lib/core/ports.ts';
import type { AccountId } from '../../src/lib/core/ids.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import { openStore, type Store } from '../../src/lib/db/store.ts';
import { webLoginKeys } from '../../src/lib/platform/loginKeys.ts';
import type { Entry } from '../../src/lib/protocol/requests.ts';
import { createCairn, type Cairn } from '../../src/lib/services/cairn.ts';
import { lockedDevice } from '../../src/lib/sync/locked.ts';
import { createLocks, createRandom } from '../world/seeded.ts';
import type { WrongClock } from './wrongClock.ts';
import type { Counters } from './counters.ts';
import { createLife, Killed, type Disk, type Life } from './life.ts';
import type { Wire } from './wire.ts';

const QUIET_TURNS = 50;
const PASSPHRASE = 'correct horse battery';

/** Each device names its database differently: live queries listen to every database of their name in a process. */
export const databaseOf = (device: string): string => `cairn ${device}`;

/** One person's device: a disk that stays, and a process that comes and goes. */
export interface Device {
  readonly name: string;
  readonly account: AccountId;
  readonly disk: Disk;
  readonly clock: WrongClock;
  readonly wire: Wire;
  readonly isOn: boolean;
  readonly life: Life;
  readonly store: Store;
  readonly client: Cairn;
  /** Starts a process and unlocks it. */
  start(): Promise<void>;
  /** Ends the process wherever it is. */
  kill(): void;
  /** Does something and lets the engine come to rest; `undefined` where the process was killed on the way. */
  act<T>(work: (client: Cairn) => Promise<T>): Promise<T | undefined>;
  /** Everything that the relay hands to this device, from where it was let in. */
  entries(): Promise<readonly Entry[]>;
}

/** What all devices of a simulation share. */
export interface Surroundings {
  readonly seed: string;
  readonly counters: Counters;
  readonly clockOf: (name: string) => WrongClock;
  /** What a living process logs. */
  readonly logged: (device: string, level: string, event: string, facts: unknown) => void;
}

/** A device with an account of its own on it. */
export async function createDevice(around: Surroundings, name: string, disk: Disk, wire: Wire): Promise<Device> {
  const clock = around.clockOf(name);
  let lives = 0;
  let account: AccountId | undefined;
  let running: { life: Life; store: Store; client: Cairn; ended: Promise<void>; work: Work } | undefined;

  const device: Device = {
    name,
    disk,
    clock,
    wire,
    get account() {
      return account ?? missing('account');
    },
    get isOn() {
      return running !== undefined && !running.life.isOver;
    },
    get life() {
      return (running ?? missing('process')).life;
    },
    get store() {
      return (running ?? missing('process')).store;
    },
    get client() {
      return (running ?? missing('process')).client;
    },
    async start() {
      const { client } = await open();
      // While it is locked it sends what is sealed already.
      await atRest();
      unwrap(await client.unlock(PASSPHRASE));
      await device.act(() => Promise.resolve());
    },
    kill: () => running?.life.kill(),
    async act(work) {
      const { life, client, ended } = running ?? missing('process');
      const done = (async () => {
        const value = await work(client);
        do await client.syncNow();
        while (await wire.stirred());
        return value;
      })().catch((thrown: unknown) => {
        if (life.isOver || thrown instanceof Killed) return undefined;
        throw thrown;
      });
      return Promise.race([done, ended.then(() => undefined)]);
    },
    async entries() {
      const { life, store } = running ?? missing('process');
      const ports = {
        store,
        transport: wire.transport(life),
        loginKeys: webLoginKeys,
        clock,
        random: createRandom(name),
        locks: createLocks(),
      };
      const { relay } = (await lockedDevice({ ...ports })) ?? missing('account');
      const all: Entry[] = [];
      for (const cursors: Record<string, number> = {}; ;) {
        const { entries, more } = unwrap(await relay.catchUp({ cursors }));
        for (const entry of entries) cursors[entry.stream] = entry.seq;
        all.push(...entries);
        if (!more) return all;
      }
    },
  };

  async function open(): Promise<{ client: Cairn; store: Store }> {
    // What a dead process was at is never over.
    const work = { underWay: 0 };
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const life = createLife(disk, () => {
      around.counters.count('killed');
      running?.client.dispose();
      resolve();
    });
    const logger: Logger = {
      log: (level, event, facts) => life.isOver || around.logged(name, level, event, facts ?? {}),
    };
    // The account is the same in every simulation: its keys need not be derived anew.
    const random = createRandom(lives === 0 ? name : `${around.seed}/${name}/${lives}`);
    lives++;
    const locks = createLocks();
    const store = await openStore({ name: databaseOf(name), clock, random, indexedDB: life.indexedDB, IDBKeyRange });
    const client = createCairn({
      store,
      transport: wire.transport(life),
      loginKeys: webLoginKeys,
      clock: mortal(clock, life),
      random,
      locks: { run: (lock, job) => life.during(locks.run(lock, () => busy(work, job))) },
      logger,
    });
    running = { life, store, client, ended, work };
    return { client, store };
  }

  async function busy<T>(work: Work, job: () => Promise<T>): Promise<T> {
    work.underWay++;
    try {
      return await job();
    } finally {
      work.underWay--;
    }
  }

  /** Resolves once nothing has been under way for a while that is long for a database in memory. */
  async function atRest(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS && device.isOn; quiet++) {
      await new Promise((turn) => setImmediate(turn));
      if (running !== undefined && running.work.underWay > 0) quiet = 0;
    }
  }

  const { client } = await open();
  const self = await client.self();
  if (self === undefined) {
    unwrap(await client.createAccount({ name, passphrase: PASSPHRASE }));
    account = (await client.self())?.account;
    await device.act(() => Promise.resolve());
  }
  return device;
}

/** What a process has under way under its locks. */
interface Work {
  underWay: number;
}

/** A clock whose timers end with the process. */
const mortal = (clock: Clock, life: Life): Clock => ({
  now: () => clock.now(),
  after: (ms, run) => clock.after(ms, () => life.isOver || run()),
});

function missing(what: string): never {
  throw new Error(`no ${what}`);
}
