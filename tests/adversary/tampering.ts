import { createHash } from 'node:crypto';
import { serialize } from 'node:v8';
import type { Bytes } from '../../src/lib/core/bytes.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import { webLoginKeys } from '../../src/lib/platform/loginKeys.ts';
import { limits } from '../../src/lib/protocol/limits.ts';
import { catchUp, claimKeyPackages, type Entry } from '../../src/lib/protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import { lockedDevice } from '../../src/lib/sync/locked.ts';
import type { RelayClient } from '../../src/lib/sync/relayClient.ts';
import { createLocks } from '../world/seeded.ts';
import type { Person, World } from '../world/world.ts';

/** What a relay does that lies to one person. Everything else is the honest relay. */
export interface Lies {
  /** Rewrites what a catch-up hands out. */
  entries?: ((entries: readonly Entry[]) => readonly Entry[]) | undefined;
  /** Rewrites the key packages that a claim gets. */
  claims?: ((claims: readonly Claim[]) => readonly Claim[]) | undefined;
  /** Changes the bytes of any answer. */
  body?: ((path: string, body: Bytes) => Bytes) | undefined;
}

export type Claim = ReturnType<typeof readClaims>['claims'][number];

/** Puts a liar between somebody and the relay; what it does is set, and unset, on what is returned. */
export function between(person: Person): Lies {
  const lies: Lies = {};
  const { transport } = person.network;
  const honest = transport.post.bind(transport);
  transport.post = async (path, body, token) => {
    const answer = await honest(path, body, token);
    if (!answer.ok || answer.value.status !== 200) return answer;
    return { ...answer, value: { ...answer.value, body: tampered(lies, path, answer.value.body) } };
  };
  return lies;
}

function tampered(lies: Lies, path: string, body: Bytes): Bytes {
  if (lies.body !== undefined) return lies.body(path, body);
  if (path === catchUp.path && lies.entries !== undefined) {
    const answer = unwrap(valueFromCbor(catchUp.answer, body, 2 * limits.body));
    return cborFromValue({ ...answer, entries: lies.entries(answer.entries) });
  }
  if (path === claimKeyPackages.path && lies.claims !== undefined) {
    const answer = readClaims(body);
    return cborFromValue({ ...answer, claims: lies.claims(answer.claims) });
  }
  return body;
}

const readClaims = (body: Bytes) => unwrap(valueFromCbor(claimKeyPackages.answer, body, 2 * limits.body));

/** What a refused input must not change: all that a person or a key hangs on. */
const STATE = [
  'mlsGroups',
  'senderKeys',
  'messages',
  'messageContents',
  'messageChanges',
  'messageReactions',
  'messageReadReceipts',
  'conversations',
  'groups',
  'groupMembers',
  'users',
  'contacts',
  'devices',
  'keyPackages',
  'keyPackageBundles',
  'offlineOperations',
  'waitingChanges',
] as const;

/** The victim's state, a hash of the rows of each table, to be held against itself later. */
export async function stateOf(person: Person): Promise<Readonly<Record<(typeof STATE)[number], string>>> {
  const hashOf = (rows: unknown): string => createHash('sha256').update(serialize(rows)).digest('hex');
  const hashes = STATE.map(async (table) => [table, hashOf(await person.store[table].toArray())] as const);
  return Object.fromEntries(await Promise.all(hashes)) as Record<(typeof STATE)[number], string>;
}

/** What became of an entry that was kept for the diagnostic. */
export const outcomeOf = async (person: Person, id: string): Promise<string | undefined> =>
  (await person.store.inbox.toArray()).find((row) => row.id === id)?.outcome;

/** A device's own way to the relay, for what its app would never ask. */
export async function rawRelay(w: World, person: Person): Promise<RelayClient> {
  const { store, network } = person;
  const ports = { store, transport: network.transport, loginKeys: webLoginKeys, clock: w.clock, locks: createLocks() };
  const device = await lockedDevice(ports);
  if (device === undefined) throw new Error(`${person.name} has no account`);
  return device.relay;
}

export const flipped = (bytes: Uint8Array, at: number): Bytes => {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};
