import { idFromBytes, type AccountId, type DeviceId, type StreamId } from '../../../src/lib/core/ids.ts';
import type { Store, Tables } from '../../../src/lib/server/store/port.ts';
import type { EntryRow } from '../../../src/lib/server/store/streamRows.ts';
import { countedRandom } from '../relayWorld.ts';

const random = countedRandom(7);
export const bytes = (length: number) => random.bytes(length);
export const newId = <Id extends string = string>() => idFromBytes<Id>(bytes(16));

export interface Person {
  readonly account: AccountId;
  readonly device: DeviceId;
}

/** A device with an account of its own, or another one of `account`. */
export async function newPerson(store: Store, account = idFromBytes<AccountId>(bytes(32)), at = 1): Promise<Person> {
  const device = newId<DeviceId>();
  await store.write(async ({ accounts }) => {
    await accounts.insertAccount(account, bytes(32), at);
    await accounts.insertDevice({ device, account, loginKey: bytes(32), certificate: bytes(9), sequence: 0 }, at);
  });
  return { account, device };
}

export async function newStream(store: Store, ...members: readonly DeviceId[]): Promise<StreamId> {
  const stream = newId<StreamId>();
  await store.write(async ({ streams }) => {
    await streams.insertStream(stream, { kind: 'group', head: 0, epoch: 1, fence: 0 }, 1);
    await streams.openMembers(stream, members, 0);
  });
  return stream;
}

export const entryOf = (sender: DeviceId, seq: number, of: Partial<EntryRow> = {}): EntryRow => ({
  seq,
  kind: 'record',
  id: newId(),
  epoch: 1,
  sender,
  at: 1,
  payload: bytes(8),
  ...of,
});

/** Takes one entry as the relay does: under the stream's lock, with the next number. */
export const takeEntry =
  (stream: StreamId, sender: DeviceId, id = newId()) =>
  async ({ streams }: Tables): Promise<number> => {
    const row = await streams.lockStream(stream);
    if (row === undefined) throw new TypeError('no stream');
    const before = (await streams.findEntries(stream, [id])).get(id);
    if (before !== undefined) return before.seq;
    await streams.insertEntries(stream, [entryOf(sender, row.head + 1, { id })]);
    return streams.moveHead(stream, 1);
  };

export const headOf = (store: Store, stream: StreamId): Promise<number | undefined> =>
  store.read(async ({ streams }) => (await streams.lockStream(stream))?.head);
