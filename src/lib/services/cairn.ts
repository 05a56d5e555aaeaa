import type { Clock, Locks, Logger, Random } from '../core/ports.ts';
import { err, ok, settle, type Fault, type Result } from '../core/result.ts';
import { settleStorage } from '../db/faults.ts';
import { discardOperation, discardTables, retryOperation } from '../db/outbox.ts';
import type { Store } from '../db/store.ts';
import { createEngine, type Engine, type Link } from '../sync/engine.ts';
import type { LoginKeys } from '../sync/loginKeys.ts';
import { createLockedLoop, lockedDevice } from '../sync/locked.ts';
import type { Session } from '../sync/session.ts';
import type { Transport } from '../sync/transport.ts';
import { createAccount, hasAccount, unlock } from './account.ts';
import type { CairnClient, ConnectionState, SelfView, VaultState } from './client.ts';
import { addPeople, createGroup, leaveGroup, openDirect, removePerson } from './groups.ts';
import { markRead, saveDraft, sendText } from './messages.ts';
import { addPerson, myInviteCode } from './people.ts';
import {
  countWaiting,
  listConversations,
  listPeople,
  listSecurityEvents,
  listWaiting,
  viewConversation,
} from './views.ts';

/** What the engine runs on: the browser's worker, or a test's own world. */
export interface CairnPorts {
  readonly store: Store;
  readonly transport: Transport;
  readonly loginKeys: LoginKeys;
  readonly clock: Clock;
  readonly random: Random;
  readonly locks: Locks;
  readonly logger: Logger;
}

/** A client engine without a page. */
export interface Cairn extends CairnClient {
  /** The platform noticed something: the network is back, the page is seen again. */
  poke(): void;
  dispose(): void;
}

/** Puts the client together. The vault starts locked; to lock it again, dispose of all of it. */
export function createCairn(ports: CairnPorts): Cairn {
  const { store, clock, random, locks, logger } = ports;
  const account = { ...ports, relayOrigin: ports.transport.origin };
  let open: { readonly session: Session; readonly engine: Engine } | undefined;
  const waitingForOpen = new Set<() => void>();
  const unwatchAll = new Set<() => void>();

  // Until the vault is open, what is sealed already still goes out.
  let disposed = false;
  let lockedLoop: ReturnType<typeof createLockedLoop> | undefined;
  void settleStorage(() => lockedDevice(ports)).then((device) => {
    if (!device.ok || device.value === undefined || open !== undefined || disposed) return;
    lockedLoop = createLockedLoop(device.value);
  });

  const start = (identity: Session['identity'], relay: Session['relay']) => {
    lockedLoop?.dispose();
    const session: Session = { store, relay, identity, clock, random, locks, logger };
    const engine = createEngine(session);
    open = { session, engine };
    for (const run of waitingForOpen) run();
    waitingForOpen.clear();
    engine.poke();
  };

  const openWith = async (identity: Session['identity']): Promise<void> => {
    const device = await lockedDevice(ports);
    if (device === undefined) throw new Error('an account without a login key');
    start(identity, device.relay);
  };

  /** Runs a person's wish on the open vault, and lets the engine know that there may be something to send. */
  const act = async <T>(work: (session: Session) => Promise<Result<T>>): Promise<Result<T>> => {
    if (open === undefined) return err(LOCKED);
    const result = await work(open.session);
    open.engine.poke();
    return result;
  };

  /** A live query that starts once the vault is open. */
  const watch = <T>(query: (session: Session) => Promise<T>, show: (value: T) => void): Promise<() => void> => {
    let stop: (() => void) | undefined;
    let over = false;
    const run = () => {
      if (over || open === undefined) return;
      const { session } = open;
      stop = store.live(
        () => query(session),
        show,
        (fault) => logger.log('warn', 'view-failed', { code: fault.code }),
      );
    };
    if (open === undefined) waitingForOpen.add(run);
    else run();
    const unwatch = () => {
      over = true;
      waitingForOpen.delete(run);
      unwatchAll.delete(unwatch);
      stop?.();
    };
    unwatchAll.add(unwatch);
    return Promise.resolve(unwatch);
  };

  return {
    async watchVault(show) {
      const state = async (): Promise<VaultState> => {
        if (open !== undefined) return 'open';
        return (await hasAccount(store)) ? 'locked' : 'none';
      };
      const tell = () => {
        if (!disposed) void settleStorage(state).then((known) => known.ok && show(known.value));
      };
      const stop = store.live(() => hasAccount(store), tell);
      waitingForOpen.add(tell);
      return () => {
        waitingForOpen.delete(tell);
        stop();
      };
    },
    async createAccount(input) {
      const made = await settle(() => createAccount(account, input));
      const result = made.ok ? made.value : made;
      if (!result.ok) return result;
      await openWith(result.value);
      return ok(undefined);
    },
    async unlock(passphrase) {
      const opened = await unlock(account, passphrase);
      if (!opened.ok) return opened;
      await openWith(opened.value);
      return ok(undefined);
    },

    async watchConnection(show) {
      let link: Link = 'offline';
      let counts = { waiting: 0, failed: 0 };
      const tell = () => show({ link, ...counts } satisfies ConnectionState);
      const unwatchCounts = await watch(
        () => countWaiting(store),
        (next) => {
          counts = next;
          tell();
        },
      );
      let unwatchLink = () => {};
      const follow = () => {
        unwatchLink =
          open?.engine.watchLink((next) => {
            link = next;
            tell();
          }) ?? unwatchLink;
      };
      if (open === undefined) waitingForOpen.add(follow);
      else follow();
      return () => {
        waitingForOpen.delete(follow);
        unwatchLink();
        unwatchCounts();
      };
    },
    watchConversations: (show) => watch(listConversations, show),
    watchPeople: (show) => watch(listPeople, show),
    watchConversation: (id, limit, show) => watch((session) => viewConversation(session, id, limit), show),
    watchWaiting: (show) => watch(listWaiting, show),
    watchSecurityEvents: (show) => watch(listSecurityEvents, show),

    async self(): Promise<SelfView | undefined> {
      const identity = open?.session.identity;
      return identity === undefined ? undefined : { account: identity.account, name: identity.card.name };
    },
    async myInviteCode() {
      return open === undefined ? err(LOCKED) : ok(myInviteCode(open.session.identity));
    },
    addPerson: (code) => act((session) => addPerson(session, code)),
    openDirect: (person) => act((session) => openDirect(session, person)),
    createGroup: (input) => act((session) => createGroup(session, input)),
    addPeople: (id, people) => act((session) => addPeople(session, id, people)),
    removePerson: (id, person) => act((session) => removePerson(session, id, person)),
    leaveGroup: (id) => act((session) => leaveGroup(session, id)),
    sendText: (id, text) => act((session) => sendText(session, id, text)),
    saveDraft: (id, text) => (open === undefined ? Promise.resolve(err(LOCKED)) : saveDraft(open.session, id, text)),
    markRead: (id, upTo) => act((session) => markRead(session, id, upTo)),
    retry: (operation) =>
      act(() => settle(store.tx('rw', ['offlineOperations', 'messages'], () => retryOperation(store, operation)))),
    discard: (operation) => act(() => settle(store.tx('rw', discardTables, () => discardOperation(store, operation)))),
    syncNow: async () => open?.engine.syncNow(),

    poke() {
      open?.engine.poke();
      lockedLoop?.poke();
    },
    dispose() {
      disposed = true;
      lockedLoop?.dispose();
      open?.engine.dispose();
      for (const unwatch of unwatchAll) unwatch();
      store.lock();
      store.close();
    },
  };
}

const LOCKED: Fault<'locked'> = { code: 'locked', retry: 'person' };
