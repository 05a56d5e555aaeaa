import { newLane as newCairnLane } from './cairn.ts';
import { deliveredPerSecond, type Lane } from './load.ts';
import { cpuSeconds, newDatabase, startEjabberd, startProsody, startRelay, type Server } from './servers.ts';
import { newLane as newXmppLane } from './xmpp.ts';

export const PAIRS = 50;
export const ROUNDS = 3;
const SECONDS = 4;

export interface Forwarded {
  readonly name: string;
  /** Entries delivered in a second: median, lowest and highest of the rounds. */
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
  /** Entries for each second of processor time of the server alone, without its database. */
  readonly perCpuSecond: number;
}

/** Store and forward, all servers running, in turns. */
export async function forwarding(): Promise<Forwarded[]> {
  const undo: (() => Promise<void> | void)[] = [];
  try {
    const [ours, theirs] = [await newDatabase(), await newDatabase()];
    undo.push(ours.drop, theirs.drop);
    const peers: { name: string; server: Server; lanes: Lane[]; rates: number[]; perCpu: number[] }[] = [];
    const join = async (name: string, server: Server, newLane: (port: number) => Promise<Lane & { close(): void }>) => {
      undo.push(server.stop);
      const lanes: Lane[] = [];
      for (let i = 0; i < PAIRS; i++) {
        const lane = await newLane(server.port);
        undo.push(() => lane.close());
        lanes.push(lane);
      }
      peers.push({ name, server, lanes, rates: [], perCpu: [] });
    };
    const [embedded, shared] = [await startRelay({}), await startRelay({ DATABASE_URL: ours.url.href })];
    await join('Cairn, SQLite', embedded, (port) => newCairnLane(port, true));
    await join('Cairn, PostgreSQL', shared, (port) => newCairnLane(port, true));
    await join('Cairn, SQLite, bells only', await startRelay({}), (port) => newCairnLane(port, false));
    await join('ejabberd, archive in PostgreSQL', await startEjabberd(theirs.url), newXmppLane);
    await join('prosody, archive in its files', await startProsody(), newXmppLane);
    for (let round = 0; round < ROUNDS; round++) {
      for (const { server, lanes, rates, perCpu } of round % 2 === 0 ? peers : peers.toReversed()) {
        const before = cpuSeconds(server.pid);
        const rate = await deliveredPerSecond(lanes, SECONDS);
        rates.push(rate);
        perCpu.push((rate * (SECONDS + 1)) / Math.max(0.01, cpuSeconds(server.pid) - before));
      }
    }
    return peers.map(({ name, rates, perCpu }) => ({
      name,
      median: middle(rates),
      lowest: Math.min(...rates),
      highest: Math.max(...rates),
      perCpuSecond: middle(perCpu),
    }));
  } finally {
    for (const step of undo.toReversed()) await step();
  }
}

const middle = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
