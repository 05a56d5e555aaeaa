import type { AccountId, ConversationId } from '../../src/lib/core/ids.ts';
import type { Result } from '../../src/lib/core/result.ts';
import type { MessageRow } from '../../src/lib/db/store.ts';
import { createRelay, type Relay } from '../../src/lib/server/relay.ts';
import { createClock, createRandom, type WorldClock } from '../world/seeded.ts';
import { createWrongClock } from './wrongClock.ts';
import { createCounters, type Counters } from './counters.ts';
import { createDevice, type Device } from './device.ts';
import { createDice, type Dice } from './dice.ts';
import { createHostileRelay, type HostileRelay } from './hostile.ts';
import { createLedger, PLANTED, type Ledger } from './invariants.ts';
import { createDisk } from './life.ts';
import { calm, createWire, storm, type FarEnd } from './wire.ts';

const YEAR_MS = 365 * 86_400_000;
const ORIGIN = 'https://relay.test';

export interface Plan {
  readonly seed: string;
  readonly devices: number;
  readonly steps: number;
  /** Whether the relay tampers with what it answers, until the healing begins. */
  readonly isHostile: boolean;
}

export interface Outcome {
  readonly counters: Counters;
  /** What happened, one line a step; the same for the same seed. */
  readonly trace: readonly string[];
}

/** A broken invariant, with what it takes to see it again. */
export class Broken extends Error {
  constructor(seed: string, step: number, what: string, trace: readonly string[]) {
    super(
      `seed ${seed}, step ${step}: ${what}\n${trace.slice(process.env['SIM_TRACE'] === undefined ? -12 : 0).join('\n')}`,
    );
    this.name = 'Broken';
  }
}

const actions = {
  send: 40,
  read: 10,
  edit: 6,
  delete: 2,
  react: 6,
  direct: 4,
  group: 3,
  add: 4,
  remove: 3,
  leave: 1,
  role: 2,
  rename: 2,
  discard: 2,
  sync: 8,
  race: 8,
  bells: 10,
  cut: 5,
  join: 6,
  crash: 8,
  late: 4,
  time: 6,
  clock: 2,
} as const;
type Action = keyof typeof actions;

/** Runs one seed to its end. Throws {@link Broken} at the first step after which something is wrong. */
export async function simulate(plan: Plan, counters = createCounters()): Promise<Outcome> {
  const { seed, steps } = plan;
  const dice = createDice(seed);
  const trace: string[] = [];
  const world = await createSimWorld(plan, dice, counters);
  const { devices, ledger } = world;
  const names = new Map(devices.map(({ account, name }) => [account, name]));
  let step = 0;
  const check = async (among: readonly Device[]): Promise<void> => {
    const broken = await ledger.check(among, names);
    if (broken !== undefined) throw new Broken(seed, step, broken, trace);
  };
  try {
    for (const device of devices) device.wire.weather = storm;
    world.hostile.isHostile = plan.isHostile;
    for (step = 1; step <= steps; step++) {
      const device = dice.pick(devices);
      const action = dice.weighed(actions);
      trace.push(`${step} ${device.name} ${action}`);
      counters.count(action);
      const said = await take(action, device);
      trace.push(`${trace.pop() ?? ''} ${said}`);
      await check(devices.filter((other) => other.isOn));
    }
    await heal(world);
    await check(devices);
    if (plan.isHostile) {
      await everybodySays();
    }
    const broken = await ledger.checkEnd(devices);
    if (broken !== undefined) throw new Broken(seed, step, broken, trace);
    return { counters, trace };
  } finally {
    for (const device of devices) device.kill();
    await world.relay.close();
  }

  /** After a hostile relay what counts is what is said from then on: everybody says something everywhere. */
  async function everybodySays(): Promise<void> {
    ledger.forgive();
    for (const device of devices) {
      for (const row of await device.store.mlsGroups.toArray()) {
        const text = `${PLANTED}${device.name}-last-${row.groupId}`;
        const sent = await device.act((client) => client.sendText(row.conversationId, text));
        if (sent?.ok === true) ledger.sent(device, row.conversationId, sent.value, text);
      }
    }
    await heal(world);
    await check(devices);
  }

  async function take(action: Action, device: Device): Promise<string> {
    if (!device.isOn) {
      await device.start();
      return 'started';
    }
    switch (action) {
      case 'send':
        return send(device);
      case 'read':
        return read(device);
      case 'edit':
        return alter(device, async ({ id }) => {
          const text = `${PLANTED}${device.name}-${step}e`;
          ledger.edits(id, text);
          return device.act((client) => client.editMessage(id, text));
        });
      case 'delete':
        return alter(device, async ({ id }) => {
          const from = dice.pick(['me', 'everyone'] as const);
          ledger.deletes(device, id, from);
          return device.act((client) => client.deleteMessage(id, from));
        });
      case 'react':
        return alter(device, async ({ id }) => {
          const emoji = dice.pick(['👍', '❤️', '🪨']);
          const isOn = dice.chance(0.7);
          return device.act((client) => (isOn ? client.react(id, emoji) : client.unreact(id, emoji)));
        });
      case 'direct': {
        const other = dice.pick(devices.filter((one) => one !== device));
        return told(await device.act((client) => client.openDirect(other.account)));
      }
      case 'group': {
        const people = dice
          .some(
            devices.filter((one) => one !== device),
            1,
          )
          .map((one) => one.account);
        return told(await device.act((client) => client.createGroup({ name: `${PLANTED}group ${step}`, people })));
      }
      case 'add':
        return change(device, (id, person) => device.act((client) => client.addPeople(id, [person])));
      case 'remove':
        return change(device, (id, person) => device.act((client) => client.removePerson(id, person)));
      case 'leave':
        return change(device, (id) => device.act((client) => client.leaveGroup(id)));
      case 'role':
        return change(device, (id, person) => {
          const role = dice.pick(['admin', 'moderator', 'member', 'guest'] as const);
          return device.act((client) => client.setRole(id, person, role));
        });
      case 'rename':
        return change(device, (id) =>
          device.act((client) => client.changeGroup(id, { name: `${PLANTED}group ${step}` })),
        );
      case 'discard': {
        const failed = await device.store.offlineOperations
          .where('[status+createdAt]')
          .between(['failed', 0], ['failed', Infinity])
          .first();
        if (failed === undefined) return 'nothing';
        if (dice.chance(0.5)) return told(await device.act((client) => client.retry(failed.id)));
        ledger.gaveUp(failed.messageId ?? '');
        return told(await device.act((client) => client.discard(failed.id)));
      }
      case 'sync':
        await device.act(async () => undefined);
        return '';
      case 'race':
        return race(
          dice.some(
            devices.filter((one) => one.isOn),
            2,
          ),
        );
      case 'bells':
        for (const one of devices) if (one.isOn && one.wire.takeBell()) await one.act(async () => undefined);
        return '';
      case 'cut':
        device.wire.isUp = false;
        return '';
      case 'join':
        for (const one of devices) if (dice.chance(0.7)) one.wire.isUp = true;
        return '';
      case 'crash':
        return crash(device);
      case 'late':
        for (const one of devices) await one.wire.deliverLate();
        return '';
      case 'time':
        return time();
      case 'clock': {
        // A year ahead, a year behind, or put right.
        const years = dice.pick([1, -1, 0, 0]);
        device.clock.set(years * YEAR_MS);
        counters.count(years === 0 ? 'clock put right' : 'clock wrong by a year');
        return String(years);
      }
    }
  }

  /** The process ends at some await on the way of a message from the composer to the relay. */
  async function crash(device: Device): Promise<string> {
    const id = await someConversation(device);
    const points = 1 + dice.below(150);
    device.life.killAt(points);
    const said = id === undefined ? 'nowhere' : await sendIn(device, id);
    return device.life.spare() ? `killed at ${points}` : `spared ${said}`;
  }

  async function send(device: Device): Promise<string> {
    const id = await someConversation(device);
    return id === undefined ? 'nowhere' : sendIn(device, id);
  }

  async function sendIn(device: Device, id: ConversationId): Promise<string> {
    const text = `${PLANTED}${device.name}-${step}`;
    const sent = await device.act((client) => client.sendText(id, text));
    if (sent?.ok === true) ledger.sent(device, id, sent.value, text);
    return told(sent);
  }

  async function read(device: Device): Promise<string> {
    const id = await someConversation(device);
    if (id === undefined) return 'nowhere';
    const last = (await messagesIn(device, id)).filter((row) => !row.isOutgoing).at(-1);
    return last === undefined ? 'nothing' : told(await device.act((client) => client.markRead(id, last.id)));
  }

  /** Something done to a message, of whomever, that is on this device. */
  async function alter(
    device: Device,
    work: (row: MessageRow) => Promise<Result<unknown> | undefined>,
  ): Promise<string> {
    const id = await someConversation(device);
    if (id === undefined) return 'nowhere';
    const rows = await messagesIn(device, id);
    return rows.length === 0 ? 'nothing' : told(await work(dice.pick(rows)));
  }

  async function change(
    device: Device,
    work: (id: ConversationId, person: AccountId) => Promise<Result<unknown> | undefined>,
  ): Promise<string> {
    const groups = (await device.store.conversations.toArray()).filter((row) => row.groupId !== undefined);
    if (groups.length === 0) return 'no group';
    return told(await work(dice.pick(groups).id, dice.pick(devices).account));
  }

  async function someConversation(device: Device): Promise<ConversationId | undefined> {
    const rows = await device.store.conversations.toArray();
    return rows.length === 0 ? undefined : dice.pick(rows.map((row) => row.id).sort());
  }

  /** Several devices sync at once; the dice decide whose request the relay gets next. */
  async function race(among: readonly Device[]): Promise<string> {
    const parked: { readonly device: Device; readonly go: () => void }[] = [];
    let changed = Promise.withResolvers<void>();
    const running = new Set<Device>();
    for (const device of among) {
      device.wire.gate = () =>
        new Promise((go) => {
          parked.push({ device, go });
          changed.resolve();
        });
      running.add(device);
      void device
        .act(async () => undefined)
        .then(() => {
          running.delete(device);
          changed.resolve();
        });
    }
    for (let turns = 0; running.size > 0; turns++) {
      if (parked.length < running.size) {
        await changed.promise;
        changed = Promise.withResolvers();
        continue;
      }
      parked.sort((a, b) => (a.device.name < b.device.name ? -1 : 1));
      parked.splice(dice.below(parked.length), 1)[0]?.go();
    }
    for (const device of among) device.wire.gate = undefined;
    return String(among.length);
  }

  async function time(): Promise<string> {
    const ms = dice.pick([1_000, 60_000, 3_600_000, 86_400_000]);
    await pass(world, ms);
    return String(ms);
  }
}

export interface SimWorld {
  readonly relay: Relay;
  readonly hostile: HostileRelay;
  readonly devices: readonly Device[];
  readonly relayClock: WorldClock;
  readonly ledger: Ledger;
}

/** People who know each other, each with one device, and a relay. */
export async function createSimWorld(
  plan: Pick<Plan, 'seed' | 'devices'> & { readonly isHostile?: boolean },
  dice: Dice = createDice(plan.seed),
  counters: Counters = createCounters(),
): Promise<SimWorld> {
  const { seed, isHostile = false } = plan;
  const start = Date.UTC(2030, 0, 1, 9);
  const relayClock = createClock(start);
  const ledger = createLedger(counters, isHostile);
  const relay = await createRelay({
    dataDir: ':memory:',
    origin: ORIGIN,
    clock: relayClock,
    random: createRandom(`${seed}/relay`),
    logger: { log: (level, event, facts) => ledger.logged('relay', level, event, facts ?? {}) },
  });
  const honest: FarEnd = {
    async handle(path, body, token) {
      ledger.onWire(body);
      return relay.handle({ path, body, ...(token === undefined ? {} : { token }) });
    },
    listen: (token, { ring, ended }) => relay.listen(token, { ring, ended }),
  };
  const hostile = createHostileRelay(honest, createDice(`${seed}/hostile`), counters);
  const around = {
    seed,
    counters,
    logged: ledger.logged,
    // Nobody's clock is quite right.
    clockOf: () => createWrongClock(start + dice.below(240_000) - 120_000),
  };
  const devices: Device[] = [];
  for (let i = 0; i < plan.devices; i++) {
    const name = `P${i}`;
    devices.push(
      await createDevice(
        around,
        name,
        createDisk(),
        createWire(ORIGIN, hostile.farEnd, createDice(`${seed}/wire ${name}`), counters),
      ),
    );
  }
  for (const device of devices) {
    for (const other of devices) {
      if (other === device) continue;
      const code = await other.client.myInviteCode();
      if (code.ok) await device.act((client) => client.addPerson(code.value));
    }
  }
  return { relay, hostile, devices, relayClock, ledger };
}

/** Time passes for everybody, one after the other. */
async function pass({ devices, relayClock }: SimWorld, ms: number): Promise<void> {
  relayClock.advance(ms);
  for (const device of devices) {
    device.clock.advance(ms);
    if (device.isOn) await device.act(async () => undefined);
  }
}

/** Good weather, everybody on, everything that is under way arrives. */
export async function heal(world: SimWorld): Promise<void> {
  const { devices } = world;
  world.hostile.isHostile = false;
  for (const device of devices) {
    device.wire.weather = calm;
    device.wire.isUp = true;
    device.clock.set(0);
    await device.wire.deliverLate();
    if (!device.isOn) await device.start();
  }
  let before = '';
  for (let round = 0, quiet = 0; quiet < 2; round++) {
    if (round > 40) throw new Error('the devices do not come to rest');
    // Long enough for whoever waits for an answer to ask the next.
    await pass(world, 11 * 60_000);
    const now = JSON.stringify(await Promise.all(devices.map(fingerprint)));
    // Whoever leaves says so again before they go by themselves.
    const leaves = await Promise.all(devices.map(isLeaving));
    quiet = now === before && !leaves.includes(true) ? quiet + 1 : 0;
    before = now;
  }
}

const isLeaving = async ({ store }: Device): Promise<boolean> =>
  (await store.offlineOperations.toArray()).some(
    ({ operationType, status }) => operationType === 'leave' && status !== 'failed',
  );

const fingerprint = async ({ store }: Device): Promise<unknown> => [
  await store.cursors.toArray(),
  await store.offlineOperations.count(),
  await store.inbox.where('status').equals('new').count(),
  await store.messages.count(),
  await store.messageReadReceipts.count(),
];

const messagesIn = async ({ store }: Device, id: ConversationId): Promise<MessageRow[]> =>
  (await store.messages.where('[conversationId+sortKey]').between([id, ''], [id, '\uffff']).toArray()).filter(
    (row) => row.type !== 'system',
  );

const told = (result: Result<unknown> | undefined): string =>
  result === undefined ? 'killed' : result.ok ? 'ok' : result.error.code;
