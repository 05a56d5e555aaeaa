import type { Bytes } from '../core/bytes.ts';
import type { Locks, Logger, Random } from '../core/ports.ts';

/** The browser's randomness, locks and console behind the engine's ports. Also fits Node and service workers. */

export const systemRandom: Random = {
  bytes(length: number): Bytes {
    const bytes = new Uint8Array(length);
    // The browser gives at most 65,536 bytes a call.
    for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    return bytes;
  },
};

/** Held across tabs, workers and the service worker; the browser frees a lock whose holder died. */
export const webLocks: Locks = {
  run: (name, work) => navigator.locks.request(`cairn:${name}`, work),
};

/** Warnings and errors only: facts hold no private values by the port's rule. */
export const consoleLogger: Logger = {
  log(level, event, facts) {
    if (level === 'error') console.error(event, facts ?? {});
    else if (level === 'warn') console.warn(event, facts ?? {});
  },
};
