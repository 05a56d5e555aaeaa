import { err, ok, settle, type Result } from '../core/result.ts';
import { settleStorage } from '../db/faults.ts';
import { createEngine, type Engine, type Link } from '../sync/engine.ts';
import { createLockedLoop, lockedDevice } from '../sync/locked.ts';
import type { Session } from '../sync/session.ts';
import { createAccount, hasAccount } from './account.ts';
import type { Background } from './background.ts';
import type { CairnClient, ConnectionState, SelfView, VaultState } from './client.ts';
import { LOCKED, type Desk } from './desk.ts';
import type { Desks } from './desks.ts';
import { createGroup, openDirect } from './groups.ts';
import { withLater } from './later.ts';
import { markRead, saveDraft, sendText } from './messages.ts';
import { createMeter } from './meter.ts';
import { addPerson, myInviteCode } from './people.ts';
import type { CairnPorts } from './ports.ts';
import { watchRoom, withRoom } from './room.ts';
import { countWaiting, listConversations, listPeople, viewConversation } from './views.ts';

export type { CairnPorts } from './ports.ts';

/** A client engine without a page. */
export interface Cairn extends CairnClient {
  /** The platform noticed something: the network is back, the page is seen again. */
  poke(): void;
  dispose(): void;
}

/** What is there from the start; the rest is in `desks.ts`. */
type Core = Omit<Cairn, keyof Desks>;

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
    lockedLoop = createLockedLoop(device.value, heed);
  });

  let stopExpiring = () => {};
  void import('./expiry.ts').then(({ keepExpiring }) => {
    if (!disposed) stopExpiring = keepExpiring(ports);
  });
  const meter = createMeter(store, clock);
  let background: Background | undefined;
  let acting = 0;

  const vaultWatchers = new Set<(state: VaultState) => void>();
  /** The relay says that this device was revoked. */
  const heed = async () => (await import('./revoked.ts')).heedRevocation(ports, client, vaultWatchers);

  const start = (identity: Session['identity'], relay: Session['relay']) => {
    lockedLoop?.dispose();
    const session: Session = { store, relay, identity, clock, random, locks, logger, meter };
    const engine = createEngine(session);
    void import('./background.ts').then(({ keepBackground }) => {
      if (!disposed) background = keepBackground(session, ports.transport, engine, () => acting > 0, heed);
    });
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
    const { session, engine } = open;
    acting++;
    const result = await work(session).finally(() => acting--);
    engine.poke();
    return result;
  };

  /** A question to the open vault, or a wish that nobody else hears of. */
  const ask = async <T>(work: (session: Session) => Promise<T>): Promise<Result<T>> => {
    if (open === undefined) return err(LOCKED);
    const { session } = open;
    return settleStorage(() => work(session));
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

  const desk: Desk = {
    ports,
    meter,
    open: () => open,
    openWith,
    act,
    ask,
    watch,
    pokeIndex: () => background?.pokeIndex(),
    pokeFiles: () => background?.pokeFiles(),
    dispose: () => client.dispose(),
  };
  let desks: Promise<Desks> | undefined;

  const client: Core = {
    async watchVault(show) {
      const state = async (): Promise<VaultState> => {
        const has = await hasAccount(store);
        // Asked after waiting: the vault may have been opened meanwhile.
        if (open !== undefined) return 'open';
        return has ? 'locked' : 'none';
      };
      const tell = () => {
        if (!disposed) void settleStorage(state).then((known) => known.ok && show(known.value));
      };
      const stop = store.live(() => hasAccount(store), tell);
      waitingForOpen.add(tell);
      vaultWatchers.add(show);
      return () => {
        vaultWatchers.delete(show);
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
      const began = clock.now();
      const { unlock } = await import('./unlocking.ts');
      const opened = await unlock(account, passphrase);
      if (!opened.ok) return opened;
      meter.took('unlock', clock.now() - began, 'vault');
      await openWith(opened.value);
      return ok(undefined);
    },

    async watchConnection(show) {
      let link: Link = 'offline';
      let refusal: string | undefined;
      let counts = { waiting: 0, failed: 0 };
      const tell = () => show({ link, ...counts, ...(refusal && { refusal }) } satisfies ConnectionState);
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
          open?.engine.watchLink((next, why) => {
            link = next;
            refusal = why;
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
    watchConversation: (id, limit, show, around) =>
      watch((session) => viewConversation(session, id, limit, around), show),

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
    async sendText(id, text, about) {
      const sent = await act((session) => sendText(session, id, text, about));
      if (sent.ok) meter.count('messages-sent');
      return sent;
    },
    saveDraft: (id, text) => (open === undefined ? Promise.resolve(err(LOCKED)) : saveDraft(open.session, id, text)),
    markRead: (id, upTo, since) => act((session) => markRead(session, id, upTo, since)),
    async watchRoom(show) {
      const stop = watchRoom(ports.storage, clock, show);
      const unwatch = () => {
        unwatchAll.delete(unwatch);
        stop();
      };
      unwatchAll.add(unwatch);
      return unwatch;
    },
    syncNow: async () => open?.engine.syncNow(),

    poke() {
      open?.engine.poke();
      lockedLoop?.poke();
    },
    dispose() {
      disposed = true;
      stopExpiring();
      background?.dispose();
      void meter.dispose();
      lockedLoop?.dispose();
      open?.engine.dispose();
      for (const unwatch of unwatchAll) unwatch();
      store.lock();
      store.close();
    },
  };
  const whole: Cairn = withLater(client, () => (desks ??= import('./desks.ts').then((all) => all.createDesks(desk))));
  return withRoom(whole, ports.storage, clock);
}
