import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import patch from '../../../patches/ts-mls-1.6.4.mjs';
import { applyPatch } from '../../../scripts/applyPatches.mjs';

const modules = join(import.meta.dirname, '../../../node_modules');
let copy: string;

/** A copy of the installed package, with the patch taken out again. */
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'patches-'));
  cpSync(join(modules, 'ts-mls'), join(copy, 'ts-mls'), { recursive: true });
  for (const { file, changes } of patch.files) {
    rewrite(file, (text) => [...changes].reverse().reduce((now, change) => undo(now, change), text));
  }
});
afterEach(() => rmSync(copy, { recursive: true, force: true }));

function rewrite(file: string, change: (text: string) => string): void {
  const path = join(copy, 'ts-mls', file);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

function undo(text: string, { find, replace }: { find: string; replace: string }): string {
  // An import that was dropped goes back to where it stood; any place would do but for the hash.
  if (replace === '') return text.replace('import { contramapBufferEncoders, encode }', `${find}$&`);
  return text.replace(replace, () => find);
}

test('what is installed is patched, with nothing left to do', () => {
  expect(applyPatch(patch, modules, { checkOnly: true })).toEqual({ applied: 0, already: patch.files.length });
});

test('a fresh install is patched once, and again without effect', () => {
  expect(() => applyPatch(patch, copy, { checkOnly: true })).toThrow('not applied');
  expect(applyPatch(patch, copy)).toEqual({ applied: patch.files.length, already: 0 });
  expect(applyPatch(patch, copy)).toEqual({ applied: 0, already: patch.files.length });
});

test('another version is refused', () => {
  rewrite('package.json', (text) => text.replace('"1.6.4"', '"1.6.5"'));
  expect(() => applyPatch(patch, copy)).toThrow('exactly 1.6.4');
});

test('any other content is refused, and no file is touched', () => {
  const first = patch.files[0]?.file ?? '';
  const last = patch.files.at(-1)?.file ?? '';
  rewrite(last, (text) => `${text}\n`);
  const before = readFileSync(join(copy, 'ts-mls', first), 'utf8');
  expect(() => applyPatch(patch, copy)).toThrow('unexpected content');
  expect(readFileSync(join(copy, 'ts-mls', first), 'utf8')).toBe(before);
});
