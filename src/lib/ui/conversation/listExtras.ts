/** What a list of messages needs once somebody does more than read to its end. */
export { default as JumpButtons } from './JumpButtons.svelte';
export { default as MessageActions } from './MessageActions.svelte';
export { default as SelectMark } from './SelectMark.svelte';
export { default as UnreadJump } from './UnreadJump.svelte';
