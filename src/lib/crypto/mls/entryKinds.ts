/**
 * Entries of a group's stream and of a mailbox tell by their first byte what they are. An MLSMessage begins
 * with a zero, a record with its version.
 */
export const RETURN = Uint8Array.of(2);
export const PLEA = Uint8Array.of(3);
export const ANSWER = Uint8Array.of(4);

/** Whether a commit is one from outside: of a device that comes back, or of somebody who comes by the link. */
export const isReturn = (payload: Uint8Array): boolean => payload[0] === RETURN[0];

/** Whether an entry of a group's stream is a plea and not a record. */
export const isPlea = (payload: Uint8Array): boolean => payload[0] === PLEA[0];

/** Whether an entry of the mailbox is an answer and not a welcome. */
export const isAnswer = (payload: Uint8Array): boolean => payload[0] === ANSWER[0];
