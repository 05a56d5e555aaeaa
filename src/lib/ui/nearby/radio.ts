import type { Bytes } from '../../core/bytes.ts';
import type { Result } from '../../core/result.ts';
import type { NearbyLink } from '../../services/client.ts';

/** How the page reaches a device that is near: handed in by the route. */
export interface Radio {
  offer(): Promise<Result<Offer>>;
  answer(offer: string): Promise<Result<Answer>>;
}

export interface Offer {
  readonly code: string;
  accept(answer: string): Promise<Result<Wire>>;
  close(): void;
}

export interface Answer {
  readonly code: string;
  readonly wire: Promise<Result<Wire>>;
  close(): void;
}

export interface Wire extends NearbyLink {
  send(frame: Bytes): void;
  listen(onFrame: (frame: Bytes) => void, onEnd: () => void): void;
  close(): void;
}
