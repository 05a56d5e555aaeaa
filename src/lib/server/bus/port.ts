import type { Bytes } from '../../core/bytes.ts';
import type { DeviceId, StreamId } from '../../core/ids.ts';
import type { EntryRow } from '../store/streamRows.ts';

/** Says that a stream grew. It carries no entry: whoever hears it reads by cursor. */
export interface Ring {
  readonly stream: StreamId;
  readonly head: number;
}

/** The entries behind a ring, for those who hear it in the process that took them. */
export interface Fresh {
  /** Of the stream when they were taken: its readers change only with it. */
  readonly epoch: number;
  /** In order, without gaps, up to the ring's head. */
  readonly entries: readonly EntryRow[];
}

/** What a device says to the members of a stream that listen now. Nobody keeps it. */
export interface Signal {
  readonly stream: StreamId;
  /** Of the stream when it was taken. */
  readonly epoch: number;
  readonly sender: DeviceId;
  readonly payload: Bytes;
}

/** Carries rings between all that listen, on every instance of the relay. */
export interface Bus {
  /** Rings may be lost, late, out of order or repeated: whoever listens looks for itself now and then. */
  readonly mayLose: boolean;
  ring(ring: Ring, fresh?: Fresh): void;
  /** @returns what ends the subscription. */
  subscribe(hear: Hear): () => void;
  /** Says that the sessions of these devices are over. */
  dismiss(devices: readonly DeviceId[]): void;
  /** @returns what ends the subscription. */
  onDismissal(hear: HearDismissal): () => void;
  /** May be lost: nobody looks for it. */
  signal(signal: Signal): void;
  /** @returns what ends the subscription. */
  onSignal(hear: HearSignal): () => void;
}

export type Hear = (ring: Ring, fresh?: Fresh) => void;
export type HearSignal = (signal: Signal) => void;
export type HearDismissal = (devices: readonly DeviceId[]) => void;
