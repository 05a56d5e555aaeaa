import type { AccountId, ConversationId, DeviceId } from '../core/ids.ts';
import { accountIdOf, inviteChecksum, notesConversationId } from '../crypto/identity.ts';
import { getContact, updateContact } from '../db/contacts.ts';
import { getDevice, reviewDevices, updateDevice } from '../db/devices.ts';
import { markReadUpTo, markUnreadFrom } from '../db/messages/readState.ts';
import { messageTables } from '../db/messages/whole.ts';
import { reactivateRoom } from '../db/rooms.ts';
import type { ConversationRow } from '../db/store.ts';
import { markThreadsRead } from '../db/threads.ts';
import { updatePreferences, updateSecuritySettings } from '../db/users.ts';
import type { OwnRule, Plain } from '../domain/ownState.ts';
import { codeFromInvite, inviteFromCode } from '../protocol/invite.ts';
import type { Composer } from '../sync/compose.ts';
import { readFolders, saveFolders } from './folders.ts';
import { importedOf } from './imported.ts';
import { addPerson } from './people.ts';

/**
 * What of this device's rows a person's other devices are to have: read from the rows as values by subject and name,
 * and written back to them.
 *
 * Subjects: `c/` and a conversation, `p/` and a person, `d/` and an own device, `f/` and a folder, `s` for settings.
 */
export type Things = ReadonlyMap<string, Readonly<Record<string, Plain>>>;

/** Tables that {@link writeThings} writes, besides those that are read. */
export const thingTables = [
  ...messageTables,
  'threads',
  'users',
  'contacts',
  'devices',
  'groups',
  'groupMembers',
] as const;

interface Kind {
  readonly rule: OwnRule;
  /** What a row has before anybody set anything. Without one, whatever is there was set. */
  readonly unset?: Plain;
  fits(value: Plain): boolean;
}

const isFlag = (value: Plain | undefined): value is boolean => typeof value === 'boolean';
const isText = (value: Plain | undefined): value is string => typeof value === 'string';
const flag: Kind = { rule: 'last', unset: false, fits: isFlag };
const text: Kind = { rule: 'text', unset: '', fits: isText };
const oneOf = (...values: readonly Plain[]): Kind => ({ rule: 'last', fits: (value) => values.includes(value) });

/** What is kept together, by the first letter of the subject and by name. */
const KINDS: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  c: {
    read: { rule: 'place', unset: '', fits: isText },
    pin: flag,
    mute: flag,
    archive: flag,
    unread: flag,
    draft: text,
    /** Of the notes to oneself: what they are called once somebody opened them, and how long they stay. */
    open: { rule: 'last', unset: '', fits: isText },
    stay: { rule: 'last', unset: 0, fits: (value) => typeof value === 'number' },
  },
  p: {
    /** Their invite code: who they are, and what they are called. */
    card: { rule: 'last', fits: isText },
    verified: flag,
    blocked: flag,
    notes: text,
  },
  d: { name: { rule: 'last', unset: '', fits: isText } },
  /** Without a name it was removed. What is in it has a field of its own each. */
  f: { name: { rule: 'last', unset: '', fits: isText } },
  s: {
    theme: oneOf('system', 'light', 'dark'),
    notifications: oneOf('all', 'mentions', 'none'),
    showsContent: oneOf(true, false),
    readReceipts: oneOf(true, false),
    typing: oneOf(true, false),
    undoSend: oneOf(0, 5, 10),
    blockOnIdentityChange: oneOf(true, false),
  },
};

/** Before a conversation's id: whether it is in the folder. */
const WITHIN = 'in/';

/** How a field is put together; `undefined` for what a later app keeps and this one does not know. */
export const kindOf = (subject: string, name: string): Kind | undefined => {
  const kinds = KINDS[subject.slice(0, 1)];
  if (subject.startsWith('f') && name.startsWith(WITHIN)) return flag;
  return kinds !== undefined && Object.hasOwn(kinds, name) ? kinds[name] : undefined;
};

/**
 * All that this device has, inside the caller's transaction or a live query.
 * @param known names of the fields that are known of each subject: a folder that went is told by what is not there
 */
export async function readThings(
  { store, identity }: Pick<Composer, 'store' | 'identity'>,
  known: ReadonlyMap<string, readonly string[]>,
): Promise<Things> {
  const things = new Map<string, Record<string, Plain>>();
  const notes = notesConversationId(identity.account);
  for (const row of await store.conversations.toArray()) {
    if (importedOf(row) !== undefined) continue;
    things.set(`c/${row.id}`, { ...ofConversation(row), ...(row.id === notes ? ofNotes(row) : {}) });
  }
  for (const row of await store.contacts.toArray()) {
    const user = await store.users.get(row.contactId);
    const { isVerified: verified, isBlocked: blocked } = row;
    const invite = { accountKey: row.publicKey, name: row.displayName, salt: user?.nameSalt ?? NO_SALT };
    const card = user?.nameSalt === undefined ? {} : { card: codeFromInvite(invite, inviteChecksum) };
    things.set(`p/${row.contactId}`, { ...card, verified, blocked, notes: row.notes ?? '' });
  }
  for (const { id, deviceName } of await store.devices.where('userId').equals(identity.account).toArray())
    things.set(`d/${id}`, { name: deviceName });
  const self = await store.users.get(identity.account);
  const chosen = { ...self?.preferences, ...self?.securitySettings };
  things.set('s', Object.fromEntries(Object.entries(chosen).filter(([name]) => Object.hasOwn(KINDS['s'] ?? {}, name))));
  const folders = new Map((await readFolders(store)).map((folder) => [`f/${folder.id}`, folder]));
  const named = [...known.keys()].filter((subject) => subject.startsWith('f/'));
  for (const subject of new Set([...named, ...folders.keys()])) {
    const { name = '', conversations = [] } = folders.get(subject) ?? {};
    const were = (known.get(subject) ?? []).filter((field) => field.startsWith(WITHIN));
    const within = new Map<string, Plain>(were.map((field) => [field, false]));
    for (const id of conversations) within.set(WITHIN + id, true);
    things.set(subject, { name, ...(name === '' ? {} : Object.fromEntries(within)) });
  }
  return things;
}

const NO_SALT = new Uint8Array(16);

const ofConversation = (row: ConversationRow): Record<string, Plain> => ({
  read: row.lastReadSortKey,
  pin: row.isPinned,
  mute: row.isMuted,
  archive: row.isArchived,
  unread: row.isMarkedUnread === true,
  draft: row.draft ?? '',
});

const ofNotes = (row: ConversationRow): Record<string, Plain> => ({
  open: row.deactivatedAt === undefined ? row.title : '',
  stay: (row.metadata?.['disappearAfter'] as number | undefined) ?? 0,
});

/**
 * Makes a subject say here what the values say, inside the caller's transaction.
 * @returns whether there is such a thing here; where not, it is for later.
 */
export async function writeThings(
  composer: Composer,
  subject: string,
  values: Readonly<Record<string, Plain>>,
): Promise<boolean> {
  const id = subject.slice(2);
  switch (subject.slice(0, 1)) {
    case 'c':
      return writeConversation(composer, id as ConversationId, values);
    case 'p':
      return writePerson(composer, id as AccountId, values);
    case 'f':
      return writeFolder(composer, id, values);
    case 'd':
      return writeDevice(composer, id as DeviceId, values);
    case 's':
      return writeSettings(composer, values);
    default:
      return false;
  }
}

type Values = Readonly<Record<string, Plain>>;

async function writeConversation(composer: Composer, id: ConversationId, values: Values): Promise<boolean> {
  const { store, clock } = composer;
  const before = await store.conversations.get(id);
  if (before === undefined || importedOf(before) !== undefined) return false;
  const now = clock.now();
  const { read, pin, mute, archive, unread, draft } = values;
  if (isText(read) && read > before.lastReadSortKey) {
    // What came late is behind the mark on this device alone: it stays unread until somebody sees it.
    await markReadUpTo(store, id, read, now, afterAllRead(before));
    await markThreadsRead(store, id, read);
  } else if (isText(read) && read < before.lastReadSortKey) await markUnreadFrom(store, before, read, now);
  const row = (await store.conversations.get(id)) ?? before;
  const changes: Partial<ConversationRow> = {
    ...(isFlag(pin) && pin !== row.isPinned ? { isPinned: pin } : {}),
    ...(isFlag(mute) && mute !== row.isMuted ? { isMuted: mute } : {}),
    ...(isFlag(archive) && archive !== row.isArchived ? { isArchived: archive } : {}),
    ...(isFlag(unread) && unread !== (row.isMarkedUnread === true) ? { isMarkedUnread: unread } : {}),
    ...(isText(draft) && draft !== (row.draft ?? '') ? { draft } : {}),
    ...(id === notesConversationId(composer.identity.account) ? notesChanges(row, values) : {}),
  };
  // Who has the conversation open takes over what came from elsewhere, and not what another tab is writing here.
  if (changes.draft !== undefined) changes.metadata = { ...(changes.metadata ?? row.metadata), [HEARD]: changes.draft };
  if (Object.keys(changes).length > 0) await store.conversations.update(id, { ...changes, updatedAt: now });
  if (isText(values['open']) && values['open'] !== '' && row.deactivatedAt !== undefined)
    await reactivateRoom(store, id, now);
  return true;
}

/** In a conversation's metadata, the last draft that another device left there. */
const HEARD = 'heardDraft';

/** Of what came behind the mark, nothing. */
const afterAllRead = ({ lastReadSortKey }: ConversationRow): string => `${lastReadSortKey}\uffff`;

function notesChanges(row: ConversationRow, { open, stay }: Values): Partial<ConversationRow> {
  const { disappearAfter: before, ...rest } = row.metadata ?? {};
  const isOther = typeof stay === 'number' && stay !== (before ?? 0);
  return {
    ...(isText(open) && open !== '' && open !== row.title ? { title: open } : {}),
    ...(isOther ? { metadata: stay === 0 ? rest : { ...rest, disappearAfter: stay } } : {}),
  };
}

async function writePerson(composer: Composer, id: AccountId, values: Values): Promise<boolean> {
  const { store, clock } = composer;
  const { card, verified, blocked, notes } = values;
  const invite = isText(card) ? inviteFromCode(card, inviteChecksum) : undefined;
  const before = await getContact(store, id);
  const isOther = invite?.ok === true && invite.value.name !== before?.displayName;
  if (isOther && isText(card) && accountIdOf(invite.value.accountKey) === id) await addPerson(composer, card);
  const row = await getContact(store, id);
  if (row === undefined) return false;
  const changes = {
    ...(isFlag(verified) && verified !== row.isVerified ? { isVerified: verified } : {}),
    ...(isFlag(blocked) && blocked !== row.isBlocked ? { isBlocked: blocked } : {}),
    ...(isText(notes) && notes !== (row.notes ?? '') ? { notes } : {}),
  };
  if (Object.keys(changes).length > 0) await updateContact(store, id, changes, clock.now());
  // Whoever compared numbers on another device has decided about what is known here, too.
  if (changes.isVerified !== undefined) await reviewDevices(store, id);
  return true;
}

async function writeDevice({ store, identity }: Composer, id: DeviceId, { name }: Values): Promise<boolean> {
  const row = await getDevice(store, id);
  if (row?.userId !== identity.account) return false;
  if (isText(name) && name !== row.deviceName) await updateDevice(store, id, { deviceName: name });
  return true;
}

async function writeFolder({ store, clock }: Composer, id: string, values: Values): Promise<boolean> {
  const { name = '', ...within } = values;
  const folders = await readFolders(store);
  const others = folders.filter((folder) => folder.id !== id);
  const conversations = Object.entries(within)
    .filter(([field, isIn]) => field.startsWith(WITHIN) && isIn === true)
    .map(([field]) => field.slice(WITHIN.length) as ConversationId)
    .sort();
  const next = name === '' ? others : [...others, { id, name: String(name), conversations }];
  await saveFolders(store, next, clock.now());
  return true;
}

async function writeSettings({ store, identity, clock }: Composer, values: Values): Promise<boolean> {
  const { blockOnIdentityChange: isBlocking, ...preferences } = values;
  const now = clock.now();
  if (isFlag(isBlocking))
    await updateSecuritySettings(store, identity.account, { blockOnIdentityChange: isBlocking }, now);
  await updatePreferences(store, identity.account, preferences, now);
  return true;
}
