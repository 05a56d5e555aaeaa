import { render } from 'svelte/server';
import { baseLocale, getTextDirection, isLocale } from '../paraglide/runtime.js';
import base from '../base.css?inline';
import tokens from '../tokens.css?inline';
import type { OperatorFigures } from './figures.ts';
import OperatorPage from './OperatorPage.svelte';

/**
 * The operator's page as a whole document, made by the server and for it alone: no app is loaded, and no script.
 * @param languages `Accept-Language`
 */
export function operatorDocument(figures: OperatorFigures, languages: string): string {
  const asked = languages.split(',').map((tag) => tag.trim().split(/[-;]/)[0] ?? '');
  const locale = asked.find((tag) => isLocale(tag)) ?? baseLocale;
  const { head, body } = render(OperatorPage, { props: { figures, locale } });
  return `<!doctype html>
<html lang="${locale}" dir="${getTextDirection(locale)}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<style>${tokens}${base}</style>${head}</head>
<body>${body}</body>
</html>
`;
}
