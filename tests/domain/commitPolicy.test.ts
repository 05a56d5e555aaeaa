import { describe, expect, test } from 'vitest';
import type { AccountId } from '../../src/lib/core/ids.ts';
import {
  judgeBeginning,
  judgeCommit,
  judgeLeap,
  judgeRejoin,
  judgeState,
  type CommitFacts,
} from '../../src/lib/domain/commitPolicy.ts';
import { heirOf, removalsAfter, type GroupData, type RosterEntry } from '../../src/lib/domain/groupData.ts';
import { roles, type Role } from '../../src/lib/domain/roles.ts';

/** People are named after their roles. */
const id = (name: string) => name as AccountId;
const person = (name: string, role: Role, called = name): RosterEntry => ({
  account: id(name),
  role,
  name: called,
  salt: new Uint8Array(16),
});
const everybody: readonly RosterEntry[] = [...roles.map((role) => person(role, role)), person('member2', 'member')];

const data = (roster: readonly RosterEntry[], changes: Partial<GroupData> = {}): GroupData => ({
  v: 1,
  kind: 'group',
  name: 'hike',
  description: '',
  maxMembers: 100,
  roster,
  ...changes,
});

const key = (byte: number) => new Uint8Array(32).fill(byte);

/** What is left when one person is changed, or gone. */
const but = (name: string, change?: Partial<RosterEntry>): RosterEntry[] =>
  everybody.flatMap((e) => (e.account !== name ? [e] : change === undefined ? [] : [{ ...e, ...change }]));

/** A commit by `committer` that turns everybody into `roster`, one device each, with a path. */
function judge(committer: string, roster: readonly RosterEntry[], facts: Partial<CommitFacts> = {}) {
  const before = facts.before ?? data(everybody);
  const stated = facts.after ?? data(roster);
  // What every commit writes down; tests of these two say otherwise with `after`.
  const after = { infoKey: key(2), removed: removalsAfter(before, stated.roster, 7, facts.leaving), ...stated };
  const accounts = after.roster.map((e) => e.account);
  const was = everybody.map((e) => e.account);
  const verdict = judgeCommit({
    epoch: 7,
    committer: id(committer),
    added: accounts.filter((account) => !was.includes(account)),
    removed: was.filter((account) => !accounts.includes(account)),
    members: accounts,
    leaving: [],
    proposalTypes: ['add', 'remove', 'group_context_extensions'],
    hasPath: true,
    ...facts,
    before,
    after,
  });
  return verdict.ok ? 'allowed' : verdict.error.detail;
}

const by = (allowed: readonly Role[], refusal: string): [Role, string][] =>
  roles.map((role) => [role, allowed.includes(role) ? 'allowed' : refusal]);

describe('who may add', () => {
  test.each(by(['owner', 'admin', 'moderator'], 'may-not-add'))('a member: %s is %s', (role, outcome) => {
    expect(judge(role, [...everybody, person('new', 'member')])).toBe(outcome);
  });

  test('nobody above themselves', () => {
    expect(judge('owner', [...everybody, person('new', 'owner')])).toBe('allowed');
    expect(judge('admin', [...everybody, person('new', 'admin')])).toBe('allowed');
    expect(judge('admin', [...everybody, person('new', 'owner')])).toBe('role-above-own');
    expect(judge('moderator', [...everybody, person('new', 'admin')])).toBe('role-above-own');
  });

  test.each(roles)('everybody a device of their own: %s', (role) => {
    expect(judge(role, everybody, { added: [id(role)], proposalTypes: ['add'] })).toBe('allowed');
  });

  test('another device of somebody else only with the right', () => {
    expect(judge('member', everybody, { added: [id('guest')], proposalTypes: ['add'] })).toBe('may-not-add');
    expect(judge('moderator', everybody, { added: [id('guest')], proposalTypes: ['add'] })).toBe('allowed');
  });

  test('no more than fit', () => {
    const full = { maxMembers: everybody.length };
    const more = [...everybody, person('new', 'member')];
    expect(judge('owner', [], { before: data(everybody, full), after: data(more, full) })).toBe('too-many-members');
    // No limit is set below what is there; a group that is beyond its limit goes on, and gets no larger.
    expect(judge('owner', [], { after: data(everybody, { maxMembers: 2 }) })).toBe('too-many-members');
    const small = { before: data(everybody, { maxMembers: 2 }), after: data(but('guest'), { maxMembers: 2 }) };
    expect(judge('owner', [], small)).toBe('allowed');
  });
});

describe('who may remove', () => {
  test.each(by(['owner', 'admin', 'moderator'], 'may-not-remove'))('a member: %s is %s', (role, outcome) => {
    expect(judge(role, but('member2'))).toBe(outcome);
  });

  test('only downwards, and an owner anybody', () => {
    expect(judge('moderator', but('admin'))).toBe('may-not-remove');
    expect(judge('admin', but('owner', { role: 'admin' }))).toBe('no-owner');
    expect(judge('owner', but('admin'))).toBe('allowed');
    const twoOwners = { before: data(but('admin', { role: 'owner' })), after: data(but('admin')) };
    expect(judge('owner', [], { ...twoOwners, removed: [id('admin')] })).toBe('allowed');
  });

  test('everybody their own other devices, nobody those of people above', () => {
    expect(judge('guest', everybody, { removed: [id('guest')], proposalTypes: ['remove'] })).toBe('allowed');
    expect(judge('moderator', everybody, { removed: [id('admin')], proposalTypes: ['remove'] })).toBe('may-not-remove');
  });

  test('anybody somebody who signed that they leave', () => {
    expect(judge('guest', but('admin'), { leaving: [id('admin')] })).toBe('allowed');
    expect(judge('guest', but('admin'), { leaving: [id('moderator')] })).toBe('may-not-remove');
  });

  test('a note serves only to leave altogether', () => {
    expect(judge('owner', everybody, { leaving: [id('guest')] })).toBe('leave-unrelated');
    const half = { removed: [id('member')], leaving: [id('member')] };
    expect(judge('guest', everybody, half)).toBe('leave-unrelated');
  });

  test('the last owner only with a note, and then the heir owns the group', () => {
    const heir = but('owner').map((e) => (e.account === 'admin' ? { ...e, role: 'owner' as const } : e));
    expect(judge('guest', heir, { leaving: [id('owner')] })).toBe('allowed');
    expect(judge('admin', but('owner'), { leaving: [id('owner')] })).toBe('no-owner');
    expect(judge('admin', heir)).toBe('may-not-remove');
    const usurper = but('owner').map((e) => (e.account === 'guest' ? { ...e, role: 'owner' as const } : e));
    expect(judge('guest', usurper, { leaving: [id('owner')] })).toBe('may-not-change-role');
    // Where another owner stays nobody inherits.
    const second = but('moderator', { role: 'owner' });
    const after = second
      .filter((e) => e.account !== 'owner')
      .map((e) => (e.account === 'admin' ? { ...e, role: 'owner' as const } : e));
    expect(judge('guest', after, { before: data(second), removed: [id('owner')], leaving: [id('owner')] })).toBe(
      'may-not-change-role',
    );
  });

  test('the heir is of the highest role the one with the smallest id', () => {
    expect(heirOf(data(everybody), [id('owner')])).toBe('admin');
    expect(heirOf(data(everybody), [id('owner'), id('admin'), id('moderator')])).toBe('member');
    expect(heirOf(data(everybody), [])).toBeUndefined();
    expect(heirOf(data([person('owner', 'owner')]), [id('owner')])).toBeUndefined();
  });
});

describe('a removal', () => {
  const back = (invited?: number) => [
    ...everybody,
    { ...person('new', 'member'), ...(invited === undefined ? {} : { invited }) },
  ];
  const once = data(everybody, { removed: [{ account: id('new'), epoch: 5 }] });

  test('is remembered by everybody, until the person is back', () => {
    expect(judge('owner', [], { after: data(but('guest'), { removed: [] }) })).toBe('removals-forgotten');
    const other = data(but('guest'), { removed: [{ account: id('guest'), epoch: 3 }] });
    expect(judge('owner', [], { after: other })).toBe('removals-forgotten');
    expect(judge('owner', everybody, { before: once, after: data(everybody, { removed: [] }) })).toBe(
      'removals-forgotten',
    );
    expect(removalsAfter(once, back(6), 7)).toEqual([]);
    expect(removalsAfter(once, but('guest'), 7)).toEqual([
      { account: 'new', epoch: 5 },
      { account: 'guest', epoch: 8 },
    ]);
  });

  test('beats an invitation from before it', () => {
    expect(judge('owner', back(), { before: once })).toBe('removed-since');
    expect(judge('owner', back(4), { before: once })).toBe('removed-since');
    expect(judge('owner', back(5), { before: once })).toBe('allowed');
    expect(judge('owner', back(8), { before: once })).toBe('removed-since');
  });

  test('comes with another info key', () => {
    const same = { before: data(everybody, { infoKey: key(1) }), after: data(but('guest'), { infoKey: key(1) }) };
    expect(judge('owner', [], same)).toBe('info-key-kept');
    expect(judge('owner', [], { ...same, after: data(but('guest'), { infoKey: key(3) }) })).toBe('allowed');
  });
});

describe('a commit from outside', () => {
  test('only takes a device’s own leaf out and back in', () => {
    expect(judgeRejoin(['remove', 'external_init'], true).ok).toBe(true);
    expect(judgeRejoin(['external_init'], true)).toMatchObject({ error: { detail: 'proposal-type' } });
    expect(judgeRejoin(['remove', 'remove', 'external_init'], true)).toMatchObject({
      error: { detail: 'proposal-type' },
    });
    expect(judgeRejoin(['remove', 'external_init'], false)).toMatchObject({ error: { detail: 'not-own-leaf' } });
  });
});

describe('a state that somebody vouches for', () => {
  const leap = (signer: string, after: GroupData, before = data(everybody)) => {
    const verdict = judgeLeap(
      before,
      after,
      id(signer),
      after.roster.map((e) => e.account),
    );
    return verdict.ok ? 'believed' : verdict.error.detail;
  };

  test('is believed as far as the signer might have made it', () => {
    expect(leap('guest', data(everybody, { infoKey: key(9) }))).toBe('believed');
    expect(leap('guest', data(but('member2')))).toBe('may-not-remove');
    expect(leap('owner', data(but('member2'), { name: 'walk' }))).toBe('believed');
    expect(leap('member', data(but('member', { role: 'owner' })))).toBe('may-not-change-role');
    expect(leap('stranger', data(everybody))).toBe('not-a-member');
  });

  test('never brings back who was removed, unless somebody knew', () => {
    const before = data(everybody, { removed: [{ account: id('new'), epoch: 5 }] });
    const comes = (invited: number) => data([...everybody, { ...person('new', 'member'), invited }]);
    expect(leap('owner', comes(4), before)).toBe('removed-since');
    expect(leap('owner', comes(9), before)).toBe('believed');
  });
});

describe('who may change roles', () => {
  test.each(by(['owner', 'admin'], 'may-not-change-role'))('of a member: %s is %s', (role, outcome) => {
    expect(judge(role, but('member2', { role: 'guest' }))).toBe(outcome);
  });

  test('up to their own', () => {
    expect(judge('admin', but('member', { role: 'admin' }))).toBe('allowed');
    expect(judge('admin', but('member', { role: 'owner' }))).toBe('may-not-change-role');
    expect(judge('admin', but('owner', { role: 'member' }))).toBe('no-owner');
    expect(judge('owner', but('member', { role: 'owner' }))).toBe('allowed');
  });

  test('their own: down, never up', () => {
    expect(judge('admin', but('admin', { role: 'guest' }))).toBe('allowed');
    expect(judge('guest', but('guest', { role: 'member' }))).toBe('may-not-change-role');
    expect(judge('admin', but('admin', { role: 'owner' }))).toBe('may-not-change-role');
    expect(judge('owner', but('owner', { role: 'member' }))).toBe('no-owner');
  });
});

describe('who may change what the group says about itself', () => {
  test.each(by(['owner', 'admin'], 'may-not-change-settings'))('name, description, size: %s is %s', (role, outcome) => {
    expect(judge(role, [], { after: data(everybody, { name: 'sea' }) })).toBe(outcome);
    expect(judge(role, [], { after: data(everybody, { description: 'at noon' }) })).toBe(outcome);
    expect(judge(role, [], { after: data(everybody, { maxMembers: 7 }) })).toBe(outcome);
    expect(judge(role, [], { after: data(everybody, { disappearAfter: 3_600_000 }) })).toBe(outcome);
  });

  test('a person their own name, nobody that of others', () => {
    expect(judge('guest', but('guest', { name: 'Gus' }))).toBe('allowed');
    expect(judge('owner', but('guest', { name: 'Gus' }))).toBe('not-own-name');
    expect(judge('owner', but('guest', { salt: new Uint8Array(16).fill(1) }))).toBe('not-own-name');
  });

  test('nobody its kind', () => {
    expect(judge('owner', [], { after: data(everybody, { kind: 'direct' }) })).toBe('kind-changed');
  });
});

describe('what any commit must keep to', () => {
  test.each(['update', 'psk', 'reinit', 'external_init', '4660'])('no proposal of type %s', (type) => {
    expect(judge('owner', everybody, { proposalTypes: [type] })).toBe('proposal-type');
  });

  test('a path, unless it only adds', () => {
    const pathless = { hasPath: false };
    expect(judge('owner', everybody, { ...pathless, added: [id('guest')], proposalTypes: ['add'] })).toBe('allowed');
    expect(judge('owner', everybody, { ...pathless, proposalTypes: [] })).toBe('path-missing');
    expect(judge('owner', but('guest'), { ...pathless, proposalTypes: ['add', 'remove'] })).toBe('path-missing');
    expect(judge('owner', everybody, { ...pathless, proposalTypes: ['group_context_extensions'] })).toBe(
      'path-missing',
    );
  });

  test.each(roles)('renewing keys is free to %s', (role) => {
    expect(judge(role, everybody, { proposalTypes: [] })).toBe('allowed');
  });

  test('roster and tree name the same people', () => {
    expect(judge('owner', everybody, { members: [id('owner')] })).toBe('roster-tree-mismatch');
    expect(judge('owner', but('guest'), { members: everybody.map((e) => e.account) })).toBe('roster-tree-mismatch');
    const hidden = [...everybody.map((e) => e.account), id('hidden')];
    expect(judge('owner', everybody, { added: [id('hidden')], members: hidden })).toBe('roster-tree-mismatch');
  });

  test('nobody is listed twice', () => {
    expect(judge('owner', [...everybody, person('guest', 'owner')], { added: [] })).toBe('roster-repeats');
  });

  test('it is made by a member', () => {
    expect(judge('stranger', everybody, { proposalTypes: [] })).toBe('not-a-member');
  });
});

describe('a group', () => {
  test('of the own devices is for one account', () => {
    const own = (...roster: RosterEntry[]) => data(roster, { kind: 'own', maxMembers: 10 });
    const [ana, bo] = [person('ana', 'owner'), person('bo', 'member')];
    const device = { before: own(ana), after: own(ana), added: [id('ana')], proposalTypes: ['add'] };
    expect(judge('ana', [], device)).toBe('allowed');
    const stranger = { before: own(ana), after: own(ana, bo), added: [id('bo')] };
    expect(judge('ana', [], stranger)).toBe('own-is-for-one');
    expect(judgeState(own(ana, bo), [id('ana'), id('bo')])).toMatchObject({ error: { detail: 'own-is-for-one' } });
  });
});

describe('a direct chat', () => {
  const ana = person('ana', 'owner');
  const bo = person('bo', 'owner');
  const direct = (...roster: RosterEntry[]) => data(roster, { kind: 'direct' });
  function change(committer: string, before: GroupData, after: GroupData, facts: Partial<CommitFacts> = {}) {
    const was = before.roster.map((e) => e.account);
    const is = after.roster.map((e) => e.account);
    return judge(committer, [], {
      before,
      after,
      added: is.filter((account) => !was.includes(account)),
      removed: was.filter((account) => !is.includes(account)),
      ...facts,
    });
  }

  test('begins with one, takes a second, and is closed then', () => {
    expect(change('ana', direct(ana), direct(ana, bo))).toBe('allowed');
    expect(change('ana', direct(ana, bo), direct(ana, bo, person('cy', 'owner')))).toBe('direct-is-for-two');
    expect(change('ana', direct(ana, bo), direct(ana))).toBe('direct-is-for-two');
    expect(change('ana', direct(ana, bo), direct(ana, person('cy', 'owner')))).toBe('direct-is-for-two');
    expect(change('ana', direct(ana, bo), direct(ana), { leaving: [id('bo')] })).toBe('direct-is-for-two');
  });

  test('both stand alike', () => {
    expect(change('ana', direct(ana), direct(ana, person('bo', 'member')))).toBe('direct-is-for-two');
    const demoted = direct(ana, person('bo', 'guest'));
    expect(change('ana', direct(ana, bo), demoted)).toBe('direct-is-for-two');
  });

  test('each adds and removes devices of their own', () => {
    const same = direct(ana, bo);
    expect(change('bo', same, same, { added: [id('bo')], proposalTypes: ['add'] })).toBe('allowed');
    expect(change('bo', same, same, { removed: [id('bo')], proposalTypes: ['remove'] })).toBe('allowed');
  });
});

describe('a group one finds or makes', () => {
  const owner = person('owner', 'owner');
  test('begins with its maker alone, as owner', () => {
    expect(judgeBeginning(data([owner]), id('owner')).ok).toBe(true);
    for (const roster of [[], everybody, [person('owner', 'admin')], [person('other', 'owner')]]) {
      expect(judgeBeginning(data(roster), id('owner')).ok).toBe(false);
    }
  });

  test('is refused by a newcomer when its roster is not its tree', () => {
    const accounts = everybody.map((e) => e.account);
    expect(judgeState(data(everybody), [...accounts, id('guest')]).ok).toBe(true);
    expect(judgeState(data(everybody), accounts.slice(1))).toMatchObject({ error: { detail: 'roster-tree-mismatch' } });
    const ownerless = but('owner');
    expect(
      judgeState(
        data(ownerless),
        ownerless.map((e) => e.account),
      ),
    ).toMatchObject({ error: { detail: 'no-owner' } });
  });
});
