import * as v from 'valibot';
import { bytesUpTo, natural, plainMap } from './fields.ts';
import { limits } from './limits.ts';

/**
 * A place at the relay where two devices of one person leave boxes for each other while one of them has no
 * account yet. Whoever knows its id may look in; what is in the boxes is theirs to seal. Boxes of each side
 * are numbered from 0, and of each number the first stays.
 */

const empty = v.pipe(plainMap<Record<string, never>>(), v.strictObject({}));

/** Who a box is from: the device that has no account yet, or one that has. */
export const rendezvousSides = ['new', 'old'] as const;
export type RendezvousSide = (typeof rendezvousSides)[number];

/** How many boxes the new device may leave, and how large: anybody may, so it is as little as will do. */
export const NEW_BOXES = 8;
export const NEW_BOX_BYTES = 2048;
/** Bytes from the old device that may wait. */
export const WAITING_BYTES = 4 * 1024 * 1024;
/** How long a rendezvous waits for the old device, and from then on for the new one, in milliseconds. */
export const RENDEZVOUS_MS = 15 * 60_000;
export const RENDEZVOUS_JOINED_MS = 24 * 3600_000;

/** `POST rendezvous/{id}/offer`: a box of the new device, without a session. The first opens the rendezvous. */
export const offerBox = {
  path: (id: string) => `rendezvous/${id}/offer`,
  request: v.strictObject({
    n: v.pipe(natural, v.maxValue(NEW_BOXES - 1)),
    box: bytesUpTo(NEW_BOX_BYTES),
  }),
  answer: empty,
};

/** `POST rendezvous/{id}/answer`: a box of the old device, with a session. `waiting`: bytes not fetched yet. */
export const answerBox = {
  path: (id: string) => `rendezvous/${id}/answer`,
  request: v.strictObject({ n: natural, box: bytesUpTo(limits.entry) }),
  answer: v.strictObject({ waiting: natural }),
};

/** `POST rendezvous/{id}/fetch`: the boxes `from` one side, from number `next` on. Those before it are gone then. */
export const fetchBoxes = {
  path: (id: string) => `rendezvous/${id}/fetch`,
  request: v.strictObject({ from: v.picklist(rendezvousSides), next: natural }),
  answer: v.strictObject({ boxes: v.array(v.strictObject({ n: natural, box: bytesUpTo(limits.entry) })) }),
};
