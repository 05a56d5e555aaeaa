import { chosenTheme, showTheme } from '$lib/ui/theme.ts';

// One shell for every address, made in the browser: the relay has nothing to render.
export const ssr = false;
export const prerender = false;

export function load(): void {
  showTheme(chosenTheme());
}
