/** What stands around some conversations, loaded with the first that needs it. */
export { default as Gone } from './Gone.svelte';
export { default as Held } from './Held.svelte';
export { default as PinnedBar } from './PinnedBar.svelte';
export { default as ScheduledBar } from './ScheduledBar.svelte';
export { default as SelectBar } from './SelectBar.svelte';
export { default as WhyEnded } from './WhyEnded.svelte';
