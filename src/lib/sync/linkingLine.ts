import type { Bytes } from '../core/bytes.ts';
import type { Clock } from '../core/ports.ts';
import { err, ok, type Fault, type Result } from '../core/result.ts';
import { answerBox, fetchBoxes, offerBox, type RendezvousSide } from '../protocol/rendezvous.ts';
import { sendRequest, type CallFault, type RelayClient } from './relayClient.ts';
import type { Transport } from './transport.ts';

/** Boxes to and from the other device of a rendezvous, as numbered bytes; a network that is away is waited for. */
export interface LinkLine {
  /** Leaves a box. @returns `link-expired`, `cancelled`, or what the relay refuses for good. */
  say(n: number, box: Bytes): Promise<Result<void>>;
  /** The other side's box of that number, once it is there; those before it are deleted. As {@link say}. */
  hear(n: number): Promise<Result<Bytes>>;
  /** As {@link hear}, but `undefined` where it is not there yet. */
  peek(n: number): Promise<Result<Bytes | undefined>>;
}

/** How a device reaches the rendezvous. */
export interface LinkEnds {
  put(n: number, box: Bytes): Promise<Result<unknown, CallFault>>;
  fetch(next: number): Promise<Result<{ readonly boxes: readonly Box[] }, CallFault>>;
}

interface Box {
  readonly n: number;
  readonly box: Uint8Array;
}

export interface Patience {
  /** Milliseconds since the epoch after which nobody is waited for any more. */
  readonly until: number;
  isOver(): boolean;
}

/** The way of a device that has no account yet. */
export const newDeviceEnds = (transport: Transport, rendezvous: string): LinkEnds => ({
  put: (n, box) => sendRequest(transport, offerBox, offerBox.path(rendezvous), { n, box }),
  fetch: (next) => fetchFrom('old', transport, rendezvous, next),
});

/** The way of a device with a session. */
export const oldDeviceEnds = (relay: RelayClient, rendezvous: string): LinkEnds => ({
  put: (n, box) => relay.call(answerBox, answerBox.path(rendezvous), { n, box }),
  fetch: (next) => relay.call(fetchBoxes, fetchBoxes.path(rendezvous), { from: 'new', next }),
});

const fetchFrom = (from: RendezvousSide, transport: Transport, rendezvous: string, next: number) =>
  sendRequest(transport, fetchBoxes, fetchBoxes.path(rendezvous), { from, next });

const PAUSE_MS = 700;
const EXPIRED: Fault<'link-expired'> = { code: 'link-expired', retry: 'person' };
const CANCELLED: Fault<'cancelled'> = { code: 'cancelled', retry: 'now' };

export function createLine({ put, fetch }: LinkEnds, clock: Clock, patience: Patience): LinkLine {
  const known = new Map<number, Bytes>();

  const pause = () => new Promise<void>((resume) => void clock.after(PAUSE_MS, resume));
  /** Tries until it is answered; `undefined` is no answer yet. */
  const persist = async <T>(attempt: () => Promise<Result<T | undefined, CallFault>>): Promise<Result<T>> => {
    for (;;) {
      if (patience.isOver()) return err(CANCELLED);
      if (clock.now() >= patience.until) return err(EXPIRED);
      const answer = await attempt();
      if (answer.ok && answer.value !== undefined) return ok(answer.value);
      if (!answer.ok && answer.error.code === 'not-found') return err(EXPIRED);
      if (!answer.ok && answer.error.retry !== 'now') return answer;
      await pause();
    }
  };
  const look = async (n: number): Promise<Result<Bytes | undefined, CallFault>> => {
    const here = known.get(n);
    if (here !== undefined) return ok(here);
    const answer = await fetch(n);
    if (!answer.ok) return answer;
    known.clear();
    for (const one of answer.value.boxes) known.set(one.n, Uint8Array.from(one.box));
    return ok(known.get(n));
  };

  return {
    async say(n, box) {
      const said = await persist(async () => {
        const answer = await put(n, box);
        return answer.ok ? ok(true) : answer;
      });
      return said.ok ? ok(undefined) : said;
    },
    hear: (n) => persist(() => look(n)),
    async peek(n) {
      const found = await look(n);
      return found.ok || found.error.code !== 'not-found' ? found : err(EXPIRED);
    },
  };
}
