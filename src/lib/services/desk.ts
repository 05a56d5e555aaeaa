import type { Meter } from '../core/ports.ts';
import type { Fault, Result } from '../core/result.ts';
import type { Engine } from '../sync/engine.ts';
import type { Session } from '../sync/session.ts';
import type { CairnPorts } from './ports.ts';
import type { Unwatch } from './unwatch.ts';

/** How the parts of the client reach the vault and what lies around it; see `cairn.ts`. */
export interface Desk {
  readonly ports: CairnPorts;
  readonly meter: Pick<Meter, 'count' | 'took'>;
  /** The vault while it is open. */
  open(): { readonly session: Session; readonly engine: Engine } | undefined;
  openWith(identity: Session['identity']): Promise<void>;
  /** Runs a person's wish on the open vault, and lets the engine know that there may be something to send. */
  act<T>(work: (session: Session) => Promise<Result<T>>): Promise<Result<T>>;
  /** A question to the open vault, or a wish that nobody else hears of; what it throws is answered as a fault. */
  ask<T>(work: (session: Session) => Promise<T>): Promise<Result<T>>;
  /** A live query that starts once the vault is open. */
  watch<T>(query: (session: Session) => Promise<T>, show: (value: T) => void): Unwatch;
  /** There is something to index. */
  pokeIndex(): void;
  /** What is kept of files may be too much. */
  pokeFiles(): void;
  /** Ends the client: nothing runs any more, and the store is closed. */
  dispose(): void;
}

export const LOCKED: Fault<'locked'> = { code: 'locked', retry: 'person' };
