import type { Bytes } from './bytes.ts';

/** Time and timers, so that the engine can run under a clock of the test's own. */
export interface Clock {
  /** Milliseconds since the epoch, UTC. May jump. */
  now(): number;
  /** Calls `run` once, `ms` from now; the returned function cancels it. */
  after(ms: number, run: () => void): () => void;
}

/** Unpredictable bytes in production, seeded ones in a simulation. */
export interface Random {
  bytes(length: number): Bytes;
}

/** Diagnostics. Never message text, names, keys or passphrases; ids only at `debug`. */
export interface Logger {
  log(
    level: 'debug' | 'info' | 'warn' | 'error',
    event: string,
    facts?: Record<string, string | number | boolean>,
  ): void;
}

/** Runs `work` while no one else on this device holds `name`: Web Locks in the browser. */
export interface Locks {
  run<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/**
 * Seals values at rest with keys of the unlocked vault. Synchronous, because a database
 * transaction ends at the first foreign await.
 */
export interface Sealer {
  /** Authenticated encryption under the key of `table`; `bound` is authenticated, not stored. */
  seal(table: string, bound: Uint8Array, plaintext: Uint8Array): Bytes;
  /** The plaintext, or `undefined` when the value was moved, altered or sealed under another key. */
  open(table: string, bound: Uint8Array, sealed: Uint8Array): Bytes | undefined;
  /** A copy of the key that all others come from: a backup takes it along. */
  databaseKey(): Bytes;
  /** A stable keyed hash for look-ups without clear text on disk: base64url, 16 bytes. */
  keyedHash(purpose: string, data: Uint8Array): string;
}

/** Counts and times for the person's own eyes. Cheap: it may be called wherever something happens. */
export interface Meter {
  count(metric: string, by?: number): void;
  took(name: string, ms: number, category?: string): void;
}

export const silent: Logger = { log: () => undefined };
