import { connect } from 'node:net';
import * as protocol from '../../src/lib/protocol/requests.ts';
import { newClient, newEntries, newGroup, type Client } from './cairn.ts';
import { cpuSeconds, residentBytes, startNats, startRelay } from './servers.ts';

export const SOCKETS = 1_000;
const SECONDS = 4;
/** Sent in one go: entries of one append, messages of one write. */
export const TOGETHER = 20;
const PAYLOAD_BYTES = 24;

export interface FanOut {
  /** Deliveries for each second of processor time: entries of the relay, messages of NATS, with as small a payload. */
  readonly bells: number;
  readonly nats: number;
  /** Of the relay with all sockets connected and nothing to do. */
  readonly idleBytes: number;
  readonly startMs: number;
}

/** One stream that 1,000 sockets listen to, and one subject that 1,000 connections subscribe to. */
export async function fanOut(): Promise<FanOut> {
  const server = await startRelay({});
  const clients: Client[] = [];
  try {
    for (let i = 0; i < SOCKETS; i++) clients.push(await newClient(server.port));
    const stream = await newGroup(clients);
    let bells = 0;
    await Promise.all(
      clients.map((client) =>
        client.listen(
          () => bells++,
          () => bells++,
        ),
      ),
    );
    await pause(3_000);
    const idleBytes = residentBytes(server.pid);
    const send = () => clients[0]?.post(protocol.append.path(stream), { entries: newEntries(TOGETHER, PAYLOAD_BYTES) });
    // Who reads is looked up with the first, which comes as a bell.
    await send();
    await pause(1_000);
    const perCpu = await measure(
      server.pid,
      () => bells,
      async () => {
        // Not for ever: a reader who fell behind got a bell, which is not counted.
        const [target, late] = [bells + SOCKETS * TOGETHER, performance.now() + 1_000];
        await send();
        while (bells < target && performance.now() < late) await new Promise((resolve) => setImmediate(resolve));
      },
    );
    return { bells: perCpu, nats: await natsFanOut(), idleBytes, startMs: server.startMs };
  } finally {
    for (const client of clients) client.close();
    await server.stop();
  }
}

async function natsFanOut(): Promise<number> {
  const server = await startNats();
  let bytes = 0;
  const sockets = await Promise.all(
    Array.from({ length: SOCKETS }, async () => {
      const socket = connect({ host: '127.0.0.1', port: server.port });
      await new Promise((resolve) => socket.once('data', resolve));
      socket.on('data', (chunk) => (bytes += chunk.length));
      socket.write('CONNECT {"verbose":false}\r\nSUB ring 1\r\n');
      return socket;
    }),
  );
  await pause(1_000);
  bytes = 0;
  const message = `MSG ring 1 ${PAYLOAD_BYTES}\r\n${'x'.repeat(PAYLOAD_BYTES)}\r\n`.length;
  const publish = `PUB ring ${PAYLOAD_BYTES}\r\n${'x'.repeat(PAYLOAD_BYTES)}\r\n`.repeat(TOGETHER);
  const perCpu = await measure(
    server.pid,
    () => bytes / message,
    async () => {
      const target = bytes + SOCKETS * message * TOGETHER;
      sockets[0]?.write(publish);
      while (bytes < target * 0.999) await new Promise((resolve) => setImmediate(resolve));
    },
  );
  for (const socket of sockets) socket.destroy();
  await server.stop();
  return perCpu;
}

async function measure(pid: number, count: () => number, step: () => Promise<void>): Promise<number> {
  const [before, cpu, end] = [count(), cpuSeconds(pid), performance.now() + SECONDS * 1_000];
  while (performance.now() < end) await step();
  await pause(500);
  return (count() - before) / Math.max(0.01, cpuSeconds(pid) - cpu);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
