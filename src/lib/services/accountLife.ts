import type { Bytes } from '../core/bytes.ts';
import type { ConversationId } from '../core/ids.ts';
import { err, ok, settle, type Fault, type Result } from '../core/result.ts';
import { ed25519 } from '../crypto/primitives.ts';
import { appendAudit, auditTables } from '../db/auditLog.ts';
import { listDevices } from '../db/devices.ts';
import { settleStorage } from '../db/faults.ts';
import { forgetAllKeys } from '../db/forgetKeys.ts';
import { loadKeyRow } from '../db/keyStore.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import { getSetting, setSetting } from '../db/settings.ts';
import type { Store } from '../db/store.ts';
import * as protocol from '../protocol/account.ts';
import type { Engine } from '../sync/engine.ts';
import { sendRequest } from '../sync/relayClient.ts';
import type { Session } from '../sync/session.ts';
import type { Transport } from '../sync/transport.ts';
import type { AccountDeletion, AccountItem } from './accountClient.ts';
import type { UnlockFault } from './client.ts';
import { openDatabaseKey, type DatabaseKeyPorts } from './openingDatabaseKey.ts';
import { leaveGroup } from './membership.ts';
import type { Viewer } from './viewer.ts';

/** What a person does about their account as a whole. The relay takes the word of its key, session or not. */

export async function viewAccount({ store, identity }: Viewer): Promise<AccountItem> {
  const { account, device } = identity;
  const devices = await listDevices(store, account, 'active');
  return {
    isActive: (await store.users.get(account))?.status !== 'deactivated',
    groups: (await groupsOf(store)).length,
    otherDevices: devices.filter(({ id }) => id !== device).length,
  };
}

/** Name of the setting with the time that this device last said whether the account is active. */
const STATUS_AT = 'account status at';

/** Refused: `status-overtaken`, `network`, what the relay refuses. */
export async function setAccountActive(
  session: Session,
  transport: Transport,
  isActive: boolean,
): Promise<Result<void>> {
  const { store, identity, clock } = session;
  const { account } = identity;
  // Asking makes an account known that was never online.
  const before = await isLetIn(session);
  if (!before.ok) return before;
  if (before.value !== isActive) {
    const at = Math.max(clock.now(), ((await getSetting<number>(store, STATUS_AT)) ?? 0) + 1);
    const signature = await signedByAccount(store, protocol.statusToSign(account, isActive, at));
    const { path } = protocol.setStatus;
    const said = await sendRequest(transport, protocol.setStatus, path, { account, isActive, at, signature });
    if (!said.ok) return said;
    await setSetting(store, STATUS_AT, at, clock.now());
    // The relay passes over what is older than the last word, and does not say so.
    const after = await isLetIn(session);
    if (!after.ok) return after;
    if (after.value !== isActive) return err({ code: 'status-overtaken', retry: 'person' });
  }
  return settle(
    store.tx('rw', ['users', ...auditTables], async () => {
      const now = clock.now();
      await store.users.update(account, { status: isActive ? 'active' : 'deactivated', updatedAt: now });
      const action = isActive ? 'activate' : 'deactivate';
      await appendAudit(store, { eventType: 'account', action, success: true }, now);
    }),
  );
}

/** Whether the relay takes this account's devices. It tells nobody but by letting them in. */
async function isLetIn({ relay }: Session): Promise<Result<boolean>> {
  const answer = await relay.call(protocol.listDevices, protocol.listDevices.path, {});
  if (answer.ok) return ok(true);
  return answer.error.code === 'deactivated' ? ok(false) : answer;
}

/** What deleting ends. */
export interface Deleting {
  readonly ports: DatabaseKeyPorts & { readonly transport: Transport };
  readonly session: Session;
  readonly engine: Engine;
  /** Ends the client and all that it does in the background. */
  dispose(): void;
}

/**
 * See `AccountClient.deleteAccount`. At the device the keys go first, in one transaction: whatever breaks off after
 * it leaves nothing that anybody could open.
 */
export async function deleteAccount(
  { ports, session, engine, dispose }: Deleting,
  { passphrase, scope }: AccountDeletion,
): Promise<Result<void, UnlockFault | Fault>> {
  const { store } = ports;
  const opened = await openDatabaseKey(ports, passphrase);
  if (!opened.ok) return opened;
  opened.value.databaseKey.fill(0);
  if (scope === 'everywhere') {
    const deleted = await deleteAtRelay(session, engine, ports.transport);
    if (!deleted.ok) return deleted;
  }
  engine.dispose();
  const forgotten = await settleStorage(() => forgetAllKeys(store));
  if (!forgotten.ok) return forgotten;
  dispose();
  return settleStorage(() => store.remove());
}

/** Refusals that stand in the way of leaving groups, and not of deleting; a deletion may have been broken off. */
const SHUT_OUT: ReadonlySet<string> = new Set(['deactivated', 'revoked-device', 'deleted-account']);

async function deleteAtRelay(session: Session, engine: Engine, transport: Transport): Promise<Result<void>> {
  const { store, identity } = session;
  const { account } = identity;
  const met = await isLetIn(session);
  if (!met.ok && !SHUT_OUT.has(met.error.code)) return met;
  if (met.ok && met.value) await leaveGroups(session, engine);
  const signature = await signedByAccount(store, protocol.deletionToSign(account));
  const { path } = protocol.deleteAccount;
  const deleted = await sendRequest(transport, protocol.deleteAccount, path, { account, signature });
  return deleted.ok ? ok(undefined) : deleted;
}

/**
 * Says to each group that this person goes. Nobody is waited for: whoever reads the note takes the leaf away. The
 * other side of a direct chat finds a group that nobody answers in.
 */
async function leaveGroups(session: Session, engine: Engine): Promise<void> {
  const { store, logger } = session;
  const groups = await groupsOf(store);
  for (const id of groups) {
    const left = await leaveGroup(session, id);
    if (!left.ok) logger.log('info', 'not-left', { code: left.error.code });
  }
  if (groups.length > 0) await engine.syncNow();
}

/** Conversations that are groups, and that this person has not left. */
async function groupsOf(store: Store): Promise<ConversationId[]> {
  const ids: ConversationId[] = [];
  for (const { id, metadata } of await store.conversations.where('groupId').above('').toArray()) {
    const isIn = (await groupOfConversation(store, id)) !== undefined;
    if (isIn && metadata?.['leaving'] !== true) ids.push(id);
  }
  return ids;
}

async function signedByAccount(store: Store, message: Bytes): Promise<Bytes> {
  const key = (await loadKeyRow(store, 'identity'))?.key;
  if (key === undefined) throw new Error('an account without its key');
  return ed25519.sign(message, key);
}
