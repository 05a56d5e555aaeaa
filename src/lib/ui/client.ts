import { createContext } from 'svelte';
import type { Bytes } from '../core/bytes.ts';
import type { Clock } from '../core/ports.ts';
import type { PushAddress } from '../core/pushAddress.ts';
import type { Result } from '../core/result.ts';
import type { CairnClient } from '../services/client.ts';

/** What a page can do about the session as a whole. */
export interface Session {
  /** Ends the worker that holds the keys; the page then shows the locked screen. */
  lock(): Promise<void>;
  /** The account is gone from this device: clears what lies beside the store, and shows the first screen. */
  startAnew(): Promise<void>;
  /** Asks the browser to keep what is stored also when room gets short. Gives whether it will. */
  keepStorage(): Promise<boolean>;
  /** How the browser wakes this device; loaded when it is asked for. */
  waking(): Promise<Waking>;
}

/** The browser's subscription at a push service. */
export interface Waking {
  /** Whether this browser can be woken at all. */
  isOffered(): boolean;
  /** The one for the relay with this VAPID key, made if need be. Refused: `push-unsupported`, `push-denied`, `push-unreachable`. */
  subscribe(key: Bytes): Promise<Result<PushAddress>>;
  unsubscribe(): Promise<void>;
  /** What a notification says while nobody is there who could say more. */
  keepWords(words: { readonly title: string }): Promise<void>;
}

/** The engine in its worker, for every component below the root layout. */
export const [useClient, setClient] = createContext<CairnClient>();

export const [useSession, setSession] = createContext<Session>();

/** The time that the page shows, and timers: handed in, so that pictures and tests can stop the clock. */
export const [useClock, setClock] = createContext<Clock>();
