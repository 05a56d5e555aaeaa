import { err, ok } from '../core/result.ts';
import type { AccountId } from '../core/ids.ts';
import { dataOf, epochOf, groupInfoBytes, membersOf, suiteOf, type MlsGroup } from '../crypto/mls/index.ts';
import type { MlsGroupRow, OfflineOperationRow } from '../db/store.ts';
import { entryOf, heirOf, removalOf, type GroupData, type RosterEntry } from '../domain/groupData.ts';
import { claimPackages } from './claims.ts';
import { read } from './groupState.ts';
import type { Person, Wanted } from './intents.ts';
import type { Committing, Plan, Planned } from './planned.ts';
import type { Session } from './session.ts';

/** Works out the commit for a change of a group that is there; see {@link Planned}. */
export async function planChange(
  session: Session,
  operation: OfflineOperationRow,
  wanted: Exclude<Committing, { what: 'create' | 'own' }>,
  stored: MlsGroupRow | undefined,
): Promise<Planned> {
  if (stored === undefined) return err({ code: 'not-a-member', retry: 'person' });
  const group = read(stored, session);
  const data = dataOf(group);
  switch (wanted.what) {
    case 'add':
      return planAddition(session, operation, wanted, group);
    case 'remove':
      return ok(without(group, data, wanted.accounts));
    case 'release': {
      const change = without(group, data, [wanted.account]);
      if (change?.data === undefined) return ok(undefined);
      const leaving = [wanted.account];
      return ok({ ...change, data: inherited(data, change.data, leaving), leaveNotes: [wanted.note], leaving });
    }
    case 'role': {
      const entry = entryOf(data, wanted.account);
      if (entry === undefined) return err({ code: 'member-gone', retry: 'person' });
      if (entry.role === wanted.role) return ok(undefined);
      return ok({ group, data: withRoles(data, new Map([[wanted.account, wanted.role]])) });
    }
    case 'transfer': {
      const { account } = session.identity;
      if (entryOf(data, wanted.account) === undefined) return err({ code: 'member-gone', retry: 'person' });
      if (entryOf(data, account)?.role !== 'owner') return err({ code: 'not-allowed', retry: 'person' });
      const given = new Map([[wanted.account, 'owner'] as const, [account, 'admin'] as const]);
      return ok({ group, data: withRoles(data, given) });
    }
    case 'settings':
      return ok(planSettings(group, data, wanted));
    case 'link': {
      const { link: _was, ...rest } = data;
      return ok({ group, data: { ...rest, ...(wanted.link === undefined ? {} : { link: wanted.link }) } });
    }
    case 'devices':
    case 'revoke':
      return (await import('./planOwnDevices.ts')).planOwnDevices(session, operation, wanted, group);
    case 'rotate':
      return ok(wanted.ifEpoch !== undefined && epochOf(group) !== wanted.ifEpoch ? undefined : { group });
    case 'answer':
      return ok(planAnswer(session, wanted, group));
  }
}

async function planAddition(
  session: Session,
  operation: OfflineOperationRow,
  wanted: Wanted<'add'>,
  group: MlsGroup,
): Promise<Planned> {
  const data = dataOf(group);
  const asOf = wanted.asOf ?? 0;
  const missing = wanted.people.filter(({ account }) => entryOf(data, account) === undefined);
  if (missing.length === 0) return ok(undefined);
  // Removal beats stale addition: whoever was removed after the person decided stays out.
  const isStale = ({ account }: Person) => (removalOf(data, account)?.epoch ?? 0) > asOf;
  const stale = missing.filter(isStale);
  const welcome = missing.filter((one) => !isStale(one));
  if (welcome.length === 0) return err({ code: 'removed-meanwhile', retry: 'person' });
  const claimed = await claimPackages(session, operation.id, welcome, suiteOf(group));
  if (!claimed.ok) return claimed;
  const { claims, reached, unreached } = claimed.value;
  const comers = reached.map((one) => ({
    ...one,
    role: 'member' as const,
    ...(removalOf(data, one.account) === undefined ? {} : { invited: asOf }),
  }));
  return ok({
    group,
    adds: claims,
    data: { ...data, roster: [...data.roster, ...comers] },
    leftOver: [
      { people: unreached, reason: 'later' },
      { people: stale, reason: 'removed-meanwhile' },
    ],
  });
}

function without(group: MlsGroup, data: GroupData, accounts: readonly AccountId[]): Plan | undefined {
  const present = accounts.filter((account) => entryOf(data, account) !== undefined);
  if (present.length === 0) return undefined;
  const roster = data.roster.filter((entry) => !present.includes(entry.account));
  return { group, removes: present, data: { ...data, roster } };
}

/** When the last owner leaves, the heir owns the group. */
function inherited(before: GroupData, after: GroupData, leaving: readonly AccountId[]): GroupData {
  const heir = heirOf(before, leaving);
  return heir === undefined ? after : withRoles(after, new Map([[heir, 'owner']]));
}

const withRoles = (data: GroupData, given: ReadonlyMap<AccountId, RosterEntry['role']>): GroupData => ({
  ...data,
  roster: data.roster.map((entry) => ({ ...entry, role: given.get(entry.account) ?? entry.role })),
});

function planSettings(group: MlsGroup, data: GroupData, wanted: Wanted<'settings'>): Plan | undefined {
  const { name, description, maxMembers, isChannel } = wanted;
  const { isChannel: was, disappearAfter: stayed, ...rest } = data;
  const is = isChannel ?? was === true;
  const stay = wanted.disappearAfter ?? stayed ?? 0;
  const next: GroupData = {
    ...rest,
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(maxMembers === undefined ? {} : { maxMembers }),
    ...(is ? { isChannel: true } : {}),
    ...(stay === 0 ? {} : { disappearAfter: stay }),
  };
  const isSame =
    next.name === data.name &&
    next.description === data.description &&
    next.maxMembers === data.maxMembers &&
    next.isChannel === data.isChannel &&
    next.disappearAfter === data.disappearAfter;
  return isSame ? undefined : { group, data: next };
}

/** New keys, and what comes of them for the one who asked; unless somebody answered before us. */
function planAnswer({ clock }: Session, wanted: Wanted<'answer'>, group: MlsGroup): Plan | undefined {
  if (epochOf(group) > wanted.asOf || !membersOf(group).some(({ device }) => device === wanted.device))
    return undefined;
  const seal = async (next: MlsGroup) => {
    const { sealToPlea } = await import('../crypto/mls/follow.ts');
    return sealToPlea(next, wanted.key, await groupInfoBytes(next, clock.now()));
  };
  return { group, answer: { device: wanted.device, seal } };
}
