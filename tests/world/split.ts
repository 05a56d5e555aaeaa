import type { Bytes } from '../../src/lib/core/bytes.ts';
import type { ConversationId, GroupId } from '../../src/lib/core/ids.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import { groupFromBytes, type MlsGroup } from '../../src/lib/crypto/mls/index.ts';
import { limits } from '../../src/lib/protocol/limits.ts';
import { catchUp } from '../../src/lib/protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import { loadIdentity } from '../../src/lib/services/account.ts';
import { accountOf, must, type Person, type World } from './world.ts';

/** Groups that a relay shows two histories. */

/** Ana, who owns the group “Hike”, Bo and Cy. */
export async function trioIn(w: World): Promise<{ id: ConversationId; ana: Person; bo: Person; cy: Person }> {
  const [ana, bo, cy] = [await w.person('Ana'), await w.person('Bo'), await w.person('Cy')];
  await ana.knows(bo, cy);
  await w.settle();
  const id = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo), await accountOf(cy)] }));
  await w.settle();
  return { id, ana, bo, cy };
}

export async function stateOf(person: Person, id: ConversationId): Promise<MlsGroup> {
  const row = await person.store.mlsGroups.get(id as string as GroupId);
  const identity = await loadIdentity(person.store);
  if (row === undefined || identity === undefined) throw new Error(`${person.name} has no such group`);
  return unwrap(groupFromBytes(row.state, identity));
}

/** A catch-up answer with another commit in the place of the one in it. */
export function withCommit(body: Bytes, commit: Bytes): Bytes {
  const answer = unwrap(valueFromCbor(catchUp.answer, body, 2 * limits.body));
  const entries = answer.entries.map((entry) => (entry.kind === 'commit' ? { ...entry, payload: commit } : entry));
  return cborFromValue({ ...answer, entries });
}
