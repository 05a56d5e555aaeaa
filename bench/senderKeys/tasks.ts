import type { Contestant } from '../rates.ts';

/** One implementation of sender keys, doing the three things that are measured. */
export interface Implementation {
  readonly name: string;
  /** One sender seals message after message, each finished before the next begins. */
  readonly seal: Contestant['round'];
  /** One receiver opens message after message of one sender, each finished before the next begins. */
  readonly open: Contestant['round'];
  /** One receiver opens what {@link SENDERS} senders wrote, interleaved as it would have arrived. */
  readonly backlog: Contestant['round'];
}

/** Cairn with the platform's Ed25519, and with JavaScript's. */
export const CAIRN = 'Cairn';
export const IN_SCRIPT = 'Cairn, signatures in JavaScript';

export const TASKS = ['seal', 'open', 'backlog'] as const;
export type Task = (typeof TASKS)[number];

/** Short rounds and many of them: on a shared machine a neighbour's burst then meets everybody. */
export const COUNTS: Readonly<Record<Task, number>> = { seal: 500, open: 500, backlog: 10_000 };
export const ROUNDS: Readonly<Record<Task, number>> = { seal: 41, open: 31, backlog: 9 };
export const SENDERS = 20;

/** 200 bytes of text, another for each index. */
export const payload = (index: number): string => `${String(index).padStart(8, '0')} `.padEnd(200, 'so it goes ');

/** `of(sender, index)` for all, one message of each sender in turn. */
export function interleaved<T>(count: number, of: (sender: number, index: number) => T): T[] {
  return Array.from({ length: count }, (_, at) => of(at % SENDERS, Math.floor(at / SENDERS)));
}

/** Whoever opens something else than was sealed is out. */
export function check(isRight: boolean): void {
  if (!isRight) throw new Error('a message came out wrong');
}

/** `make()` once for each count, since sealing a backlog takes longer than opening it. */
export function onceFor<T>(make: (count: number) => Promise<T>): (count: number) => Promise<T> {
  const made = new Map<number, Promise<T>>();
  return (count) => {
    const known = made.get(count) ?? make(count);
    made.set(count, known);
    return known;
  };
}
