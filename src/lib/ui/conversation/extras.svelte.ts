import type * as extras from './messageExtras.ts';

type Extras = typeof extras;

let loaded = $state.raw<Extras>();
let isAsked = false;

/** The parts that hang on some messages; `undefined` until they are loaded, which this starts. */
export function messageExtras(): Extras | undefined {
  if (!isAsked) {
    isAsked = true;
    void import('./messageExtras.ts').then((parts) => (loaded = parts));
  }
  return loaded;
}
