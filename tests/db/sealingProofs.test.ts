import { beforeAll, describe, expect, it } from 'vitest';
import type { Sealer } from '../../src/lib/core/ports.ts';
import { faultOf } from '../../src/lib/core/result.ts';
import { createSealer } from '../../src/lib/crypto/seal.ts';
import type { AnyTable } from '../../src/lib/db/declare.ts';
import { declarationOf, tableNames, type TableName } from '../../src/lib/db/schema.ts';
import { createRowForm, createVault } from '../../src/lib/db/sealing.ts';
import type { Store } from '../../src/lib/db/store.ts';
import { newDisk, unlockedStore } from './disks.ts';
import { countingRandom, faultFrom, testSealer } from './fixtures.ts';
import { keyOf, onDisk, plant, sampleRow, sealedColumnsOf, tableOf } from './samples.ts';

/**
 * For every table that seals anything: no sealed value opens anywhere but where, and as what, it was
 * written. What it does not show: an older value of the same row, put back, opens.
 */

type Stored = Record<string, unknown> & { $sealed: Uint8Array };

const sealedTables = tableNames.filter((table) => sealedColumnsOf(table).length > 0);
const sealer = testSealer();

const formOf = (table: string, declaration: AnyTable, by: Sealer = sealer) =>
  createRowForm(table, declaration, { ...createVault(), sealer: by });

/** What reading the stored row gives: the fault's code, or `'opens'`. */
function readAs(table: TableName, stored: Record<string, unknown>, by?: Sealer): string {
  try {
    formOf(table, declarationOf(table), by).fromDisk(stored);
    return 'opens';
  } catch (thrown) {
    return faultOf(thrown)?.code ?? 'a bug';
  }
}

const storedRow = (table: TableName, seed: number): Stored =>
  formOf(table, declarationOf(table)).toDisk(sampleRow(table, seed)) as Stored;

const clearOf = (stored: Stored): Record<string, unknown> => {
  const { $sealed: _value, ...clear } = stored;
  return clear;
};

describe.each(sealedTables)('a sealed value of %s', (table) => {
  const declaration = declarationOf(table);
  const stored = storedRow(table, 1);
  const withValue = ($sealed: unknown) => ({ ...clearOf(stored), $sealed });

  it('opens where it was written', () => {
    expect(readAs(table, stored)).toBe('opens');
    expect(readAs(table, stored, testSealer())).toBe('opens');
  });

  it('does not open with any byte altered', () => {
    for (let at = 0; at < stored.$sealed.length; at++) {
      for (const change of [1, 0x80, 0xff]) {
        const altered = stored.$sealed.with(at, (stored.$sealed[at] ?? 0) ^ change);
        expect(readAs(table, withValue(altered)), `byte ${at}`).toBe('sealed-value-damaged');
      }
    }
  });

  it('does not open at any other length', () => {
    for (let length = 0; length < stored.$sealed.length; length++) {
      expect(readAs(table, withValue(stored.$sealed.slice(0, length))), `${length}`).toBe('sealed-value-damaged');
      if (length > 0)
        expect(readAs(table, withValue(stored.$sealed.slice(length))), `-${length}`).toBe('sealed-value-damaged');
    }
    for (const more of [[0], [1, 2, 3]]) {
      expect(readAs(table, withValue(new Uint8Array([...stored.$sealed, ...more])))).toBe('sealed-value-damaged');
    }
  });

  it('is missed where it is gone, or is something else', () => {
    expect(readAs(table, clearOf(stored))).toBe('sealed-value-damaged');
    for (const other of [undefined, null, 'text', 7, [], {}, new ArrayBuffer(80)]) {
      expect(readAs(table, withValue(other))).toBe('sealed-value-damaged');
    }
  });

  it('does not open under another primary key, whichever part of it differs', () => {
    const { key } = declaration;
    const other = storedRow(table, 2);
    for (const part of typeof key === 'string' ? [key] : key) {
      // A key of one word only has no other.
      if (other[part] === stored[part]) continue;
      expect(readAs(table, { ...stored, [part]: other[part] }), part).toBe('sealed-value-damaged');
    }
  });

  it('does not open in any other table, not even beside the same key', () => {
    for (const elsewhere of sealedTables) {
      if (elsewhere === table) continue;
      const there = { ...clearOf(storedRow(elsewhere, 1)), $sealed: stored.$sealed };
      expect(readAs(elsewhere, there), elsewhere).toBe('sealed-value-damaged');
      const renamed = formOf(elsewhere, declaration).toDisk(sampleRow(table, 1));
      expect(readAs(table, renamed), elsewhere).toBe('sealed-value-damaged');
    }
  });

  it('does not open under another database key', () => {
    const stranger = createSealer(new Uint8Array(32).fill(8), countingRandom());
    expect(readAs(table, stored, stranger)).toBe('sealed-value-damaged');
  });

  it('does not open as another version of the table: earlier, later, a column more, less or renamed', () => {
    const columns = { ...declaration.columns };
    const sealedOnes = sealedColumnsOf(table);
    const [first = ''] = sealedOnes;
    const { [first]: dropped, ...fewer } = columns;
    const row = sampleRow(table, 1);
    const { [first]: _value, ...lessRow } = row;
    const without = { ...declaration, keyed: {}, checks: [] };
    const versions: [string, AnyTable, Record<string, unknown>][] = [
      ['earlier', { ...without, sealing: declaration.sealing - 1 }, row],
      ['later', { ...without, sealing: declaration.sealing + 1 }, row],
      [
        'a column more',
        { ...without, columns: { ...columns, more: { kind: 'text', optional: true, sealed: true } } },
        row,
      ],
      ['a column less', { ...without, columns: fewer }, lessRow],
      [
        'in clear',
        { ...without, columns: { ...columns, [first]: { kind: 'text', optional: true, sealed: false } } },
        lessRow,
      ],
      ...(dropped === undefined
        ? []
        : [
            [
              'renamed',
              { ...without, columns: { ...fewer, [`${first}2`]: dropped } },
              { ...lessRow, [`${first}2`]: row[first] },
            ] as [string, AnyTable, Record<string, unknown>],
          ]),
    ];
    for (const [how, version, given] of versions) {
      // A table that seals one column only has no sealed value without it.
      if (how === 'a column less' && sealedOnes.length === 1) continue;
      if (how === 'in clear' && sealedOnes.length === 1) continue;
      const written = formOf(table, version).toDisk(given) as Stored;
      expect(readAs(table, { ...clearOf(stored), $sealed: written.$sealed }), how).toBe('sealed-value-damaged');
    }
  });
});

describe('on disk', () => {
  let store: Store;
  const disk = newDisk();
  const raw = (table: TableName) =>
    onDisk(disk.indexedDB, table, 'readonly', (rows) => rows.getAll() as IDBRequest<Stored[]>);

  beforeAll(async () => {
    store = await unlockedStore(disk);
    for (const table of sealedTables) for (const seed of [1, 2, 3]) await plant(store, table, seed);
  });

  it.each(sealedTables)(
    'values that changed places between two rows of %s are found; the others are as they were',
    async (table) => {
      const [a, b, ...others] = await raw(table);
      if (a === undefined || b === undefined) return expect(table).toBe('a table whose key has one value only');
      const put = (row: Stored) => onDisk(disk.indexedDB, table, 'readwrite', (rows) => rows.put(row));
      const rows = tableOf(store, table);
      const before = await Promise.all(others.map((row) => rows.get(keyOf(table, row))));
      await put({ ...a, $sealed: b.$sealed });
      await put({ ...b, $sealed: a.$sealed });
      for (const row of [a, b]) {
        expect(await faultFrom(rows.get(keyOf(table, row)))).toMatchObject({
          code: 'sealed-value-damaged',
          entity: table,
        });
      }
      expect(others.length).toBeGreaterThan(0);
      expect(await Promise.all(others.map((row) => rows.get(keyOf(table, row))))).toEqual(before);
      await put(a);
      await put(b);
      expect(await rows.toArray()).toHaveLength(others.length + 2);
    },
  );
});
