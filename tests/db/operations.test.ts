import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const page = readFileSync(new URL('../../docs/storage-operations.md', import.meta.url), 'utf8');
const named = [...page.matchAll(/`([\w/]+\.ts)`: ([\w, ]+)/gu)].map(
  ([, file = '', names = '']) => [file, names] as const,
);

it.each(named)('%s has %s, as the list of operations says', async (file, names) => {
  const path = `../../src/lib/db/${file}`;
  const there = (await import(path)) as Record<string, unknown>;
  for (const name of names.trim().split(', ')) expect(there[name], name).toBeTypeOf('function');
});
