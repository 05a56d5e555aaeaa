import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sortKeyOf } from '../../src/lib/core/clock.ts';
import type { AccountId, DeviceId } from '../../src/lib/core/ids.ts';
import { roles, type Role } from '../../src/lib/domain/roles.ts';
import { mergeChanges, refusalOfChange, type Change, type ChangeDetail } from '../../src/lib/domain/messageChanges.ts';
import { isReaction } from '../../src/lib/domain/reaction.ts';

const account = (name: string) => name as AccountId;
const at = (ms: number, device = 'd0') => sortKeyOf({ ms, count: 0 }, device as DeviceId);

let count = 0;
const change = (detail: ChangeDetail, ms: number, user = 'ana', device = 'd0'): Change => ({
  id: `c${count++}`,
  user: account(user),
  device: device as DeviceId,
  at: at(ms, device),
  ...detail,
});

/** Anything that a few people with a few devices may do, near enough in time to collide. */
const detail: fc.Arbitrary<ChangeDetail> = fc.oneof(
  fc.record({
    what: fc.constant('edit' as const),
    text: fc.string({ maxLength: 3 }),
    seen: fc.array(
      fc.tuple(fc.nat(9), fc.nat(1)).map(([ms, device]) => at(ms, `d${device}`)),
      { maxLength: 2 },
    ),
  }),
  fc.record({
    what: fc.constantFrom('react' as const, 'unreact' as const),
    emoji: fc.constantFrom('👍', '🎉', '❤️'),
  }),
  fc.record({ what: fc.constantFrom('pin' as const, 'unpin' as const) }),
);
const changes = (of: fc.Arbitrary<ChangeDetail>) =>
  fc.array(fc.tuple(of, fc.nat(9), fc.nat(2), fc.nat(1)), { maxLength: 60 }).map((all) =>
    all.map(([one, ms, user, device], i): Change => {
      const origin = { id: `id${i}`, user: account(`u${user}`), device: `d${device}` as DeviceId };
      return { ...origin, at: at(ms, `d${device}`), ...one };
    }),
  );
const withDeletions = changes(
  fc.oneof({ weight: 12, arbitrary: detail }, { weight: 1, arbitrary: fc.constant<ChangeDetail>({ what: 'delete' }) }),
);
/** More than is kept, so that what falls off does not depend on the order either. */
const crowd = fc.array(fc.tuple(fc.nat(40), fc.nat(300), fc.boolean()), { minLength: 120, maxLength: 260 }).map((all) =>
  all.map(([emoji, ms, isEdit], i): Change => {
    const origin = { id: `id${i}`, user: account('u'), device: 'd0' as DeviceId, at: at(ms) };
    return isEdit
      ? { ...origin, what: 'edit', text: `${i}`, seen: [] }
      : { ...origin, what: 'react', emoji: `e${emoji}` };
  }),
);

describe.each([
  ['a few changes', withDeletions],
  ['more changes than are kept', crowd],
])('%s', (_, some) => {
  it('give the same message in any order, and however often they come', () => {
    const shuffled = some.chain((all) =>
      fc.tuple(
        fc.constant(all),
        fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2, maxLength: all.length * 2 }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([all, again]) => {
        expect(mergeChanges('text', again)).toEqual(mergeChanges('text', all));
      }),
    );
  });

  it('give the same message merged one by one, in parts, or at once', () => {
    fc.assert(
      fc.property(some, fc.nat(), (all, cut) => {
        const whole = mergeChanges('text', all);
        const oneByOne = all.reduce(
          (merged, one) => mergeChanges('text', [...merged.log, one]),
          mergeChanges('text', []),
        );
        expect(oneByOne).toEqual(whole);
        const at = all.length === 0 ? 0 : cut % all.length;
        const parts = [all.slice(0, at), all.slice(at)].map((part) => mergeChanges('text', part).log);
        expect(mergeChanges('text', parts.flat())).toEqual(whole);
        expect(mergeChanges('text', whole.log)).toEqual(whole);
      }),
    );
  });
});

describe('a message', () => {
  it('shows the text of its newest edit', () => {
    const first = change({ what: 'edit', text: 'first', seen: [] }, 1);
    const second = change({ what: 'edit', text: 'second', seen: [first.at] }, 2);
    expect(mergeChanges('sent', [second, first])).toMatchObject({ text: 'second', edit: second, conflicts: [] });
    expect(mergeChanges('sent', [])).toMatchObject({ text: 'sent', edit: undefined });
  });

  it('keeps both of two edits that knew nothing of each other, until one takes up both', () => {
    const phone = change({ what: 'edit', text: 'from the phone', seen: [] }, 1, 'ana', 'd1');
    const desk = change({ what: 'edit', text: 'from the desk', seen: [] }, 2, 'ana', 'd2');
    const both = mergeChanges('sent', [desk, phone]);
    expect(both).toMatchObject({ text: 'from the desk', conflicts: [phone, desk] });
    expect(both.log).toEqual([phone, desk]);
    const settled = change({ what: 'edit', text: 'settled', seen: [phone.at, desk.at] }, 3);
    expect(mergeChanges('sent', [settled, ...both.log])).toMatchObject({ text: 'settled', conflicts: [] });
  });

  it('of two edits at the same moment shows that of the later device, everywhere', () => {
    const one = change({ what: 'edit', text: 'one', seen: [] }, 5, 'ana', 'd1');
    const two = change({ what: 'edit', text: 'two', seen: [] }, 5, 'ana', 'd2');
    expect(mergeChanges('', [one, two]).text).toBe('two');
    expect(mergeChanges('', [two, one]).text).toBe('two');
  });

  it('that is deleted stays deleted, with nothing left of its texts and reactions', () => {
    const deletion = change({ what: 'delete' }, 3);
    const after = change({ what: 'edit', text: 'too late', seen: [] }, 9);
    const merged = mergeChanges('sent', [after, change({ what: 'react', emoji: '👍' }, 1, 'bo'), deletion]);
    expect(merged).toMatchObject({ text: undefined, deletion, reactions: [], log: [deletion] });
    expect(mergeChanges('sent', [...merged.log, after])).toEqual(merged);
  });

  it('has one reaction for each person and emoji, by the last word of each', () => {
    const all = [
      change({ what: 'react', emoji: '👍' }, 1, 'ana'),
      change({ what: 'react', emoji: '👍' }, 2, 'bo'),
      change({ what: 'react', emoji: '🎉' }, 3, 'ana'),
      change({ what: 'unreact', emoji: '👍' }, 4, 'ana'),
    ];
    expect(mergeChanges('', all).reactions).toEqual([
      { emoji: '👍', givers: [{ user: 'bo', at: at(2) }] },
      { emoji: '🎉', givers: [{ user: 'ana', at: at(3) }] },
    ]);
  });

  it('is pinned or not by whoever said so last', () => {
    const pin = change({ what: 'pin' }, 1, 'ana');
    const unpin = change({ what: 'unpin' }, 2, 'bo');
    expect(mergeChanges('', [pin]).pin).toEqual(pin);
    expect(mergeChanges('', [unpin, pin]).pin).toBeUndefined();
  });
});

describe('who may', () => {
  const message = { sender: account('ana'), at: at(10, 'd9') };
  const judge = (what: ChangeDetail, user: string, role: Role, ms = 11) =>
    refusalOfChange(message, change(what, ms, user), role);
  const edit: ChangeDetail = { what: 'edit', text: '', seen: [] };

  it.each(roles)('edit: the author, and no %s', (role) => {
    expect(judge(edit, 'ana', role)).toBeUndefined();
    expect(judge(edit, 'bo', role)).toBe('not-the-author');
  });

  it.each(roles)('delete: the author, and of others who may delete any message (%s)', (role) => {
    expect(judge({ what: 'delete' }, 'ana', role)).toBeUndefined();
    const others = ['owner', 'admin', 'moderator'].includes(role) ? undefined : 'not-allowed';
    expect(judge({ what: 'delete' }, 'bo', role)).toBe(others);
  });

  it('pin: everybody but a guest; react: everybody', () => {
    for (const role of roles) {
      expect(judge({ what: 'pin' }, 'bo', role)).toBe(role === 'guest' ? 'not-allowed' : undefined);
      expect(judge({ what: 'unpin' }, 'ana', role)).toBe(role === 'guest' ? 'not-allowed' : undefined);
      expect(judge({ what: 'react', emoji: '👍' }, 'bo', role)).toBeUndefined();
    }
  });

  it.each([edit, { what: 'delete' }, { what: 'react', emoji: '👍' }, { what: 'pin' }] as const)(
    'nobody does $what to a message before it was written',
    (what) => {
      expect(judge(what, 'ana', 'owner', 9)).toBe('dated-before');
      expect(judge(what, 'ana', 'owner', 10)).toBe('dated-before');
    },
  );
});

it('a reaction is something short that can be seen', () => {
  for (const good of ['👍', '👩🏽‍🚀', '🇮🇳', 'ok', '+1']) expect(isReaction(good)).toBe(true);
  for (const bad of ['', ' ', '👍 👍', 'a\u0000', 'x'.repeat(65), '\n']) expect(isReaction(bad)).toBe(false);
});
