import { describe, expect, it } from 'vitest';
import { matchesName } from '../../src/lib/ui/chats/matchesName.ts';
import { strengthOf } from '../../src/lib/ui/gate/strength.ts';
import { daysBetween } from '../../src/lib/ui/times.ts';
import { initialsOf, voiceOf, VOICES } from '../../src/lib/ui/voice.ts';

describe('searching names', () => {
  it.each([
    ['Chloé Besson', 'chloe'],
    ['Chloé Besson', 'bes chl'],
    ['Sunday hike', 'HIKE'],
    ['يوسف الحسن', 'الح'],
    ['李小龙', '李小'],
    ['Anything', '  '],
  ])('%s is found by %j', (name, query) => expect(matchesName(name, query)).toBe(true));

  it.each([
    ['Chloé Besson', 'esson'],
    ['Sunday hike', 'sunday bike'],
  ])('%s is not found by %j', (name, query) => expect(matchesName(name, query)).toBe(false));
});

describe('what stands for a person', () => {
  it.each([
    ['Ana Lindqvist', 'AL'],
    ['bo', 'B'],
    ['Anna von der Heide', 'AH'],
    ['🪨 Stone', '🪨S'],
    ['  ', '?'],
  ])('%j shows %s', (name, initials) => expect(initialsOf(name)).toBe(initials));

  it('gives the same colour to the same id, and uses all of them', () => {
    const voices = Array.from({ length: 200 }, (_, at) => voiceOf(`account-${at}`));
    expect(voiceOf('account-7')).toBe(voices[7]);
    expect(new Set(voices).size).toBe(VOICES);
  });
});

describe('the hint on a passphrase', () => {
  it.each([
    ['hunter2', 'short'],
    ['aaaaaaaaaaaaaaaa', 'short'],
    ['blue door', 'fair'],
    ['violet tram lantern', 'strong'],
  ])('%j is %s', (passphrase, strength) => expect(strengthOf(passphrase)).toBe(strength));
});

describe('days between two moments', () => {
  it('counts calendar days, not spans of 24 hours', () => {
    const evening = new Date(2026, 2, 28, 23, 50).getTime();
    expect(daysBetween(evening, new Date(2026, 2, 29, 0, 10).getTime())).toBe(1);
    expect(daysBetween(evening, evening - 23 * 3600_000)).toBe(0);
    // Across the change to summer time in much of Europe.
    expect(daysBetween(evening, new Date(2026, 3, 1, 12).getTime())).toBe(4);
  });
});
