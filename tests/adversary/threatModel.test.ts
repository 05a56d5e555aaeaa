import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const pages = ['docs/threat-model.md', 'docs/notes/data-layer.md'];
const named = pages.flatMap((page) =>
  [...readFileSync(new URL(page, root), 'utf8').matchAll(/`(tests\/[\w/.]+)`(?:: “([^”]+)”)?/gu)].map(
    ([, file = '', name = '']) => [file, name, page] as const,
  ),
);

it.each(named)('%s has “%s”, as %s says', (file, name) => {
  const path = new URL(file, root);
  expect(existsSync(path)).toBe(true);
  if (name === '' || !file.endsWith('.ts')) return;
  const quoted = [`'${name}'`, `"${name}"`, `\`${name}\``];
  const source = readFileSync(path, 'utf8');
  expect(quoted.some((one) => source.includes(one))).toBe(true);
});
