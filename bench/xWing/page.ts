import { compareXWing } from './tasks.ts';

/** The browser's side. */
(globalThis as unknown as { measure: typeof compareXWing }).measure = compareXWing;
