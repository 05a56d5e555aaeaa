import { utf8 } from '../core/bytes.ts';
import { notesConversationId } from '../crypto/identity.ts';
import { getSetting, setSetting } from '../db/settings.ts';
import type { Store } from '../db/store.ts';
import { joinFields, latestIn, valueOf, writeField, type OwnFields, type Plain } from '../domain/ownState.ts';
import { compose, composeTables, newMessageId, nextSortKey, stampAfter, type Composer } from '../sync/compose.ts';
import { LONGEST_TEXT, piecesOf, type OwnEntry } from '../sync/ownPiece.ts';
import { kindOf, readThings, thingTables, writeThings, type Things } from './ownThings.ts';

/** What a person keeps for themselves, as this device last knew it: beside the rows, so that what changed in them shows. */

/** Tables of a transaction in which it is put together. */
export const ownTables = [...new Set([...composeTables, ...thingTables, 'syncOperations' as const])] as const;

/** The fields of one subject. */
interface Known {
  readonly f: OwnFields;
  /** There is no row for it here yet. */
  readonly waits?: true;
}

const KEY = 'own/';
/** What was there when a second device came is noted by then. */
const BEGUN = 'ownBegun';

/**
 * Notes what is here before there is anybody to stay together with, so that only what is changed from now on counts as
 * changed. To be called before a device is given the rows of this one, and by that one when it begins.
 */
export const beginOwnState = (composer: Composer): Promise<void> =>
  composer.store.tx('rw', ownTables, async () => {
    const { store, clock } = composer;
    if ((await getSetting<boolean>(store, BEGUN)) === true) return;
    await setSetting(store, BEGUN, true, clock.now());
    await note(composer, await differences(composer), () => ({ t: '', device: '' }));
  });

/** What is other in the rows of this device than it was known. */
export async function differences(composer: Pick<Composer, 'store' | 'identity'>): Promise<Things> {
  const known = await readKnown(composer.store);
  const names = new Map([...known].map(([subject, { f }]) => [subject, Object.keys(f)]));
  const found = new Map<string, Readonly<Record<string, Plain>>>();
  for (const [subject, values] of await readThings(composer, names)) {
    const { f = {}, waits } = known.get(subject) ?? {};
    const changed = Object.entries(values).filter(
      ([name, value]) => isChanged(subject, name, value, f) && !(waits === true && Object.hasOwn(f, name)),
    );
    if (changed.length > 0) found.set(subject, Object.fromEntries(changed));
  }
  return found;
}

function isChanged(subject: string, name: string, value: Plain, known: OwnFields): boolean {
  const kind = kindOf(subject, name);
  if (kind === undefined || !kind.fits(value)) return false;
  if (typeof value === 'string' && utf8(value).length > LONGEST_TEXT) return false;
  const field = Object.hasOwn(known, name) ? known[name] : undefined;
  if (field === undefined) return value !== kind.unset;
  const was = valueOf(field);
  return was !== value && kind.fits(was);
}

/** Notes what this device changed, and puts it in the outbox for the others. @returns whether there was anything. */
export const tellChanges = (composer: Composer): Promise<boolean> =>
  composer.store.tx('rw', ownTables, () => tellWithin(composer));

async function tellWithin(composer: Composer): Promise<boolean> {
  const changed = await differences(composer);
  if (changed.size === 0) return false;
  const { device } = composer.identity;
  const { sortKey } = await nextSortKey(composer);
  await tell(composer, await note(composer, changed, (after) => ({ t: stampAfter(sortKey, after, device), device })));
  return true;
}

/** Puts all that is known here in the outbox, for a device that has nothing of it, inside the caller's transaction. */
export async function tellAll(composer: Composer): Promise<void> {
  const known = await readKnown(composer.store);
  const entries = [...known].flatMap(([subject, { f }]) =>
    Object.entries(f).map(([name, field]) => ({ subject, name, field })),
  );
  await tell(composer, entries);
}

/**
 * Puts what another device said together with what is here, in the caller's transaction. What was changed here and is
 * not noted yet is noted first, so that it is put together too.
 */
export async function takeEntries(composer: Composer, entries: readonly OwnEntry[]): Promise<void> {
  const { store, clock } = composer;
  await tellWithin(composer);
  for (const [subject, said] of Map.groupBy(entries, (entry) => entry.subject)) {
    const known = await getSetting<Known>(store, KEY + subject);
    const f = said.reduce<OwnFields>((all, { name, field }) => joinFields(all, { [name]: field }), known?.f ?? {});
    await settleSubject(composer, subject, f, clock.now());
  }
}

/** Makes what waited for its rows hold in those that have come, inside the caller's transaction. */
export async function settleWaiting(composer: Composer): Promise<void> {
  for (const [subject, { f, waits }] of await readKnown(composer.store))
    if (waits === true) await settleSubject(composer, subject, f, composer.clock.now());
}

/** Subjects that are said to be here and are not known to be: {@link settleWaiting} has something to do. */
export async function hasSettling({ store, identity }: Pick<Composer, 'store' | 'identity'>): Promise<boolean> {
  const waiting = [...(await readKnown(store))].filter(([, { waits }]) => waits === true);
  if (waiting.length === 0) return false;
  const things = await readThings({ store, identity }, new Map());
  return waiting.some(([subject]) => things.has(subject));
}

async function settleSubject(composer: Composer, subject: string, f: OwnFields, now: number): Promise<void> {
  const values = Object.entries(f).map(([name, field]) => [name, valueOf(field)] as const);
  const fitting = values.filter(([name, value]) => kindOf(subject, name)?.fits(value) === true);
  const isHere = await writeThings(composer, subject, Object.fromEntries(fitting));
  await setSetting(composer.store, KEY + subject, { f, ...(isHere ? {} : { waits: true }) } satisfies Known, now);
}

async function note(
  { store, clock }: Composer,
  changed: Things,
  stampOf: (after: string) => { readonly t: string; readonly device: string },
): Promise<OwnEntry[]> {
  const entries: OwnEntry[] = [];
  for (const [subject, values] of changed) {
    const known = await getSetting<Known>(store, KEY + subject);
    const fields = { ...known?.f };
    for (const [name, value] of Object.entries(values)) {
      const before = Object.hasOwn(fields, name) ? fields[name] : undefined;
      const rule = kindOf(subject, name)?.rule ?? 'last';
      const field = writeField(rule, before, value, stampOf(before === undefined ? '' : latestIn(before)));
      fields[name] = field;
      entries.push({ subject, name, field });
    }
    await setSetting(store, KEY + subject, { ...known, f: fields } satisfies Known, clock.now());
  }
  return entries;
}

async function tell(composer: Composer, entries: readonly OwnEntry[]): Promise<void> {
  const lane = notesConversationId(composer.identity.account);
  for (const piece of piecesOf(entries)) {
    const { sortKey } = await nextSortKey(composer);
    const place = { id: newMessageId(composer.random), sortKey, isMessage: false };
    await compose(composer, lane, { k: 'own', s: sortKey, o: piece }, place);
  }
}

async function readKnown(store: Store): Promise<Map<string, Known>> {
  const rows = await store.settings.where('key').startsWith(KEY).toArray();
  return new Map(rows.map(({ key, value }) => [key.slice(KEY.length), value as Known]));
}
