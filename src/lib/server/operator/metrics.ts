import type { Clock } from '../../core/ports.ts';
import type { Statistics } from '../store/statisticsTables.ts';

/** What happened in one minute. */
export interface Minute {
  /** When it began: milliseconds. */
  readonly at: number;
  requests: number;
  refused: number;
  /** Milliseconds of all requests together. */
  took: number;
  /** Bytes of their bodies. */
  received: number;
  /** Entries that streams grew by. */
  entries: number;
  /** The most appends that waited for their turn. */
  waiting: number;
}

/** Counts of this process since it started. Routes are counted by their patterns: no id is kept. */
export interface Metrics {
  /** @param waiting appends that wait for their turn now. */
  took(route: string, status: number, ms: number, bytes: number, waiting: number): void;
  grew(entries: number): void;
  /** The last hour, oldest first. */
  minutes(): readonly Minute[];
  /** Prometheus text format 0.0.4. */
  text(gauges: Readonly<Record<string, number>>, stored: Statistics): string;
}

const MOST_MINUTES = 60;
const MINUTE_MS = 60_000;

export function createMetrics(clock: Clock): Metrics {
  const counts = new Map<string, { route: string; status: number; requests: number; ms: number }>();
  const minutes: Minute[] = [];
  let received = 0;
  let entries = 0;

  return {
    took(route, status, ms, bytes, waiting) {
      const key = `${route} ${status}`;
      const count = counts.get(key) ?? { route, status, requests: 0, ms: 0 };
      count.requests += 1;
      count.ms += ms;
      counts.set(key, count);
      received += bytes;
      const minute = thisMinute();
      minute.requests += 1;
      minute.took += ms;
      minute.received += bytes;
      minute.waiting = Math.max(minute.waiting, waiting);
      if (status >= 400) minute.refused += 1;
    },
    grew(by) {
      entries += by;
      thisMinute().entries += by;
    },
    minutes: () => {
      thisMinute();
      return minutes;
    },
    text: (gauges, stored) => {
      const lines = ['# TYPE cairn_requests_total counter', '# TYPE cairn_request_seconds_total counter'];
      for (const { route, status, requests, ms } of counts.values()) {
        const labels = `{route="${route}",status="${status}"}`;
        lines.push(`cairn_requests_total${labels} ${requests}`, `cairn_request_seconds_total${labels} ${ms / 1000}`);
      }
      for (const [name, value] of Object.entries({ received_bytes: received, entries }))
        lines.push(`# TYPE cairn_${name}_total counter`, `cairn_${name}_total ${value}`);
      for (const [name, value] of Object.entries(gauges))
        lines.push(`# TYPE cairn_${name} gauge`, `cairn_${name} ${value}`);
      for (const [name, value] of Object.entries(stored)) {
        lines.push(`# TYPE cairn_stored_${name} gauge`, `cairn_stored_${name} ${value}`);
      }
      return `${lines.join('\n')}\n`;
    },
  };

  function thisMinute(): Minute {
    const at = clock.now() - (clock.now() % MINUTE_MS);
    const last = minutes.at(-1);
    if (last !== undefined && last.at >= at) return last;
    // Minutes in which nothing came stand in the row too.
    for (
      let next = Math.max(last === undefined ? at : last.at + MINUTE_MS, at - (MOST_MINUTES - 1) * MINUTE_MS);
      next <= at;
      next += MINUTE_MS
    ) {
      minutes.push(emptyMinute(next));
    }
    minutes.splice(0, minutes.length - MOST_MINUTES);
    return minutes.at(-1) ?? emptyMinute(at);
  }
}

const emptyMinute = (at: number): Minute => ({
  at,
  requests: 0,
  refused: 0,
  took: 0,
  received: 0,
  entries: 0,
  waiting: 0,
});
