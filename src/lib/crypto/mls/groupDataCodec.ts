import * as v from 'valibot';
import { compare, type Bytes } from '../../core/bytes.ts';
import { bytesFromId } from '../../core/ids.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { linkPasswords, MOST_REMOVALS, visibilities, type GroupData } from '../../domain/groupData.ts';
import { roles } from '../../domain/roles.ts';
import { wireFault, type WireFault } from '../../protocol/errors.ts';
import { accountId, bytes, bytesUpTo, lifetime, natural, textUpTo, time } from '../../protocol/fields.ts';
import { limits } from '../../protocol/limits.ts';
import { cborFromValue, valueFromCbor } from '../../protocol/wire.ts';

/** Most bytes of the encoded extension: 2,000 people with long names. */
const LIMIT = 1024 * 1024;
const NOTE_LIMIT = 128;

/** {@link GroupData.link}. */
export const joinLink = v.strictObject({
  secret: bytes(16),
  key: bytes(32),
  password: v.exactOptional(v.picklist(linkPasswords)),
});

const schema = v.strictObject({
  v: v.literal(1),
  kind: v.picklist(['direct', 'group', 'own']),
  name: textUpTo(limits.name),
  description: textUpTo(limits.description),
  maxMembers: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(limits.groupMembers)),
  roster: v.array(
    v.strictObject({
      account: accountId,
      role: v.picklist(roles),
      name: textUpTo(limits.name),
      salt: bytes(16),
      invited: v.exactOptional(natural),
    }),
  ),
  removed: v.exactOptional(
    v.pipe(
      v.array(v.strictObject({ account: accountId, epoch: natural, left: v.exactOptional(v.literal(true)) })),
      v.minLength(1),
      v.maxLength(MOST_REMOVALS),
    ),
  ),
  infoKey: v.exactOptional(bytes(32)),
  visibility: v.exactOptional(v.picklist(visibilities)),
  link: v.exactOptional(joinLink),
  isChannel: v.exactOptional(v.literal(true)),
  expiresAt: v.exactOptional(time),
  disappearAfter: v.exactOptional(lifetime),
  /** Leave notes that the commit which wrote this data acts on; see leave.ts. */
  left: v.array(bytesUpTo(NOTE_LIMIT)),
});

/** The content of the group data extension: what the group says, and why people left just now. */
export interface DataExtension {
  readonly data: GroupData;
  readonly left: readonly Bytes[];
}

/** Deterministic CBOR, the roster in the order of account ids. Refused: a value outside the limits. */
export function bytesFromData({ data, left }: DataExtension): Result<Bytes, WireFault> {
  const { kind, name, description, maxMembers, infoKey, isChannel, visibility, link, expiresAt, disappearAfter } = data;
  const roster = data.roster
    .map(({ account, role, name, salt, invited }) => ({ account, role, name, salt, invited }))
    .sort((a, b) => compareIds(a.account, b.account));
  const removed = data.removed?.length === 0 ? undefined : data.removed;
  const rules = { infoKey, visibility, link, isChannel, expiresAt, disappearAfter };
  const encoded = cborFromValue({ v: 1, kind, name, description, maxMembers, roster, removed, ...rules, left });
  const readable = dataFromBytes(encoded);
  return readable.ok ? ok(encoded) : readable;
}

/** Refused: anything that {@link bytesFromData} would not have written. */
export function dataFromBytes(encoded: Uint8Array): Result<DataExtension, WireFault> {
  const decoded = valueFromCbor(schema, encoded, LIMIT);
  if (!decoded.ok) return decoded;
  const { left, ...data } = decoded.value;
  const isAscending = data.roster.every((entry, i) => {
    const next = data.roster[i + 1];
    return next === undefined || compareIds(entry.account, next.account) < 0;
  });
  return isAscending ? ok({ data, left }) : err(wireFault('malformed', 'roster order'));
}

const compareIds = (a: string, b: string): number => compare(bytesFromId(a), bytesFromId(b));
