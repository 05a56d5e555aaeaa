import { availableParallelism, cpus, loadavg } from 'node:os';
import { catchUpTime, NEW, STREAMS } from './relay/catchUp.ts';
import { fanOut, SOCKETS, TOGETHER } from './relay/fanOut.ts';
import { forwarding, PAIRS, ROUNDS } from './relay/forwarding.ts';
import { ENTRY_BYTES, WINDOW } from './relay/load.ts';
import { installPeers } from './relay/servers.ts';

/**
 * The relay beside two XMPP servers with archives, and its bells beside NATS. Needs PostgreSQL
 * (`DATABASE_URL`), `nats-server`, and Debian as root where the XMPP servers are not installed.
 */
export async function relay(): Promise<string> {
  if (!installPeers()) return '## Relay\n\nNot measured: ejabberd and prosody could not be installed.';
  const load = loadavg()[0] ?? 0;
  const forwarded = await forwarding();
  const { bells, nats, idleBytes, startMs } = await fanOut();
  const [few, many] = [await catchUpTime(10), await catchUpTime(100)];
  const best = (name: string) => forwarded.find((each) => each.name.startsWith(name))?.median ?? Number.NaN;
  const [ejabberd, prosody] = [best('ejabberd'), best('prosody')];
  return [
    '## Relay',
    `Store and forward: entries of ${ENTRY_BYTES} bytes from ${PAIRS} senders to ${PAIRS} receivers, at most ${WINDOW} of a pair on the way, counted where they arrive. Medians of ${ROUNDS} rounds in turns (lowest – highest). Cairn and PostgreSQL wait for the disk before they answer; prosody does not. The relay runs without the app around it, clients and servers share the machine. What waits while a request is under way goes into the next one, as the outbox does it; XMPP clients write a window at once. Entries come on the socket, as XMPP's do; with bells only each is fetched over HTTP, which is what the app does today.`,
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.versions.node}; load of the machine before the start: ${load.toFixed(1)}.`,
    [
      '| server | entries/s | × ejabberd | × prosody | entries per CPU second of the server |',
      '|---|--:|--:|--:|--:|',
      ...forwarded.map(
        ({ name, median, lowest, highest, perCpuSecond }) =>
          `| ${name} | ${round(median)} (${round(lowest)} – ${round(highest)}) | ${(median / ejabberd).toFixed(1)} | ${(median / prosody).toFixed(1)} | ${round(perCpuSecond)} |`,
      ),
    ].join('\n'),
    [
      '| task | measured | against | ratio |',
      '|---|--:|--:|--:|',
      `| entries to ${round(SOCKETS)} sockets, ${TOGETHER} at once, deliveries per CPU second | ${round(bells)} | nats-server ${round(nats)} | ${(bells / nats).toFixed(2)} |`,
      `| resident with ${round(SOCKETS)} sockets and nothing to do | ${round(idleBytes / 1e6)} MB | 120 MB | ${(idleBytes / 120e6).toFixed(2)} |`,
      `| start to listening | ${round(startMs)} ms | 1,000 ms | ${(startMs / 1_000).toFixed(2)} |`,
      `| ${NEW} new entries in ${round(STREAMS)} streams of 100 | ${many.toFixed(1)} ms | streams of 10: ${few.toFixed(1)} ms | ${(many / few).toFixed(2)} |`,
    ].join('\n'),
  ].join('\n\n');
}

/** Three digits say all that a shared machine knows. */
const round = (rate: number): string => Number(rate.toPrecision(3)).toLocaleString('en');
