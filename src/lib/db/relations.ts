import type { AnyTable, KeyPath, Relation } from './declare.ts';

/** A relation seen from the table it names. */
export interface Child extends Relation {
  readonly table: string;
}

/** What the declared relations say about all tables, worked out once. */
export interface RelationGraph {
  /** Relations of other tables that name this one. */
  childrenOf(table: string): readonly Child[];
  /**
   * Every table that a write to one of `tables` may have to read or change: those their rows name, and
   * those that a deletion reaches.
   */
  reachOf(tables: readonly string[]): readonly string[];
}

export function createRelationGraph(schema: Readonly<Record<string, AnyTable>>): RelationGraph {
  const children = new Map<string, Child[]>();
  for (const [table, declaration] of Object.entries(schema)) {
    for (const relation of declaration.relations) {
      children.set(relation.to, [...(children.get(relation.to) ?? []), { ...relation, table }]);
    }
  }
  const childrenOf = (table: string): readonly Child[] => children.get(table) ?? [];

  const reaches = new Map<string, ReadonlySet<string>>();
  for (const [table, declaration] of Object.entries(schema)) {
    const reach = new Set([table, ...declaration.relations.map((relation) => relation.to)]);
    const deletedFrom = [table];
    const seen = new Set(deletedFrom);
    for (let from = deletedFrom.pop(); from !== undefined; from = deletedFrom.pop()) {
      for (const child of childrenOf(from)) {
        reach.add(child.table);
        if (child.onDelete === 'cascade' && !seen.has(child.table)) {
          seen.add(child.table);
          deletedFrom.push(child.table);
        }
      }
    }
    reaches.set(table, reach);
  }

  return {
    childrenOf,
    reachOf: (tables) => [...new Set(tables.flatMap((table) => [...(reaches.get(table) ?? [table])]))],
  };
}

/** Value of a key path in a row: one value, or a list for a compound key. */
export const valueAt = (row: Readonly<Record<string, unknown>>, path: KeyPath): unknown =>
  typeof path === 'string' ? row[path] : path.map((name) => row[name]);
