import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sortKeyOf } from '../../src/lib/core/clock.ts';
import type { DeviceId } from '../../src/lib/core/ids.ts';
import {
  joinField,
  joinFields,
  latestIn,
  valueOf,
  writeField,
  type OwnField,
  type OwnFields,
  type OwnRule,
  type Plain,
} from '../../src/lib/domain/ownState.ts';

const DEVICES = ['d0', 'd1', 'd2'] as const;
const RULES: Readonly<Record<string, OwnRule>> = { pin: 'last', stay: 'last', read: 'place', draft: 'text' };
const at = (ms: number, device: string) => sortKeyOf({ ms, count: 0 }, device as DeviceId);

/** One device sets a field, by a clock that may be behind; or hears of something that was said, of late or again. */
type Step =
  | { readonly what: 'set'; readonly by: number; readonly name: string; readonly value: Plain; readonly ms: number }
  | { readonly what: 'hear'; readonly by: number; readonly which: number };

const values: Readonly<Record<string, fc.Arbitrary<Plain>>> = {
  pin: fc.boolean(),
  stay: fc.nat(3),
  read: fc.constantFrom('a', 'b', 'c', 'd'),
  draft: fc.constantFrom('', 'tea', 'tea and cake', 'milk'),
};
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom(...Object.keys(RULES)).chain((name) =>
    fc.record({
      what: fc.constant('set' as const),
      by: fc.nat(2),
      name: fc.constant(name),
      value: values[name] ?? fc.constant(''),
      ms: fc.nat(5),
    }),
  ),
  fc.record({ what: fc.constant('hear' as const), by: fc.nat(2), which: fc.nat(40) }),
);

/** What each device knows after these steps, and all that was said on the way: what every change was worth as a piece. */
function live(steps: readonly Step[]): { readonly states: readonly OwnFields[]; readonly said: readonly OwnFields[] } {
  const states: OwnFields[] = DEVICES.map(() => ({}));
  const said: OwnFields[] = [];
  const counts = DEVICES.map(() => 0);
  for (const one of steps) {
    const state = states[one.by] ?? {};
    const device = DEVICES[one.by] ?? 'd0';
    if (one.what === 'hear') {
      states[one.by] = joinFields(state, said[one.which % Math.max(1, said.length)] ?? {});
      continue;
    }
    const before = state[one.name];
    counts[one.by] = (counts[one.by] ?? 0) + 1;
    // As `core/clock` has it: a device's own stamps grow, and come after what it knows of the field.
    const known = before === undefined ? 0 : Number.parseInt(latestIn(before).slice(0, 12) || '0', 16);
    const t = at(Math.max(one.ms, known + 1) * 100 + (counts[one.by] ?? 0), device);
    const field = writeField(RULES[one.name] ?? 'last', before, one.value, { t, device });
    if (field === before) continue;
    states[one.by] = { ...state, [one.name]: field };
    said.push({ [one.name]: field });
  }
  return { states, said };
}

const history = fc.array(step, { maxLength: 30 });

describe('what a person keeps for themselves', () => {
  it('is the same on all devices once each has heard all, in any order and any number of times', () => {
    fc.assert(
      fc.property(history, fc.infiniteStream(fc.nat(1_000)), (steps, dice) => {
        const { states, said } = live(steps);
        const roll = () => Number(dice.next().value);
        const ends = states.map((state) => {
          const pile = [...said, ...said.filter(() => roll() % 3 === 0)]
            .map((piece) => ({ piece, place: roll() }))
            .sort((a, b) => a.place - b.place);
          return pile.reduce((known, { piece }) => joinFields(known, piece), state);
        });
        const fresh = states.reduce(joinFields, {});
        for (const end of ends) expect(end).toEqual(ends[0]);
        // Whoever is told all that each one knows, once, knows as much.
        expect(fresh).toEqual(ends[0]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('joins in any order, any grouping and any number of times', () => {
    fc.assert(
      fc.property(history, fc.nat(2), fc.nat(2), (steps, i, j) => {
        const { states, said } = live(steps);
        const [a = {}, b = {}, c = {}] = [states[i], states[j], said[0]];
        expect(joinFields(a, b)).toEqual(joinFields(b, a));
        expect(joinFields(joinFields(a, b), c)).toEqual(joinFields(a, joinFields(b, c)));
        expect(joinFields(a, a)).toEqual(a);
        expect(joinFields(joinFields(a, b), b)).toEqual(joinFields(a, b));
      }),
      { numRuns: 1_000 },
    );
  });

  it('shows at once what was set, whatever the clocks say', () => {
    fc.assert(
      fc.property(history, fc.constantFrom('pin', 'read', 'draft'), fc.boolean(), (steps, name, flag) => {
        const before = live(steps).states[0]?.[name];
        const value = name === 'pin' ? flag : name === 'read' ? (flag ? 'a' : 'd') : flag ? 'mine' : '';
        const later = at(1_000_000, 'd0');
        expect(valueOf(writeField(RULES[name] ?? 'last', before, value, { t: later, device: 'd0' }))).toBe(value);
      }),
    );
  });

  it('is of the last writer, and of two at once the same one’s everywhere', () => {
    const [a, b] = [write('last', true, 1, 'd0'), write('last', false, 2, 'd1')];
    expect(valueOf(joinField(a, b))).toBe(false);
    expect(joinField({ v: 'x', t: '' }, { v: 'y', t: '' })).toEqual({ v: 'y', t: '' });
    expect(joinField({ v: 3, t: at(1, 'd0') }, { v: 4, t: '' })).toEqual({ v: 3, t: at(1, 'd0') });
  });

  it('has been read as far as anybody read, unless somebody went back', () => {
    const first = write('place', 'c', 1, 'd0');
    const further = writeField('place', first, 'f', { t: at(2, 'd0'), device: 'd0' });
    expect(valueOf(joinField(further, write('place', 'd', 9, 'd1')))).toBe('f');
    const back = writeField('place', first, 'b', { t: at(2, 'd1'), device: 'd1' });
    expect(valueOf(joinField(further, back))).toBe('b');
    expect(valueOf(writeField('place', back, 'g', { t: at(3, 'd1'), device: 'd1' }))).toBe('g');
  });

  it('loses nothing that was written on two devices apart', () => {
    const both = (a: string, b: string) => valueOf(joinField(write('text', a, 1, 'd0'), write('text', b, 2, 'd1')));
    expect(both('milk', 'tea')).toBe('milk\n\ntea');
    expect(both('tea', 'tea and cake')).toBe('tea and cake');
    expect(both('tea', 'tea')).toBe('tea');
    // Sent there, gone here; but what was written here meanwhile stays.
    expect(both('', 'tea')).toBe('tea');
    const here = write('text', 'tea', 1, 'd0');
    const sent = writeField('text', here, '', { t: at(2, 'd1'), device: 'd1' });
    expect(valueOf(joinField(here, sent))).toBe('');
    // Whoever writes on knows both, and nobody sees either again.
    const met = joinField(write('text', 'milk', 1, 'd0'), write('text', 'tea', 2, 'd1'));
    const next = writeField('text', met, 'milk and tea', { t: at(3, 'd0'), device: 'd0' });
    expect(valueOf(joinField(joinField(next, write('text', 'tea', 2, 'd1')), met))).toBe('milk and tea');
  });
});

const write = (rule: OwnRule, value: Plain, ms: number, device: string): OwnField =>
  writeField(rule, undefined, value, { t: at(ms, device), device });
