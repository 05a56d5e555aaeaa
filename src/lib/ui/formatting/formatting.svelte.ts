import type { Component } from 'svelte';

type Body = Component<{ text: string }>;

let loaded = $state.raw<Body>();
let isAsked = false;

/** What draws formatted text; `undefined` until it is loaded, which this starts. */
export function formattedBody(): Body | undefined {
  if (!isAsked) {
    isAsked = true;
    void import('./FormattedBody.svelte').then((module) => (loaded = module.default));
  }
  return loaded;
}

/** Whether there is anything in a text that formatting could change. */
export const mayBeFormatted = (text: string): boolean =>
  /:\/\/|[*_~`#|[\\@<>]|^\s*(?:[-+]|\d+[.)])\s|^ {4}/mu.test(text);
