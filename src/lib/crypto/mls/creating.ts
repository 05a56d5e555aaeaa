import { createGroup } from 'ts-mls/clientState.js';
import { bytesFromId, type GroupId } from '../../core/ids.ts';
import { unwrap } from '../../core/result.ts';
import { judgeBeginning } from '../../domain/commitPolicy.ts';
import type { GroupData } from '../../domain/groupData.ts';
import { KEY_PACKAGE_LIFETIME_MS } from '../../protocol/limits.ts';
import { extensionsOf } from './commits.ts';
import { configAt } from './config.ts';
import { groupOf, membersOf, type MlsGroup, type MlsIdentity } from './group.ts';
import { generatePair, KEY_PACKAGE_SKEW_MS } from './keyPackages.ts';
import { algorithmsOf, SUITE, type SuiteId } from './suite.ts';
import { checkMembers } from './transition.ts';

/**
 * A new group with this device alone in it, in epoch 0 (RFC 9420 §11).
 * @param data its roster is this account alone, as owner; anything else is a bug and throws.
 */
export async function createMlsGroup(
  identity: MlsIdentity,
  groupId: GroupId,
  data: GroupData,
  now: number,
  suite: SuiteId = SUITE,
): Promise<MlsGroup> {
  const notBefore = Math.floor((now - KEY_PACKAGE_SKEW_MS) / 1000);
  const lifetime = { notBefore, notAfter: notBefore + KEY_PACKAGE_LIFETIME_MS / 1000 };
  const pair = await generatePair(identity, suite, lifetime);
  const state = await createGroup(
    bytesFromId(groupId),
    pair.publicPackage,
    pair.privatePackage,
    unwrap(extensionsOf({ data, left: [] })),
    await algorithmsOf(suite),
    configAt(now).config,
  );
  const group = groupOf(state);
  const [maker] = membersOf(group);
  if (maker === undefined) throw new TypeError('a group without its maker');
  unwrap(judgeBeginning(data, maker.account));
  unwrap(checkMembers(data, [maker]));
  return group;
}
