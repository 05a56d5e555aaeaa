import { sha256 } from '../../../src/lib/crypto/primitives.ts';
import { accountIdOf, createAccountKeys, nameHashOf, signCertificate } from '../../../src/lib/crypto/identity.ts';
import { joinFromWelcome } from '../../../src/lib/crypto/mls/follow.ts';
import {
  CLASSICAL_SUITE,
  createKeyPackages,
  createMlsGroup,
  dataOf,
  epochOf,
  membersOf,
  stageCommit,
  type Change,
  type MlsGroup,
  type MlsIdentity,
  type NewKeyPackage,
  type SuiteId,
} from '../../../src/lib/crypto/mls/index.ts';
import { ed25519 } from '../../../src/lib/crypto/primitives.ts';
import { concat, u32, utf8, type Bytes } from '../../../src/lib/core/bytes.ts';
import { newId, type AccountId, type DeviceId, type GroupId } from '../../../src/lib/core/ids.ts';
import type { Random } from '../../../src/lib/core/ports.ts';
import { unwrap } from '../../../src/lib/core/result.ts';
import { removalOf, type GroupData, type RosterEntry } from '../../../src/lib/domain/groupData.ts';
import type { Role } from '../../../src/lib/domain/roles.ts';
import {
  bytesFromCertificate,
  certificateFromBytes,
  type Certificate,
  type NameCard,
} from '../../../src/lib/protocol/certificate.ts';
import { KEY_PACKAGE_LIFETIME_MS } from '../../../src/lib/protocol/limits.ts';

/** People, devices and groups for the tests of MLS. Identities are seeded; the library's own keys aren't. */

export const NOW = Date.UTC(2026, 0, 15);

/** Bytes that depend on nothing but the seed. */
export function seeded(seed: string): Random {
  let count = 0;
  return {
    bytes(length) {
      let pool: Bytes = new Uint8Array();
      while (pool.length < length) pool = concat(pool, sha256(concat(utf8(seed), u32(count++))));
      return pool.slice(0, length);
    },
  };
}

export interface Device extends MlsIdentity {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly card: NameCard;
}

export interface Person {
  readonly account: AccountId;
  readonly card: NameCard;
  /** Another device of this person, new with each call; `id` gives it the id of one that there is. */
  newDevice(id?: DeviceId): Device;
  /** The certificate of a device with other fields, signed by the account. */
  recertify(device: Device, changes: Partial<Certificate>): Bytes;
}

export function createPerson(name: string, seed = name): Person {
  const random = seeded(seed);
  const keys = createAccountKeys(random);
  const card: NameCard = { name, salt: random.bytes(16) };
  const account = accountIdOf(keys.publicKey);
  return {
    account,
    card,
    recertify(device, changes) {
      const { signature: _old, ...fields } = { ...unwrap(certificateFromBytes(device.certificate)), ...changes };
      return bytesFromCertificate(signCertificate(fields, keys.privateKey));
    },
    newDevice(id) {
      const signature = ed25519.keyPair(random);
      const device = id ?? newId<DeviceId>(random);
      const certificate = signCertificate(
        {
          accountKey: keys.publicKey,
          device,
          signatureKey: signature.publicKey,
          loginKey: ed25519.keyPair(random).publicKey,
          nameHash: nameHashOf(card),
          notBefore: NOW - 1000,
          sequence: 1,
        },
        keys.privateKey,
      );
      return {
        account,
        device,
        card,
        certificate: bytesFromCertificate(certificate),
        signaturePublic: signature.publicKey,
        signaturePrivate: signature.privateKey,
      };
    },
  };
}

export const entry = (person: { account: AccountId; card: NameCard }, role: Role): RosterEntry => ({
  account: person.account,
  role,
  ...person.card,
});

export const groupData = (roster: readonly RosterEntry[], changes: Partial<GroupData> = {}): GroupData => ({
  v: 1,
  kind: 'group',
  name: 'hike',
  description: '',
  maxMembers: 100,
  roster,
  ...changes,
});

/** One KeyPackage of a device. */
export async function packageOf(device: Device, suite: SuiteId = CLASSICAL_SUITE, now = NOW): Promise<NewKeyPackage> {
  const [made] = await createKeyPackages(device, 1, {
    now,
    lastResort: false,
    lifetimeMs: KEY_PACKAGE_LIFETIME_MS,
    suite,
  });
  if (made === undefined) throw new Error('no package');
  return made;
}

/** A group that `owner` has just made, alone in it. */
export const newGroup = (owner: Device, suite: SuiteId = CLASSICAL_SUITE, changes: Partial<GroupData> = {}) =>
  createMlsGroup(
    owner,
    newId<GroupId>(seeded(`group of ${owner.device}`)),
    groupData([entry(owner, 'owner')], changes),
    NOW,
    suite,
  );

/** The roster with people more, with `role`. */
export const withPeople = (group: MlsGroup, people: readonly Device[], role: Role = 'member'): GroupData => {
  const data = dataOf(group);
  const invited = (person: Device) =>
    removalOf(data, person.account) === undefined ? {} : { invited: epochOf(group) };
  const comers = people.map((person) => ({ ...entry(person, role), ...invited(person) }));
  return { ...data, roster: [...data.roster, ...comers] };
};

export const withoutPeople = (group: MlsGroup, people: readonly { account: AccountId }[]): GroupData => {
  const data = dataOf(group);
  return { ...data, roster: data.roster.filter((e) => !people.some((person) => person.account === e.account)) };
};

/** Several people in one group: the first made it, the others came in one commit. */
export async function groupOfPeople(
  devices: readonly Device[],
  options: { suite?: SuiteId; role?: Role } = {},
): Promise<MlsGroup[]> {
  const { suite = CLASSICAL_SUITE, role = 'member' } = options;
  const [owner, ...others] = devices;
  if (owner === undefined) throw new Error('nobody');
  const alone = await newGroup(owner, suite);
  if (others.length === 0) return [alone];
  const packages = await Promise.all(others.map((device) => packageOf(device, suite)));
  const staged = await stage(alone, {
    adds: packages.map((p) => p.publicBytes),
    data: withPeople(alone, others, role),
  });
  const joined: MlsGroup[] = [];
  for (const [i, device] of others.entries()) {
    const bundle = packages[i]?.privateBundle;
    if (bundle === undefined || staged.welcome === undefined) throw new Error('no welcome');
    joined.push(unwrap(await joinFromWelcome(staged.welcome, bundle, device, NOW)));
  }
  return [staged.next, ...joined];
}

export const stage = async (group: MlsGroup, change: Change) => unwrap(await stageCommit(group, change, NOW));

export const leafOf = (group: MlsGroup, device: Device): number => {
  const member = membersOf(group).find((m) => m.device === device.device);
  if (member === undefined) throw new Error('not in the group');
  return member.leaf;
};
