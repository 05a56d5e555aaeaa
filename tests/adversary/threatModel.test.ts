import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/threat-model.md', root), 'utf8');
const named = [...page.matchAll(/`(tests\/[\w/.]+)`(?:: “([^”]+)”)?/gu)].map(
  ([, file = '', name = '']) => [file, name] as const,
);

it.each(named)('%s has “%s”, as the threat model says', (file, name) => {
  const path = new URL(file, root);
  expect(existsSync(path)).toBe(true);
  if (name === '' || !file.endsWith('.ts')) return;
  const quoted = [`'${name}'`, `"${name}"`, `\`${name}\``];
  const source = readFileSync(path, 'utf8');
  expect(quoted.some((one) => source.includes(one))).toBe(true);
});
