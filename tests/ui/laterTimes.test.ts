import { describe, expect, it } from 'vitest';
import { laterTimes, soonTime, timeInput, timeOfInput } from '../../src/lib/ui/conversation/laterTimes.ts';

/** Local times, as the person on this device reads them. */
const offered = (now: Date): string[] => laterTimes(now.getTime()).map(({ name, at }) => `${name} ${timeInput(at)}`);

describe('the times that are offered for sending later', () => {
  it('are an hour, this evening, tomorrow morning and Monday morning', () => {
    // A Wednesday.
    expect(offered(new Date(2026, 6, 8, 10, 20, 40))).toEqual([
      'hour 2026-07-08T11:20',
      'evening 2026-07-08T18:00',
      'tomorrow 2026-07-09T08:00',
      'monday 2026-07-13T08:00',
    ]);
  });

  it('leave out an evening that is as near as the hour, and a Monday that is tomorrow', () => {
    const sunday = new Date(2026, 6, 12, 17, 30);
    expect(offered(sunday)).toEqual(['hour 2026-07-12T18:30', 'tomorrow 2026-07-13T08:00']);
  });

  it('mean the next Monday on a Monday, and cross months and years', () => {
    expect(offered(new Date(2026, 11, 28, 20))).toEqual([
      'hour 2026-12-28T21:00',
      'tomorrow 2026-12-29T08:00',
      'monday 2027-01-04T08:00',
    ]);
  });

  it('are all still to come, on every hour of two weeks', () => {
    for (let hour = 0; hour < 14 * 24; hour++) {
      const now = new Date(2026, 9, 20, hour).getTime();
      for (const { at } of laterTimes(now)) expect(at).toBeGreaterThan(now);
    }
  });
});

describe('a time in a field', () => {
  it('comes back as it went in, and is nothing where the field is empty', () => {
    const at = new Date(2026, 0, 5, 7, 9).getTime();
    expect(timeInput(at)).toBe('2026-01-05T07:09');
    expect(timeOfInput(timeInput(at))).toBe(at);
    expect(timeOfInput('')).toBeUndefined();
  });

  it('is said as short as can be told apart', () => {
    const now = new Date(2026, 6, 8, 10).getTime();
    const say = (...at: [number, number, number, number]) => soonTime(new Date(...at).getTime(), now, 'en-GB');
    expect(say(2026, 6, 8, 18)).toBe('18:00');
    expect(say(2026, 6, 9, 8)).toMatch(/^Thu[, ]+08:00$/);
    expect(say(2026, 6, 20, 8)).toContain('20 July 2026');
  });
});
