import type { Bytes } from '../../src/lib/core/bytes.ts';
import { err, ok, type Result } from '../../src/lib/core/result.ts';
import type { RelayAnswer } from '../../src/lib/server/relay.ts';
import {
  networkFault,
  type Answer,
  type DoorbellEvents,
  type NetworkFault,
  type Transport,
} from '../../src/lib/sync/transport.ts';
import type { Counters } from './counters.ts';
import type { Dice } from './dice.ts';
import type { Life } from './life.ts';

/** What the far end of a wire does. */
export interface FarEnd {
  handle(path: string, body: Bytes, token: Bytes | undefined): Promise<RelayAnswer>;
  listen(token: Bytes, events: { ring(): void; ended(): void }): Promise<Result<() => void>>;
}

/** How often what goes wrong, as probabilities for one request. */
export interface Weather {
  readonly dropRequest: number;
  readonly dropAnswer: number;
  readonly duplicate: number;
  /** The device gives up waiting, and the request arrives later. */
  readonly late: number;
  readonly dropBell: number;
}

export const calm: Weather = { dropRequest: 0, dropAnswer: 0, duplicate: 0, late: 0, dropBell: 0 };
export const storm: Weather = { dropRequest: 0.04, dropAnswer: 0.05, duplicate: 0.06, late: 0.04, dropBell: 0.3 };

/** One device's way to the relay: it loses, repeats, delays and cuts off. */
export interface Wire {
  isUp: boolean;
  weather: Weather;
  /** While set, a request waits here until it is let through: that is how two devices race. */
  gate: (() => Promise<void>) | undefined;
  /** Whether the relay rang since the last look. */
  takeBell(): boolean;
  /** Resolves once no socket is being opened, and tells the device of those that ended; answers whether there was news. */
  stirred(): Promise<boolean>;
  /** Requests that arrive only now, in any order. */
  deliverLate(): Promise<void>;
  transport(life: Life): Transport;
}

export function createWire(origin: string, farEnd: FarEnd, dice: Dice, counters: Counters): Wire {
  const late: (() => Promise<unknown>)[] = [];
  let listening: { life: Life; events: DoorbellEvents } | undefined;
  let hasRung = false;
  let opening: Promise<void> | undefined;
  let hasStirred = false;
  const ends: (() => void)[] = [];

  const wire: Wire = {
    isUp: true,
    weather: calm,
    gate: undefined,
    takeBell() {
      const rang = hasRung;
      hasRung = false;
      if (rang && listening !== undefined && !listening.life.isOver) listening.events.onBell('' as never, 0);
      return rang;
    },
    async stirred() {
      await opening;
      const stirred = hasStirred || ends.length > 0;
      hasStirred = false;
      for (const end of ends.splice(0)) end();
      return stirred;
    },
    async deliverLate() {
      while (late.length > 0) {
        const [request] = late.splice(dice.below(late.length), 1);
        counters.count('late request arrived');
        await request?.();
      }
    },
    transport: (life) => ({
      origin,
      post: (path, body, token) => life.during(post(life, path, body, token)),
      listen: (token, events) => listen(life, token, events),
    }),
  };
  return wire;

  async function post(
    life: Life,
    path: string,
    body: Bytes,
    token: Bytes | undefined,
  ): Promise<Result<Answer, NetworkFault>> {
    life.point();
    await wire.gate?.();
    if (life.isOver || !wire.isUp) return lost('partition');
    const { weather } = wire;
    const deliver = () => farEnd.handle(path, body.slice(), token?.slice());
    if (dice.chance(weather.dropRequest)) return lost('request dropped');
    if (dice.chance(weather.late)) {
      late.push(deliver);
      return lost('request delayed');
    }
    let answer = await deliver();
    if (dice.chance(weather.duplicate)) {
      counters.count('request repeated');
      const second = await deliver();
      if (dice.chance(0.5)) answer = second;
    }
    if (dice.chance(weather.dropAnswer)) return lost('answer dropped');
    life.point();
    const retryAfter = Number(answer.headers['retry-after'] ?? Number.NaN);
    return ok({ status: answer.status, body: answer.body, ...(Number.isNaN(retryAfter) ? {} : { retryAfter }) });
  }

  function lost(what: string): Result<Answer, NetworkFault> {
    counters.count(what);
    return err(networkFault(what));
  }

  function listen(life: Life, token: Bytes, events: DoorbellEvents): () => void {
    let stop = () => {};
    let over = false;
    const end = () => {
      if (over) return;
      over = true;
      stop();
      // Told when it is this device's turn.
      if (!life.isOver) ends.push(() => life.isOver || events.onEnd());
    };
    const dial = wire.isUp ? farEnd.listen(token, { ring, ended: end }) : Promise.resolve(err(networkFault()));
    opening = dial.then((opened) => {
      if (!opened.ok) return end();
      stop = opened.value;
      if (over || life.isOver) return stop();
      listening = { life, events };
      hasStirred = true;
      events.onReady();
    });
    return () => {
      over = true;
      stop();
    };
  }

  function ring(): void {
    if (dice.chance(wire.weather.dropBell)) counters.count('bell dropped');
    else hasRung = true;
  }
}
