import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base64urlFromBytes } from '../../src/lib/core/bytes.ts';
import { settle, type Result } from '../../src/lib/core/result.ts';
import type { Column } from '../../src/lib/db/declare.ts';
import {
  dictFromGroup,
  dictFromMember,
  dictFromSenderKey,
  groupFromJson,
  memberFromJson,
  senderKeyFromJson,
  type Dict,
} from '../../src/lib/db/groupModels.ts';
import { declarationOf, type TableName } from '../../src/lib/db/schema.ts';
import { groupRow, memberRow } from './fixtures.ts';

type Model = readonly [
  table: TableName,
  key: string,
  dict: (row: never) => Dict,
  parse: (text: string) => Result<Dict>,
];
const models: Model[] = [
  ['groups', '', dictFromGroup, groupFromJson],
  ['groupMembers', 'publicKey', dictFromMember, memberFromJson],
  ['senderKeys', 'senderPublicKey', dictFromSenderKey, senderKeyFromJson],
];

const bytes = (): fc.Arbitrary<Uint8Array<ArrayBuffer>> =>
  fc.uint8Array({ maxLength: 40 }).map((array) => new Uint8Array(array));

/** JSON has one zero; -0 and 0 are the same number. */
const integer = () => fc.maxSafeInteger().map((number) => number + 0);

function cell(column: Column): fc.Arbitrary<unknown> {
  switch (column.kind) {
    case 'bytes':
      return bytes();
    case 'integer':
      return integer();
    case 'boolean':
      return fc.boolean();
    case 'enum':
      return fc.constantFrom(...(column.values ?? []));
    case 'json':
      return fc.oneof(
        fc.array(fc.string()),
        fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          fc.oneof(fc.string(), fc.boolean(), integer()),
        ),
      );
    default:
      return fc.string();
  }
}

describe.each(models)('a row of %s', (table, key, dict, parse) => {
  const columns = Object.entries(declarationOf(table).columns);
  const row = fc.record(
    Object.fromEntries(
      columns.map(([name, column]) => {
        if (name === key) return [name, bytes().map(base64urlFromBytes)];
        if (name === 'maxMembers') return [name, fc.integer({ min: 1, max: 1000 })];
        return [name, cell(column)];
      }),
    ),
    { requiredKeys: columns.filter(([, column]) => !column.optional).map(([name]) => name) },
  );

  it('comes back from JSON as it went', () => {
    fc.assert(
      fc.property(row, (given) => {
        const text = JSON.stringify(dict(given as never));
        expect(parse(text)).toEqual({ ok: true, value: given });
      }),
    );
  });

  it('is refused, and never half read, where a column is missing, foreign or of another kind', () => {
    const [given] = fc.sample(row, { numRuns: 1, seed: 7 });
    const good = dict(given as never);
    for (const [name, column] of columns) {
      if (!column.optional) {
        const { [name]: _gone, ...rest } = good;
        expect(parse(JSON.stringify(rest))).toMatchObject({ ok: false, error: { code: 'validation', field: name } });
      }
      if (column.kind === 'json') continue;
      expect(parse(JSON.stringify({ ...good, [name]: { odd: true } }))).toMatchObject({
        ok: false,
        error: { code: 'validation', field: name },
      });
    }
    expect(parse(JSON.stringify({ ...good, surprise: 1 }))).toMatchObject({ error: { field: 'surprise' } });
    for (const text of ['', '{', 'null', '[]', '3', '"text"']) {
      expect(parse(text)).toMatchObject({ ok: false, error: { code: 'serialisation', entity: table } });
    }
  });
});

it('says keys and bytes in hex', () => {
  const publicKey = base64urlFromBytes(new Uint8Array([1, 0xab]));
  expect(dictFromMember(memberRow('hike', 'bo', { publicKey }))).toMatchObject({
    publicKey: '01ab',
    displayName: 'bo',
  });
  const bad = JSON.stringify({ ...dictFromMember(memberRow('hike', 'bo', { publicKey })), publicKey: 'xy' });
  expect(memberFromJson(bad)).toMatchObject({ error: { code: 'validation', field: 'publicKey' } });
});

it('holds what it reads against the rules of the table', () => {
  const text = JSON.stringify(dictFromGroup(groupRow('hike', { maxMembers: 1001 })));
  expect(groupFromJson(text)).toMatchObject({ error: { code: 'constraint', field: 'member-limit' } });
});

it('refuses a setting that JSON cannot say', async () => {
  const row = groupRow('hike', { settings: { picture: { bytes: new Uint8Array(3) } } });
  const work = settle(() => Promise.resolve().then(() => dictFromGroup(row)));
  expect(await work).toMatchObject({ ok: false, error: { code: 'serialisation', field: 'settings' } });
});
