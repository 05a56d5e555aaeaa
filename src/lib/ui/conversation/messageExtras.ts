/** What hangs on some messages, loaded with the first that needs it. */
export { default as Attachments } from '../attachments/Attachments.svelte';
export { default as Quote } from './Quote.svelte';
export { default as Reactions } from './Reactions.svelte';
export { default as ThreadMark } from './ThreadMark.svelte';
