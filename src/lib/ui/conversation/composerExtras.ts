/** What writing takes beyond a text that goes at once, loaded with the first that needs it. */
export { default as ComposingBar } from './ComposingBar.svelte';
export { default as LengthLeft } from './LengthLeft.svelte';
export { default as SendLater } from './SendLater.svelte';
export { default as UndoBar } from './UndoBar.svelte';
