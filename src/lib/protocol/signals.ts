import * as v from 'valibot';
import { bytes, deviceId, plainMap, streamId } from './fields.ts';

/** Every signal has this many bytes, whatever it says. */
export const SIGNAL_BYTES = 64;

/**
 * `POST streams/{stream}/signals`: something for whoever of the stream's members listens now. It gets no number, is
 * kept nowhere, and whoever does not listen misses it. Errors: `not-found`, `forbidden` (no member), `rate-limited`.
 */
export const signal = {
  path: (stream: string) => `streams/${stream}/signals`,
  request: v.strictObject({ payload: bytes(SIGNAL_BYTES) }),
  answer: v.pipe(plainMap<Record<string, never>>(), v.strictObject({})),
};

/** How it comes out of the socket, to whoever asked for signals in the hello. */
export const signalFrame = v.strictObject({ stream: streamId, sender: deviceId, payload: bytes(SIGNAL_BYTES) });
export type SignalFrame = v.InferOutput<typeof signalFrame>;
