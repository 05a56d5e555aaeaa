import { base64urlFromBytes } from '../core/bytes.ts';
import type { ConversationId, GroupId } from '../core/ids.ts';
import { groupOfAnswer, openAnswer, readPlea } from '../crypto/mls/follow.ts';
import { dataOf, epochOf, SUITE, suiteOf, type SuiteId } from '../crypto/mls/index.ts';
import { sha256 } from '../crypto/primitives.ts';
import { finishEntries } from '../db/inbox.ts';
import { waitingIntents } from '../db/outbox.ts';
import { loadMlsGroup } from '../db/mlsGroups.ts';
import type { InboxRow } from '../db/store.ts';
import { entryOf } from '../domain/groupData.ts';
import { outranks } from '../domain/roles.ts';
import { tryRead } from './groupState.ts';
import type { Intent } from './intents.ts';
import { outcomeOfFault, type Outcome } from './outcomes.ts';
import { queueIntent, queueTables } from './queueIntent.ts';
import type { Session } from './session.ts';

/** A member's device asks to be let back in: whoever has the role for it takes on to answer. */
export async function processPlea(
  session: Session,
  conversationId: ConversationId,
  groupId: GroupId,
  row: InboxRow,
): Promise<Outcome> {
  const { store, identity } = session;
  const stored = await loadMlsGroup(store, groupId);
  const group = stored === undefined ? undefined : tryRead(stored, session);
  const plea = group === undefined ? undefined : readPlea(row.payload, group);
  await store.tx('rw', [...queueTables, 'inbox'], async () => {
    if (group !== undefined && plea?.ok === true && plea.value.member.device !== identity.device) {
      const { key, role, member } = plea.value;
      const own = entryOf(dataOf(group), identity.account)?.role ?? 'guest';
      if (own === role || outranks(own, role)) {
        const id = base64urlFromBytes(sha256(row.payload).slice(0, 16));
        const chore = { what: 'answer', groupId, device: member.device, key, asOf: epochOf(group) } as const;
        await queueIntent(session, conversationId, chore, id);
      }
    }
    await finishEntries(store, [{ row, outcome: outcome() }]);
  });
  return outcome();

  function outcome(): Outcome {
    if (plea === undefined) return 'StateTorn';
    return plea.ok ? 'Applied' : outcomeOfFault(plea.error.code);
  }
}

/** What somebody answered to this device's plea: kept with the wish to come back, which uses it. */
export async function processAnswer(session: Session, row: InboxRow): Promise<Outcome> {
  const { store } = session;
  const groupId = groupOfAnswer(row.payload);
  let outcome: Outcome = groupId.ok ? 'OrphanWelcome' : outcomeOfFault(groupId.error.code);
  const operations = groupId.ok ? await waitingIntents(store) : [];
  for (const operation of operations) {
    const wanted = operation.operationData as Intent;
    if (wanted.what !== 'rejoin' || !groupId.ok || wanted.groupId !== groupId.value || wanted.plea === undefined)
      continue;
    const stored = await loadMlsGroup(store, groupId.value);
    const group = stored === undefined ? undefined : tryRead(stored, session);
    const suite = group === undefined ? SUITE : (suiteOf(group) as SuiteId);
    const info = await openAnswer(row.payload, wanted.plea.key, suite);
    outcome = info.ok ? 'Applied' : outcomeOfFault(info.error.code);
    if (!info.ok) continue;
    const operationData = { ...wanted, answer: { info: info.value, epoch: row.epoch } };
    await store.offlineOperations.update(operation.id, { operationData });
  }
  await store.tx('rw', ['inbox'], () => finishEntries(store, [{ row, outcome }]));
  return outcome;
}
