import { m } from '../paraglide/messages.js';
import type * as faults from './faults.ts';
import type * as outcomes from './outcomes.ts';

type Words = typeof faults & typeof outcomes;

let loaded = $state.raw<Words | 'missing'>();
let isAsked = false;

/**
 * The words for a fault as it comes from the worker; empty until the words are loaded, which the first
 * fault starts. A code that has no words is a bug of ours; the person still gets a sentence, and the code,
 * so that they can tell us.
 */
export function sayFault({ code }: { readonly code: string }): string {
  const words = wordsForReasons();
  if (words === undefined) return '';
  return words !== 'missing' && words.isFaultCode(code) ? words.wordsOfFault(code) : m.fault_without_words({ code });
}

/** Why an entry can't be read: an outcome of the protocol, or the fault behind it. Empty as {@link sayFault}. */
export function sayReason(reason = 'Malformed'): string {
  const words = wordsForReasons();
  if (words === undefined) return '';
  return words !== 'missing' && words.isOutcomeCode(reason) ? words.wordsOfOutcome(reason) : sayFault({ code: reason });
}

function wordsForReasons(): Words | 'missing' | undefined {
  if (!isAsked) {
    isAsked = true;
    void Promise.all([import('./faults.ts'), import('./outcomes.ts')]).then(
      ([faults, outcomes]) => (loaded = { ...faults, ...outcomes }),
      // No network, and the first visit did not get as far as keeping them.
      () => (loaded = 'missing'),
    );
  }
  return loaded;
}
