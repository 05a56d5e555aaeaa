import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { serialize } from 'node:v8';
import type { AccountId, ConversationId, GroupId, MessageId } from '../../src/lib/core/ids.ts';
import { authenticatorHashOf, dataOf, groupFromBytes, membersOf } from '../../src/lib/crypto/mls/index.ts';
import type { ChangeMarks } from '../../src/lib/db/changes/apply.ts';
import type { MessageRow, MlsGroupRow } from '../../src/lib/db/store.ts';
import { loadIdentity } from '../../src/lib/services/account.ts';
import { outcomes } from '../../src/lib/sync/outcomes.ts';
import type { Counters } from './counters.ts';
import { databaseOf, type Device } from './device.ts';
import { writesTo } from './life.ts';

/** Every text carries it, so that clear text is found wherever it should not be. */
export const PLANTED = 'heron-';

/** Remembers what was promised, and holds the devices against it. */
export interface Ledger {
  /** A device's person was told that this message is on its way. */
  sent(device: Device, conversation: ConversationId, id: MessageId, text: string): void;
  /** Somebody is about to give a message another text. */
  edits(id: MessageId, text: string): void;
  /** Somebody is about to take a message away, for everybody or on their device alone. */
  deletes(device: Device, id: MessageId, from: 'me' | 'everyone'): void;
  gaveUp(id: string): void;
  /** From here on everything is owed again: the relay has become honest. */
  forgive(): void;
  onWire(body: Uint8Array): void;
  logged(who: string, level: string, event: string, facts: unknown): void;
  /** What is wrong now, in words. */
  check(devices: readonly Device[], people: ReadonlyMap<AccountId, string>): Promise<string | undefined>;
  /** What is wrong once everybody had every chance. */
  checkEnd(devices: readonly Device[]): Promise<string | undefined>;
}

interface Sent {
  readonly from: Device;
  readonly conversation: ConversationId;
  readonly id: MessageId;
  readonly text: string;
  readonly order: number;
}

/** @param isHostile a lying relay may keep messages back and split a group for a while; nothing else changes. */
export function createLedger(counters: Counters, isHostile: boolean): Ledger {
  const sent = new Map<string, Sent>();
  const texts = new Map<string, Set<string>>();
  const deleted = new Set<string>();
  const gaveUp = new Set<string>();
  const forgiven = new Set<string>();
  const seen = new Map<Device, Set<string>>();
  const checkedAt = new Map<Device, number>();
  const epochs = new Map<string, { readonly facts: string; readonly by: string }>();
  const readRevision = new Map<string, number>();
  let people: ReadonlyMap<AccountId, string> = new Map();
  let leak: string | undefined;
  let bug: string | undefined;

  return {
    sent(from, conversation, id, text) {
      sent.set(id, { from, conversation, id, text, order: sent.size });
    },
    edits: (id, text) => void (texts.get(id) ?? texts.set(id, new Set()).get(id))?.add(text),
    deletes: (device, id, from) => void deleted.add(from === 'me' ? `${device.name} ${id}` : id),
    gaveUp: (id) => void gaveUp.add(id),
    forgive() {
      for (const id of sent.keys()) forgiven.add(id);
    },
    onWire(body) {
      if (hasPlanted(body)) leak ??= 'clear text went to the relay';
    },
    logged(who, level, event, facts) {
      const line = `${event} ${JSON.stringify(facts)}`;
      if (line.includes(PLANTED)) leak ??= `clear text in a log: ${event}`;
      if (event === 'sync-broke' || event === 'request-failed') bug ??= `${who}: ${line}`;
      counters.count(`log ${level} ${line}`);
    },
    async check(devices, everybody) {
      people = everybody;
      if (leak !== undefined || bug !== undefined) return leak ?? bug;
      for (const device of devices) {
        // What is wrong with a disk came with a write to it.
        const written = writesTo(device.disk);
        if (checkedAt.get(device) === written) continue;
        checkedAt.set(device, written);
        const broken = (await messagesHold(device)) ?? (await groupsHold(device)) ?? (await inboxHolds(device));
        if (broken !== undefined) return `${device.name}: ${broken}`;
      }
      return undefined;
    },
    async checkEnd(devices) {
      for (const device of devices) {
        const broken = (await outboxIsEmpty(device)) ?? (await diskIsSealed(device));
        if (broken !== undefined) return `${device.name}: ${broken}`;
      }
      return (
        (await converged(devices)) ??
        (await everythingArrived(devices)) ??
        (isHostile ? undefined : allSeeTheSame(devices))
      );
    },
  };

  /** Nothing shown twice, nothing that was there is gone, each sender's messages in the order they wrote them. */
  async function messagesHold(device: Device): Promise<string | undefined> {
    const rows = (await device.store.messages.orderBy('[conversationId+sortKey]').toArray()).filter(
      (row) => row.type !== 'system',
    );
    const before = seen.get(device) ?? new Set();
    const now = new Set<string>();
    const shown = new Set<string>();
    const last = new Map<string, number>();
    for (const row of rows) {
      const text = row.content ?? '';
      if (row.isDeleted && !deleted.has(row.id)) return `taken away by nobody: ${row.id}`;
      if (now.has(row.id) || (!row.isDeleted && shown.has(text))) return `shown twice: ${text}`;
      now.add(row.id);
      shown.add(text);
      const origin = sent.get(row.id);
      // A process that was killed may have kept a message without saying so.
      if (origin === undefined) {
        if (!row.isDeleted && !isBy(text, row.senderId)) return `invented: ${text}`;
        continue;
      }
      const isKnown = row.isDeleted || text === origin.text || texts.get(row.id)?.has(text) === true;
      if (!isKnown || origin.from.account !== row.senderId) return `altered: ${origin.text}`;
      const lane = `${row.conversationId} ${row.senderId}`;
      if (origin.order < (last.get(lane) ?? -1)) return `out of order: ${origin.text}`;
      last.set(lane, origin.order);
    }
    for (const id of before) {
      const isExplained = now.has(id) || gaveUp.has(id) || deleted.has(`${device.name} ${id}`);
      if (!isExplained) return `gone: ${sent.get(id)?.text ?? id}`;
    }
    seen.set(device, now);
    return undefined;
  }

  function isBy(text: string, account: AccountId): boolean {
    return text.startsWith(`${PLANTED}${people.get(account) ?? '?'}-`);
  }

  /** One epoch of a group is the same for everybody, and nobody is in it who was not let in. */
  async function groupsHold(device: Device): Promise<string | undefined> {
    const rows = await device.store.mlsGroups.toArray();
    for (const row of rows) {
      const key = `${device.name} ${row.groupId}`;
      if (row.epoch === 0 || readRevision.get(key) === row.revision) continue;
      readRevision.set(key, row.revision);
      const facts = await factsOf(device, row);
      if (facts === undefined) return 'a stored group does not decode';
      const stranger = facts.accounts.find((account) => !people.has(account));
      if (stranger !== undefined) return `a stranger in ${row.groupId}`;
      const name = `${row.groupId} ${row.epoch}`;
      const known = epochs.get(name);
      if (known === undefined) epochs.set(name, { facts: facts.digest, by: device.name });
      else if (known.facts !== facts.digest && !isHostile) return `${name} differs from ${known.by}'s`;
    }
    return undefined;
  }

  async function inboxHolds(device: Device): Promise<string | undefined> {
    for (const { outcome } of await device.store.inbox.where('status').equals('done').toArray()) {
      if (outcome === undefined || !Object.hasOwn(outcomes, outcome)) return `unclassified: ${outcome ?? 'none'}`;
    }
    return undefined;
  }

  /** What did not go out has failed with a reason. */
  async function outboxIsEmpty(device: Device): Promise<string | undefined> {
    const rows = await device.store.offlineOperations.toArray();
    const waiting = rows.filter((row) => row.status !== 'failed');
    const told = (row: (typeof rows)[number]) =>
      `${row.operationType} ${row.status} ${row.errorMessage ?? ''} in ${row.lane.slice(0, 6)}`;
    const groups = await device.store.mlsGroups.toArray();
    const about = groups.map(({ state: _s, staged, ...row }) => ({ ...row, staged: staged !== undefined }));
    return waiting.length === 0
      ? undefined
      : `${JSON.stringify(about)} still waiting: ${waiting.map(told).join(', ')}; all: ${rows.map(told).join(', ')}`;
  }

  async function diskIsSealed(device: Device): Promise<string | undefined> {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = device.disk.open(databaseOf(device.name));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error('open'));
    });
    try {
      for (const name of database.objectStoreNames) {
        const rows = await new Promise<unknown[]>((resolve) => {
          const request = database.transaction(name).objectStore(name).getAll();
          request.onsuccess = () => resolve(request.result);
        });
        for (const row of rows) if (hasPlanted(serialize(withoutKeys(row)))) return `clear text on disk in ${name}`;
      }
      return undefined;
    } finally {
      database.close();
    }
  }

  /**
   * Groups that a device could not come back to by itself: somebody let others split it, those who could vouch
   * for one half are in the other, and the person was told that it is for them to decide.
   */
  async function undecided(device: Device): Promise<Set<string>> {
    const failed = await device.store.offlineOperations
      .where('[status+createdAt]')
      .between(['failed', 0], ['failed', Infinity])
      .toArray();
    const lanes = failed.filter((row) => row.operationType === 'rejoin' && row.errorMessage === 'state-doubted');
    for (const _ of lanes) counters.count('left to a person');
    return new Set(lanes.map((row) => row.lane));
  }

  /** Everybody who is in a group is in the same epoch of it. */
  async function converged(devices: readonly Device[]): Promise<string | undefined> {
    const heads = new Map<GroupId, { readonly epoch: number; readonly digest: string; readonly by: string }>();
    for (const device of devices) {
      const doubted = isHostile ? await undecided(device) : new Set<string>();
      for (const row of await device.store.mlsGroups.toArray()) {
        if (doubted.has(row.conversationId)) continue;
        const head = heads.get(row.groupId);
        if (head !== undefined && head.epoch !== row.epoch) {
          return `${row.groupId} is at ${row.epoch} for ${device.name}, at ${head.epoch} for ${head.by}`;
        }
        const { digest = '' } = (await factsOf(device, row)) ?? {};
        if (head !== undefined && head.digest !== digest) return `${row.groupId}: ${device.name} and ${head.by} forked`;
        heads.set(row.groupId, { epoch: row.epoch, digest, by: device.name });
      }
    }
    return undefined;
  }

  /** Whatever the relay took is with everybody who was there. */
  async function everythingArrived(devices: readonly Device[]): Promise<string | undefined> {
    for (const { id, text, from } of sent.values()) {
      if (forgiven.has(id)) continue;
      const mine = await from.store.messages.where('id').equals(id).first();
      if (mine === undefined) {
        if (!gaveUp.has(id) && !deleted.has(`${from.name} ${id}`)) return `${from.name} lost ${text}`;
        continue;
      }
      if (mine.status === 'failed') continue;
      if (mine.status === 'queued' || mine.status === 'stale') return `${text} is still ${mine.status}`;
      counters.count('messages sent');
    }
    const doubted = new Map<Device, Set<string>>();
    if (isHostile) for (const device of devices) doubted.set(device, await undecided(device));
    for (const device of devices) {
      const have = new Set((await device.store.messages.toArray()).map((row) => row.id));
      const rows = await device.store.mlsGroups.toArray();
      const groups = new Set<string>(rows.map((row) => row.groupId));
      for (const entry of await device.entries()) {
        const message = sent.get(entry.id);
        if (message === undefined || forgiven.has(message.id) || !groups.has(entry.stream)) continue;
        // Who is in the other half of a split group can't read it.
        if (doubted.get(message.from)?.has(message.conversation)) continue;
        if (doubted.get(device)?.has(message.conversation)) continue;
        counters.count('deliveries due');
        if (!have.has(entry.id as MessageId) && !deleted.has(`${device.name} ${entry.id}`))
          return `${device.name} never got ${message.text}`;
      }
    }
    return undefined;
  }

  /** Devices that the relay handed the same show the same text, reactions and gaps. */
  async function allSeeTheSame(devices: readonly Device[]): Promise<string | undefined> {
    const views = new Map<string, { readonly digest: string; readonly by: string }>();
    for (const device of devices) {
      const streams = new Map<string, string[]>();
      for (const { stream, id } of await device.entries()) streams.set(stream, [...(streams.get(stream) ?? []), id]);
      const unsent = new Set((await device.store.offlineOperations.toArray()).map((row) => row.messageId));
      for (const { groupId, conversationId } of await device.store.mlsGroups.toArray()) {
        const handed = createHash('sha256')
          .update(JSON.stringify(streams.get(groupId) ?? []))
          .digest('hex');
        const rows = await device.store.messages
          .where('[conversationId+sortKey]')
          .between([conversationId, ''], [conversationId, '\uffff'])
          .toArray();
        for (const row of rows) {
          if (row.type === 'system' || unsent.has(row.id) || deleted.has(`${device.name} ${row.id}`)) continue;
          const digest = JSON.stringify([row.isDeleted, row.content, reactionsOf(row)]);
          const name = `${groupId} ${handed} ${row.id}`;
          const known = views.get(name);
          if (known !== undefined) counters.count('views compared');
          if (known !== undefined && known.digest !== digest) {
            return `${row.id} is ${digest} for ${device.name}, ${known.digest} for ${known.by}`;
          }
          views.set(name, { digest, by: device.name });
        }
      }
    }
    return undefined;
  }
}

const reactionsOf = (row: MessageRow): unknown => {
  const { reactions = [] } = (row.metadata ?? {}) as ChangeMarks;
  return reactions.map(({ emoji, users }) => [emoji, [...users].sort()]).sort();
};

interface GroupFacts {
  readonly accounts: readonly AccountId[];
  /** Of authenticator, tree and roster. */
  readonly digest: string;
}

async function factsOf(device: Device, row: MlsGroupRow): Promise<GroupFacts | undefined> {
  const identity = await loadIdentity(device.store);
  const group = identity === undefined ? undefined : groupFromBytes(row.state, identity);
  if (group?.ok !== true) return undefined;
  const members = membersOf(group.value).map(({ leaf, account, device: id }) => [leaf, account, id]);
  const roster = dataOf(group.value).roster.map(({ account, role }) => [account, role] as const);
  const told = JSON.stringify([members, roster]);
  const hash = createHash('sha256').update(authenticatorHashOf(group.value)).update(told);
  return { accounts: roster.map(([account]) => account), digest: hash.digest('hex').slice(0, 16) };
}

const hasPlanted = (bytes: Uint8Array): boolean => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.includes(PLANTED, 0, 'latin1') || buffer.includes(PLANTED, 0, 'utf16le');
};

const withoutKeys = (row: unknown): unknown =>
  typeof row === 'object' && row !== null
    ? Object.fromEntries(Object.entries(row).filter(([, value]) => !(value instanceof CryptoKey)))
    : row;
