import type { StreamId } from '../../core/ids.ts';

/** Says that a stream grew. It carries no entry: whoever hears it reads by cursor. */
export interface Ring {
  readonly stream: StreamId;
  readonly head: number;
}

/** Carries rings between all that listen, on every instance of the relay. It may lose some. */
export interface Bus {
  ring(ring: Ring): void;
  /** @returns what ends the subscription. */
  subscribe(hear: (ring: Ring) => void): () => void;
}
