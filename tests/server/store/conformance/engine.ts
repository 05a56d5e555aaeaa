import type { Store } from '../../../../src/lib/server/store/port.ts';

/** An engine under test. What it opens is closed when the test is over. */
export interface Engine {
  /** A store that no other test writes to meanwhile. */
  open(): Promise<Store>;
  /** Several relays' views of one store; where an engine serves one relay only, all the same view. */
  shared(views: number): Promise<Store[]>;
}
