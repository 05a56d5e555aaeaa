import type { AccountId, ConversationId, DeviceId, GroupId, StreamId } from '../core/ids.ts';
import { openSignal, sealSignal } from '../crypto/signal.ts';
import { settleStorage } from '../db/faults.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import { readPreferences } from '../db/preferences.ts';
import type { MlsGroupRow } from '../db/store.ts';
import { signal, type SignalFrame } from '../protocol/signals.ts';
import type { Engine, Link } from '../sync/engine.ts';
import type { Session } from '../sync/session.ts';
import type { Desk } from './desk.ts';
import type { TypingPerson } from './typingClient.ts';

/** While somebody writes it is said this often, and shown for a little longer. */
export const SAID_EVERY_MS = 4_000;
export const SHOWN_MS = 7_000;
/** In a larger group somebody always writes. */
const MOST_PEOPLE = 50;

type Show = (people: readonly TypingPerson[]) => void;

export interface Typing {
  tell(id: ConversationId, isTyping: boolean): Promise<void>;
  watch(id: ConversationId, show: Show): () => void;
}

/** Says and hears who is writing. All of it lies in memory, and goes with the worker. */
export function createTyping(desk: Desk): Typing {
  const writing = new Map<ConversationId, Map<DeviceId, TypingPerson & { readonly cancel: () => void }>>();
  const watchers = new Map<ConversationId, Set<Show>>();
  /** The last word of each device in each group. */
  const heard = new Map<string, number>();
  const said = new Map<ConversationId, { readonly isTyping: boolean; readonly at: number }>();
  let link: Link = 'offline';
  let listening: Engine | undefined;

  return { tell, watch };

  function opened(): Session | undefined {
    const open = desk.open();
    if (open !== undefined && listening !== open.engine) {
      listening = open.engine;
      listening.onSignal((frame) => void settleStorage(() => hear(open.session, frame)));
      listening.watchLink((next) => (link = next));
    }
    return open?.session;
  }

  function watch(id: ConversationId, show: Show): () => void {
    opened();
    const shown = watchers.get(id) ?? new Set();
    watchers.set(id, shown.add(show));
    show(peopleIn(id));
    return () => {
      shown.delete(show);
      if (shown.size === 0) watchers.delete(id);
    };
  }

  async function tell(id: ConversationId, isTyping: boolean): Promise<void> {
    const session = opened();
    const last = said.get(id);
    const now = session?.clock.now() ?? 0;
    const isNews = isTyping
      ? last?.isTyping !== true || Math.abs(now - last.at) >= SAID_EVERY_MS
      : last?.isTyping === true;
    if (session === undefined || !isNews || link === 'offline') return;
    // Before anything is waited for: the next letter comes meanwhile.
    said.set(id, { isTyping, at: now });
    const group = await groupToTell(session, id);
    if (group?.signalKey === undefined) return;
    const place = { group: group.groupId, device: session.identity.device, epoch: group.epoch };
    const payload = sealSignal(new Uint8Array(group.signalKey), place, { isTyping, at: now }, session.random);
    await session.relay.call(signal, signal.path(group.groupId as string as StreamId), { payload });
  }

  async function hear(session: Session, { stream, sender, payload }: SignalFrame): Promise<void> {
    const { store, identity, clock } = session;
    // First of all: what comes while it is off is not shown once it is on.
    if (!(await showsTyping(session))) return;
    const group = await store.mlsGroups.get(stream as string as GroupId);
    if (group?.signalKey === undefined || !watchers.has(group.conversationId)) return;
    const { groupId, conversationId, epoch } = group;
    const opened = openSignal(new Uint8Array(group.signalKey), { group: groupId, device: sender, epoch }, payload);
    const account = (await store.devices.get(sender))?.userId;
    if (opened === undefined || account === undefined || account === identity.account) return;
    if ((await store.contacts.get(account))?.isBlocked === true) return;
    const name = (await store.users.get(account))?.displayName ?? '?';
    const key = `${groupId}/${sender}`;
    if (opened.at <= (heard.get(key) ?? -1)) return;
    heard.set(key, opened.at);
    const people = writing.get(conversationId) ?? new Map<DeviceId, TypingPerson & { cancel: () => void }>();
    writing.set(conversationId, people);
    const before = people.get(sender);
    before?.cancel();
    if (opened.isTyping) people.set(sender, { account, name, cancel: clock.after(SHOWN_MS, () => forget(sender)) });
    else people.delete(sender);
    if ((before !== undefined) !== opened.isTyping) showIn(conversationId);

    function forget(device: DeviceId): void {
      if (people.delete(device)) showIn(conversationId);
    }
  }

  function showIn(id: ConversationId): void {
    const people = peopleIn(id);
    for (const show of watchers.get(id) ?? []) show(people);
  }

  /** Each once, on however many devices they write. */
  function peopleIn(id: ConversationId): readonly TypingPerson[] {
    const byAccount = new Map<AccountId, TypingPerson>();
    for (const { account, name } of writing.get(id)?.values() ?? []) byAccount.set(account, { account, name });
    return [...byAccount.values()];
  }
}

/** The group of a conversation in which this person shows that they write. */
async function groupToTell(session: Session, id: ConversationId): Promise<MlsGroupRow | undefined> {
  const { store } = session;
  const row = await store.conversations.get(id);
  if (row === undefined || !(await showsTyping(session))) return undefined;
  if (row.contactId !== undefined && (await store.contacts.get(row.contactId))?.isBlocked === true) return undefined;
  const members = row.groupId === undefined ? 0 : await store.groupMembers.where('groupId').equals(row.groupId).count();
  const groupId = members > MOST_PEOPLE ? undefined : await groupOfConversation(store, id);
  return groupId === undefined ? undefined : store.mlsGroups.get(groupId);
}

const showsTyping = async ({ store, identity }: Session): Promise<boolean> =>
  (await readPreferences(store, identity.account)).typing;
