import { base64urlFromBytes } from '../core/bytes.ts';
import type { GroupId } from '../core/ids.ts';
import { authenticateRun, type AuthenticatedRun } from '../crypto/senderKey/authenticate.ts';
import { chainToBytes } from '../crypto/senderKey/chain.ts';
import { readHeader } from '../crypto/senderKey/layout.ts';
import { openAuthenticated, type OpenedRecord } from '../crypto/senderKey/open.ts';
import { chainAt, saveChain } from '../db/senderKeys.ts';
import type { InboxRow, SenderKeyRow } from '../db/store.ts';
import { chainOf } from './storedChain.ts';
import { outcomeOfFault, type Outcome } from './outcomes.ts';
import type { Session } from './session.ts';

/** Records of one group, sorted by chain and authenticated, before the transaction that opens them. */
export interface Batch {
  readonly rows: readonly InboxRow[];
  readonly runs: readonly Run[];
  /** What became of records that no chain opens. */
  readonly outcomes: Map<InboxRow, Outcome>;
}

interface Run {
  readonly sender: SenderKeyRow;
  readonly rows: readonly InboxRow[];
  readonly authenticated: AuthenticatedRun;
}

export interface Opened {
  readonly row: InboxRow;
  readonly sender: SenderKeyRow;
  readonly record: OpenedRecord;
}

/**
 * Sorts records into the runs of their chains and finds out which of them their senders wrote. The
 * platform's signatures are fast but answer later, so this comes before the transaction; what it finds
 * holds for whatever state the chain is in by then.
 */
export async function authenticateBatch(session: Session, groupId: GroupId, rows: readonly InboxRow[]): Promise<Batch> {
  const { store, identity } = session;
  const present = (await store.mlsGroups.get(groupId))?.epoch ?? 0;
  const outcomes = new Map<InboxRow, Outcome>();
  const byChain = new Map<string, { epoch: number; leaf: number; rows: InboxRow[] }>();
  for (const row of rows) {
    const header = readHeader(row.payload);
    if (!header.ok) {
      outcomes.set(row, outcomeOfFault(header.error.code));
    } else if (base64urlFromBytes(header.value.groupId) !== groupId || header.value.messageId !== row.id) {
      outcomes.set(row, 'Tampered');
    } else {
      const { epoch, leaf } = header.value;
      const run = byChain.get(`${epoch} ${leaf}`) ?? { epoch, leaf, rows: [] };
      run.rows.push(row);
      byChain.set(`${epoch} ${leaf}`, run);
    }
  }

  const runs: Run[] = [];
  for (const { epoch, leaf, rows: ofChain } of byChain.values()) {
    const sender = await chainAt(store, groupId, epoch, leaf);
    if (sender === undefined) {
      // What is to come waits for the commit that leads there, or for a return to where the others are.
      for (const row of ofChain) outcomes.set(row, epoch > present ? 'FutureEpoch' : 'SentBeforeJoin');
    } else if (sender.deviceId === identity.device) {
      for (const [row, outcome] of await echoes(sender, ofChain)) outcomes.set(row, outcome);
    } else {
      const records = ofChain.map((row) => row.payload);
      runs.push({ sender, rows: ofChain, authenticated: await authenticateRun(chainOf(sender), records) });
    }
  }
  return { rows, runs, outcomes };
}

/**
 * Our own chain is for sealing: what we sent comes back as an echo, never to be opened. What is ahead of the
 * chain, and signed by us, another copy of this device has sealed.
 */
async function echoes(chain: SenderKeyRow, rows: readonly InboxRow[]): Promise<(readonly [InboxRow, Outcome])[]> {
  const ahead = rows.filter((row) => {
    const header = readHeader(row.payload);
    return header.ok && header.value.iteration >= chain.iteration;
  });
  const { authentic } = await authenticateRun(
    chainOf(chain),
    ahead.map((row) => row.payload),
  );
  const foreign = new Set(authentic.map(({ index }) => ahead[index]));
  return rows.map((row) => [row, foreign.has(row) ? 'StateTorn' : 'OwnEcho']);
}

/** Opens a batch inside the caller's transaction and moves its chains on. @returns in the order of the log. */
export async function openBatch(session: Session, batch: Batch): Promise<Opened[]> {
  const { store, clock } = session;
  const now = clock.now();
  const opened = new Map<InboxRow, Opened>();
  for (const { sender, rows, authenticated } of batch.runs) {
    const stored = (await chainAt(store, sender.groupId, sender.epoch, sender.leaf)) ?? sender;
    const chain = chainOf(stored);
    const { results, next } = openAuthenticated(chain, authenticated, now);
    for (const [i, result] of results.entries()) {
      const row = rows[i];
      if (row === undefined) continue;
      if (result.ok) opened.set(row, { row, sender: stored, record: result.value });
      else batch.outcomes.set(row, outcomeOfFault(result.error.code));
    }
    if (next !== chain) {
      await saveChain(store, { ...stored, chainKey: chainToBytes(next), iteration: next.iteration, updatedAt: now });
    }
  }
  return batch.rows.flatMap((row) => opened.get(row) ?? []);
}
