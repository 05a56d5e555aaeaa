import fc from 'fast-check';
import type { Column } from '../../src/lib/db/declare.ts';
import { declarationOf, type TableName } from '../../src/lib/db/schema.ts';
import { keyIn, type AnyRow, type Operation } from './relationalModel.ts';

/** Random rows and operations made from the declarations, over so few values that rows meet each other. */

const WORDS = ['a', 'b', 'c'] as const;

/** Values of a column. One with a relation has those of the column that it names. */
function values(table: TableName, name: string): fc.Arbitrary<unknown> {
  const { columns, relations } = declarationOf(table);
  const relation = relations.find(({ column }) => column === name);
  if (relation !== undefined) return values(relation.to as TableName, relation.target);
  const column = columns[name];
  return column === undefined ? fc.constant(undefined) : valuesOf(`${table}.${name}`, column);
}

function valuesOf(path: string, column: Column): fc.Arbitrary<unknown> {
  switch (column.kind) {
    case 'text':
      return fc.constantFrom(...WORDS.map((word) => `${path} ${word}`));
    case 'texts':
      return fc.subarray([...WORDS]);
    case 'integer':
      return fc.integer({ min: 0, max: 3 });
    case 'real':
      return fc.constantFrom(0, 0.5);
    case 'boolean':
      return fc.boolean();
    case 'bytes':
      return fc.uint8Array({ maxLength: 4 }).map((bytes) => new Uint8Array(bytes));
    case 'json':
      return fc.record({ n: fc.nat(3) });
    case 'enum':
      return fc.constantFrom(...(column.values ?? []));
    case 'key':
      return fc.constant({});
  }
}

/** Filled by the store itself, or not shown: what a caller says there is tested elsewhere. */
const isOwn = (table: TableName, name: string): boolean =>
  Object.hasOwn(declarationOf(table).keyed, name) || (table === 'groups' && name === 'memberCount');

const namesOf = (table: TableName): string[] =>
  Object.keys(declarationOf(table).columns).filter((name) => !isOwn(table, name));

/** A row of known columns; its checks and its relations may be broken. */
function anyRow(table: TableName): fc.Arbitrary<AnyRow> {
  const names = namesOf(table);
  const required = names.filter((name) => declarationOf(table).columns[name]?.optional === false);
  return fc.record(Object.fromEntries(names.map((name) => [name, values(table, name)])), { requiredKeys: required });
}

/** A row that breaks no rule of its own. */
export const soundRow = (table: TableName): fc.Arbitrary<AnyRow> =>
  anyRow(table).filter((row) => declarationOf(table).checks.every((check) => check.test(row as never)));

/** Something is missing, foreign or of another kind. */
const brokenRow = (table: TableName): fc.Arbitrary<AnyRow> =>
  fc
    .tuple(anyRow(table), fc.constantFrom(...namesOf(table), 'no such column'))
    .map(([one, name]) => ({ ...one, [name]: typeof one[name] === 'boolean' ? 'odd' : true }));

const row = (table: TableName): fc.Arbitrary<AnyRow> =>
  fc.oneof(
    { weight: 16, arbitrary: soundRow(table) },
    { weight: 2, arbitrary: anyRow(table) },
    { weight: 1, arbitrary: brokenRow(table) },
  );

const keyOfRow = (table: TableName): fc.Arbitrary<unknown> =>
  soundRow(table).map((one) => keyIn(one, declarationOf(table).key));

/** Some columns of a row that are not part of its key. */
function changes(table: TableName): fc.Arbitrary<AnyRow> {
  const { key } = declarationOf(table);
  const open = namesOf(table).filter((name) => !(typeof key === 'string' ? [key] : key).includes(name));
  return fc
    .tuple(row(table), fc.subarray(open, { minLength: Math.min(1, open.length), maxLength: Math.min(3, open.length) }))
    .map(([one, names]) =>
      Object.fromEntries(names.flatMap((name) => (one[name] === undefined ? [] : [[name, one[name]]]))),
    );
}

/** A column that an index or the key starts with, so that it can be asked for. */
function asked(table: TableName): fc.Arbitrary<{ column: string; value: unknown }> {
  const { key, indexes, columns } = declarationOf(table);
  const first = [key, ...indexes.map(({ on }) => on)].map((path) => (typeof path === 'string' ? path : path[0]));
  const names = [...new Set(first)].filter(
    (name): name is string => name !== undefined && !isOwn(table, name) && columns[name]?.kind !== 'boolean',
  );
  return fc.constantFrom(...names).chain((column) => values(table, column).map((value) => ({ column, value })));
}

function operationOn(table: TableName): fc.Arbitrary<Operation> {
  const batch = fc.array(row(table), { minLength: 1, maxLength: 3 });
  const op = <T extends Operation['do']>(what: T) => fc.constant(what);
  return fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constantFrom('add' as const, 'put' as const),
        table: fc.constant(table),
        rows: batch,
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({ do: op('put'), table: fc.constant(table), rows: row(table).map((one) => [one]) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: op('update'),
        table: fc.constant(table),
        key: keyOfRow(table),
        changes: changes(table),
      }),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(asked(table), changes(table))
        .map(([where, change]) => ({ do: 'modify' as const, table, ...where, changes: change })),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: op('delete'),
        table: fc.constant(table),
        keys: fc.array(keyOfRow(table), { minLength: 1, maxLength: 2 }),
      }),
    },
    { weight: 1, arbitrary: asked(table).map((where) => ({ do: 'deleteWhere' as const, table, ...where })) },
    { weight: 1, arbitrary: fc.record({ do: op('clear'), table: fc.constant(table) }) },
  );
}

/** Rows for every table, those that others name first. */
export const fill = (tables: readonly TableName[]): fc.Arbitrary<Operation[]> =>
  fc
    .tuple(
      ...tables.map((table) =>
        fc
          .array(soundRow(table), { minLength: 6, maxLength: 9 })
          .map((rows) => rows.map((one): Operation => ({ do: 'put', table, rows: [one] }))),
      ),
    )
    .map((all) => all.flat());

/** Steps of one operation, or of a few in one transaction on a table and those that its rows name. */
export const steps = (tables: readonly TableName[]): fc.Arbitrary<Operation[][]> => {
  const one = fc.oneof(...tables.map(operationOn));
  const family = (table: TableName): fc.Arbitrary<Operation> =>
    fc.oneof(...[table, ...declarationOf(table).relations.map(({ to }) => to as TableName)].map(operationOn));
  const few = fc.constantFrom(...tables).chain((table) => fc.array(family(table), { minLength: 2, maxLength: 5 }));
  return fc.array(fc.oneof({ weight: 2, arbitrary: one.map((only) => [only]) }, { weight: 1, arbitrary: few }), {
    minLength: 20,
    maxLength: 60,
  });
};
