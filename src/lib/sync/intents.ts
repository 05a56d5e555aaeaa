import * as v from 'valibot';
import { joinLink } from '../crypto/mls/index.ts';
import { visibilities } from '../domain/groupData.ts';
import { roles } from '../domain/roles.ts';
import {
  accountId,
  bytes,
  bytesUpTo,
  deviceId,
  lifetime,
  messageId,
  natural,
  textUpTo,
  time,
} from '../protocol/fields.ts';
import { limits } from '../protocol/limits.ts';

/**
 * A change of a group that a person wants, kept until the relay has ordered it. It holds what is wanted,
 * not how: each try works out the commit anew from the group as it is by then.
 */
export type Intent = v.InferOutput<typeof intent>;

const person = v.strictObject({ account: accountId, name: textUpTo(limits.name), salt: bytes(16) });
export type Person = v.InferOutput<typeof person>;

const group = { groupId: v.string() };

const size = v.pipe(natural, v.minValue(1), v.maxValue(limits.groupMembers));

const settings = v.strictObject({
  what: v.literal('settings'),
  ...group,
  name: v.exactOptional(textUpTo(limits.name)),
  description: v.exactOptional(textUpTo(limits.description)),
  maxMembers: v.exactOptional(size),
  /** Only moderators and those above them write. */
  isChannel: v.exactOptional(v.boolean()),
  /** How long messages stay; 0: they stay. */
  disappearAfter: v.exactOptional(v.union([v.literal(0), lifetime])),
});
/** What of a group a person may set; what is left out stays as it is. */
export type GroupSettings = Omit<v.InferOutput<typeof settings>, 'what' | 'groupId'>;

/** How a group is made, besides its name and people. */
const nature = {
  isChannel: v.exactOptional(v.literal(true)),
  expiresAt: v.exactOptional(time),
  visibility: v.exactOptional(v.picklist(visibilities)),
  link: v.exactOptional(joinLink),
  maxMembers: v.exactOptional(size),
};

/** Why a device has to come back to a group. */
export const rejoinReasons = ['forked', 'lost', 'copied', 'restored', 'torn'] as const;
export type RejoinReason = (typeof rejoinReasons)[number];

export const intent = v.variant('what', [
  v.strictObject({
    what: v.literal('create'),
    kind: v.picklist(['direct', 'group']),
    ...group,
    name: textUpTo(limits.name),
    people: v.array(person),
    ...nature,
  }),
  /** `asOf`: the epoch that the person knew; who was removed later is not added by it. */
  v.strictObject({ what: v.literal('add'), ...group, people: v.array(person), asOf: v.exactOptional(natural) }),
  v.strictObject({ what: v.literal('remove'), ...group, accounts: v.array(accountId) }),
  v.strictObject({ what: v.literal('role'), ...group, account: accountId, role: v.picklist(roles) }),
  settings,
  /** Another join link in place of the one there is; without one nobody comes by link any more. */
  v.strictObject({ what: v.literal('link'), ...group, link: v.exactOptional(joinLink) }),
  /** Comes into a group by its link; see joinByLink.ts. */
  v.strictObject({ what: v.literal('join'), ...group, token: bytes(32), key: bytes(32) }),
  /** The other becomes owner, oneself an admin. */
  v.strictObject({ what: v.literal('transfer'), ...group, account: accountId }),
  /** `sent`: the note that is on its way, which holds as long as the own leaf does not change; since when, and how often it was said again. */
  v.strictObject({
    what: v.literal('leave'),
    ...group,
    sent: v.exactOptional(bytesUpTo(1024)),
    at: v.exactOptional(time),
    again: v.exactOptional(natural),
  }),
  /** Removes somebody who left with a signed note. */
  v.strictObject({ what: v.literal('release'), ...group, account: accountId, note: bytesUpTo(1024) }),
  /** New keys for this device's leaf; with `ifEpoch` only if nobody else has ended that epoch by then. */
  v.strictObject({ what: v.literal('rotate'), ...group, ifEpoch: v.exactOptional(natural) }),
  /** There is a group of this account's devices alone. */
  v.strictObject({ what: v.literal('own'), ...group }),
  /** Every own device that the account's key speaks for is in the group. */
  v.strictObject({ what: v.literal('devices'), ...group }),
  /** An own device that was revoked is out of the group. */
  v.strictObject({ what: v.literal('revoke'), ...group, device: deviceId }),
  /** Comes back to a group that this device can't follow any more; see rejoin.ts. */
  v.strictObject({
    what: v.literal('rejoin'),
    ...group,
    why: v.picklist(rejoinReasons),
    /** The own history was put forward once already. */
    contended: v.exactOptional(v.literal(true)),
    /** What was asked of the others, and when. */
    plea: v.exactOptional(v.strictObject({ key: bytesUpTo(4096), role: v.picklist(roles), at: time })),
    /** How often nobody answered. */
    unanswered: v.exactOptional(natural),
    /** What one of them answered: a GroupInfo, and the stream's epoch that it is of. */
    answer: v.exactOptional(v.strictObject({ info: bytesUpTo(limits.entry), epoch: natural })),
  }),
  /** Says again what a device of a member could not open. */
  v.strictObject({
    what: v.literal('again'),
    ...group,
    account: accountId,
    device: deviceId,
    ids: v.pipe(v.array(messageId), v.maxLength(limits.askedIds)),
  }),
  /** Gives a member's device that lost its state what it needs to come back. */
  v.strictObject({ what: v.literal('answer'), ...group, device: deviceId, key: bytesUpTo(4096), asOf: natural }),
]);

/** What became of a try. `again`: somebody else's commit came first; catch up and try anew. */
export type Progress = 'done' | 'again' | 'waiting';

export type Wanted<What extends Intent['what']> = Extract<Intent, { what: What }>;
