import { expect, test } from 'vitest';
import { bytesFromContent, type Content } from '../../src/lib/sync/content.ts';
import { contentFromBytes, placeOfLater } from '../../src/lib/sync/contentKinds.ts';
import { bytesFromStaged, stagedFromBytes, type Staged } from '../../src/lib/sync/staged.ts';
import { fuzz, INPUTS } from '../protocol/mutants.ts';

const i = 'AAAAAAAAAAAAAAAAAAAAAA' as Extract<Content, { k: 'react' }>['m']['i'];
const s = '01b8dcb416800019-AAAAAAAAAAAAAAAAAAAAAA';
const contents: readonly Content[] = [
  { k: 'text', s, t: 'über uns', r: { i, s }, p: { i, s } },
  { k: 'edit', s, m: { i, s }, t: 'x', b: [s] },
  { k: 'delete', s, m: { i, s } },
  { k: 'react', s, m: { i, s }, e: '👍', on: true },
  { k: 'pin', s, m: { i, s }, on: false },
  { k: 'receipt', d: [i], r: [i, i] },
  { k: 'leave', n: new Uint8Array(80) },
  { k: 'profile', s, t: 'über', p: new Uint8Array(40), f: [['Funk', 'Kanal 8']], z: 'Europe/Berlin', l: 'de' },
  { k: 'space', s, w: i, o: new Uint8Array(40) },
];

test(`${INPUTS} contents that others might seal are read as what they were written from, or refused`, () => {
  const { taken, other } = fuzz(contents.map(bytesFromContent), (bytes) => {
    placeOfLater(bytes);
    const read = contentFromBytes(bytes);
    return read.ok ? bytesFromContent(read.value) : undefined;
  });
  expect(other).toBeUndefined();
  expect(taken).toBeGreaterThan(0);
});

/** It lies sealed among our own rows: bytes that we did not write are a bug, and throw as one. */
test(`${INPUTS} staged commits are read as what they were written from, or refused as a whole`, () => {
  const staged: Staged = {
    id: i,
    epoch: 3,
    commit: new Uint8Array(60),
    next: new Uint8Array(60),
    members: [],
    welcomes: [],
    spends: [i],
    fence: true,
    leaving: [],
    intent: i,
  };
  const { other } = fuzz([bytesFromStaged(staged)], (bytes) => {
    try {
      return bytesFromStaged(stagedFromBytes(bytes));
    } catch (thrown) {
      if (!(thrown instanceof Error) || thrown.message !== 'a staged commit does not decode') throw thrown;
      return undefined;
    }
  });
  expect(other).toBeUndefined();
});
