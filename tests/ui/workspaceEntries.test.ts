import { describe, expect, it } from 'vitest';
import type { WorkspaceFile } from '../../src/lib/services/client.ts';
import { crumbsOf, entriesOf, joined, nameOf, parentOf } from '../../src/lib/ui/workspaces/entries.ts';
import { previewOf } from '../../src/lib/ui/workspaces/preview.ts';

const file = (path: string): WorkspaceFile => ({
  id: path,
  path,
  size: 1,
  type: 'text/plain',
  modified: 0,
  versions: 1,
  state: 'here',
});

describe('a folder of a workspace', () => {
  const view = {
    folders: ['North', 'North/Huts', 'Northern'],
    files: ['plan.txt', 'North/map.png', 'North/Huts/keys.txt'].map(file),
  };

  it('shows what stands directly in it, and counts what is below its folders', () => {
    const top = entriesOf(view, '');
    expect(top.folders).toEqual([
      { path: 'North', name: 'North', files: 2 },
      { path: 'Northern', name: 'Northern', files: 0 },
    ]);
    expect(top.files.map(({ path }) => path)).toEqual(['plan.txt']);
    const north = entriesOf(view, 'North');
    expect(north.folders.map(({ name }) => name)).toEqual(['Huts']);
    expect(north.files.map(({ path }) => path)).toEqual(['North/map.png']);
  });

  it('has a path that is taken apart and put together', () => {
    expect(crumbsOf('')).toEqual([]);
    expect(crumbsOf('North/Huts')).toEqual([
      { name: 'North', path: 'North' },
      { name: 'Huts', path: 'North/Huts' },
    ]);
    expect([parentOf('a/b/c'), parentOf('a'), nameOf('a/b/c'), nameOf('a')]).toEqual(['a/b', '', 'c', 'a']);
    expect([joined('', 'a'), joined('a/b', 'c')]).toEqual(['a', 'a/b/c']);
  });
});

describe('a file is looked at', () => {
  it.each([
    ['image/png', 1, 'image'],
    ['audio/ogg', 1, 'audio'],
    ['video/mp4', 1, 'video'],
    ['text/markdown', 1, 'text'],
    ['application/json', 1, 'text'],
    ['text/plain', 200_001, undefined],
    // A picture that may hold scripts.
    ['image/svg+xml', 1, undefined],
    ['application/pdf', 1, 'pdf'],
  ])('%s of %i bytes as %s', (type, size, shown) => {
    expect(previewOf({ type, size })).toBe(shown);
  });
});
