import { describe, expect, it } from 'vitest';
import { checksumOf, storesOf } from '../../src/lib/db/migrations.ts';
import { declarationOf, schema, tableNames, type TableName } from '../../src/lib/db/schema.ts';

const startsWith = (path: string | readonly string[], column: string) =>
  (typeof path === 'string' ? path : path[0]) === column;
const columnsOf = (path: string | readonly string[]) => (typeof path === 'string' ? [path] : [...path]);

describe.each(tableNames)('the declaration of %s', (name) => {
  const { columns, key, indexes, relations, checks, fixed, grows, transitions, atMost, counted, keyed } =
    declarationOf(name);

  it('speaks only of columns that it has', () => {
    const named = [
      ...columnsOf(key),
      ...indexes.flatMap(({ on }) => columnsOf(on)),
      ...relations.map(({ column }) => column),
      ...checks.flatMap((check) => check.columns),
      ...fixed,
      ...grows,
      ...Object.keys(transitions),
    ];
    expect(named.filter((column) => columns[column] === undefined)).toEqual([]);
  });

  it('keeps sealed columns out of keys, indexes, relations and rules about old rows', () => {
    const inClear = [
      ...columnsOf(key),
      ...indexes.flatMap(({ on }) => columnsOf(on)),
      ...relations.map(({ column }) => column),
      ...fixed,
      ...grows,
      ...Object.keys(transitions),
    ];
    expect(inClear.filter((column) => columns[column]?.sealed)).toEqual([]);
  });

  it('has a key of required columns that IndexedDB can hold', () => {
    for (const column of columnsOf(key)) {
      expect(columns[column]?.optional).toBe(false);
      expect(columns[column]?.kind).toMatch(/text|integer|enum/);
    }
  });

  it('names rows by their key or by a unique index, through a complete index of its own', () => {
    for (const { column, to, target, onDelete } of relations) {
      const parent = declarationOf(to as TableName);
      const isUnique =
        parent.indexes.some((index) => index.unique && index.on === target) && parent.fixed.includes(target);
      expect(parent.key === target || isUnique).toBe(true);
      const paths = [key, ...indexes.map(({ on }) => on)].filter((path) => startsWith(path, column));
      expect(paths.length).toBeGreaterThan(0);
      for (const path of paths.slice(0, 1)) {
        expect(
          columnsOf(path)
            .slice(1)
            .filter((other) => columns[other]?.optional),
        ).toEqual([]);
      }
      if (onDelete === 'setNull') expect(columns[column]?.optional).toBe(true);
    }
  });

  it('counts rows in the row that they name, by a part of their own key', () => {
    if (counted === undefined) return;
    expect(columnsOf(key)).toContain(counted.per);
    const parent = declarationOf(relations.find(({ column }) => column === counted.per)?.to as TableName);
    expect(parent.columns[counted.column]).toMatchObject({ kind: 'integer', optional: true, sealed: false });
  });

  it('keeps keyed hashes of sealed texts in clear', () => {
    for (const [column, of] of Object.entries(keyed)) {
      expect(columns[column]).toMatchObject({ kind: 'text', optional: true, sealed: false });
      expect(columns[of ?? '']).toMatchObject({ kind: 'text', sealed: true });
    }
  });

  it('counts only what a relation groups', () => {
    if (atMost === undefined) return;
    const relation = relations.find(({ column }) => column === atMost.per);
    expect(declarationOf(relation?.to as TableName).columns[atMost.limit]?.kind).toBe('integer');
  });
});

it('has no circle of cascades', () => {
  const visiting = new Set<string>();
  const visit = (name: string): void => {
    expect(visiting.has(name)).toBe(false);
    visiting.add(name);
    for (const other of tableNames) {
      if (declarationOf(other).relations.some(({ to, onDelete }) => to === name && onDelete === 'cascade'))
        visit(other);
    }
    visiting.delete(name);
  };
  tableNames.forEach(visit);
});

it('spells the stores for Dexie', () => {
  expect(storesOf({ messages: schema.messages })).toEqual({
    messages:
      '[conversationId+sortKey], &id, [conversationId+parentMessageId+sortKey], [senderId+sortKey], sortKey, ' +
      '[conversationId+isDeleted], deviceId, expiresAt, [status+sortKey]',
  });
});

it('has a checksum that changes with any declaration', () => {
  const { messages } = schema;
  expect(checksumOf({ messages })).toBe(checksumOf({ messages: { ...messages } }));
  expect(checksumOf({ messages: { ...messages, sealing: 2 } })).not.toBe(checksumOf({ messages }));
});
