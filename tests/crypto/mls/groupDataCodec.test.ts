import { expect, test } from 'vitest';
import { concat } from '../../../src/lib/core/bytes.ts';
import { unwrap } from '../../../src/lib/core/result.ts';
import { bytesFromData, dataFromBytes } from '../../../src/lib/crypto/mls/groupDataCodec.ts';
import { cborFromValue } from '../../../src/lib/protocol/wire.ts';
import { createPerson, entry, groupData } from './world.ts';

const roster = ['Ana', 'Bo', 'Cy'].map((name) => entry(createPerson(name), 'owner'));
const value = groupData(roster, { description: 'at noon' });

test('group data has one encoding, whatever the order of the roster', () => {
  const bytes = unwrap(bytesFromData({ data: value, left: [] }));
  expect(bytesFromData({ data: { ...value, roster: [...roster].reverse() }, left: [] })).toEqual({
    ok: true,
    value: bytes,
  });
  const read = unwrap(dataFromBytes(bytes));
  expect(unwrap(bytesFromData(read))).toEqual(bytes);
  expect(read.data.roster).toHaveLength(3);
});

test.each<[string, object]>([
  [
    'another order',
    { roster: [...unwrap(dataFromBytes(unwrap(bytesFromData({ data: value, left: [] })))).data.roster].reverse() },
  ],
  ['one person twice', { roster: [roster[0], roster[0]] }],
  ['another version', { v: 2 }],
  ['another kind', { kind: 'channel' }],
  ['an unknown role', { roster: [{ ...roster[0], role: 'god' }] }],
  ['a long name', { name: 'x'.repeat(201) }],
  ['a short salt', { roster: [{ ...roster[0], salt: new Uint8Array(15) }] }],
  ['no room', { maxMembers: 0 }],
  ['a message that stays for a second', { disappearAfter: 1_000 }],
  ['a member that we don’t know', { theme: 'dark' }],
])('what we would not have written is refused: %s', (_, changes) => {
  const bytes = cborFromValue({ ...value, left: [], ...changes });
  expect(dataFromBytes(bytes)).toMatchObject({ error: { code: 'malformed' } });
});

test('bytes after it are refused, and a value beyond the limits is not written', () => {
  const bytes = unwrap(bytesFromData({ data: value, left: [] }));
  expect(dataFromBytes(concat(bytes, new Uint8Array([0])))).toMatchObject({ error: { code: 'malformed' } });
  expect(bytesFromData({ data: { ...value, name: 'x'.repeat(201) }, left: [] }).ok).toBe(false);
  expect(bytesFromData({ data: { ...value, roster: [...roster, ...roster] }, left: [] }).ok).toBe(false);
});
