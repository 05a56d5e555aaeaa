import {
  Dexie,
  type DBCore,
  type DBCoreCursor,
  type DBCoreMutateRequest,
  type DBCoreMutateResponse,
  type DBCoreTable,
  type DBCoreTransaction,
  type Middleware,
} from 'dexie';
import { Refusal } from '../core/result.ts';
import { createConstraints, noConstraints, type Constraints } from './constraints.ts';
import type { AnyTable } from './declare.ts';
import { refusalOf, refuseStorage, storageFault, storageFaultOf } from './faults.ts';
import { createRelationGraph } from './relations.ts';
import { createRowForm, type RowForm, type Vault } from './sealing.ts';
import type { AnyRow } from './validation.ts';

/**
 * Puts sealing, validation and constraints under every read and write that Dexie makes. It is the
 * outermost layer of Dexie's stack, so live queries observe rows as they lie on disk, and the messages
 * between tabs hold no sealed value.
 *
 * A write transaction is widened to every table that its tables' relations reach, so that a rule never
 * depends on which tables a caller thought of. It is durable (`strict`) when a caller asked for one of
 * the `strict` tables, else `relaxed`.
 */
export function createStoreMiddleware(
  schema: Readonly<Record<string, AnyTable>>,
  strict: ReadonlySet<string>,
  vault: Vault,
  loads: Loads = new WeakSet(),
): Middleware<DBCore> {
  const graph = createRelationGraph(schema);
  const declarationOf = (table: string): AnyTable =>
    schema[table] ?? refuseStorage('unsupported', { entity: table, detail: 'no such table' });
  return {
    stack: 'dbcore',
    name: 'cairn',
    create(core) {
      const rules = createConstraints(core, declarationOf, graph);
      const constraintsOf = (trans: DBCoreTransaction): Constraints => (loads.has(trans) ? noConstraints : rules);
      const inTurn = createTurns();
      return {
        ...core,
        transaction(stores, mode) {
          const durability = stores.some((table) => strict.has(table)) ? 'strict' : 'relaxed';
          const reach = mode === 'readwrite' ? [...graph.reachOf(stores)] : stores;
          return core.transaction(reach, mode, { durability });
        },
        table(name) {
          const down = core.table(name);
          // Dexie's own, or one that an upgrade takes away.
          if (schema[name] === undefined) return down;
          const declaration = declarationOf(name);
          const hasChildren = graph.childrenOf(name).length > 0;
          const isRelated = declaration.relations.length > 0 || hasChildren;
          const form = createRowForm(name, declaration, vault);
          // Whether something else has to happen where its rows come or go.
          const isFollowed = hasChildren || declaration.counted !== undefined;
          return layer(down, form, constraintsOf, isRelated ? inTurn : atOnce, isFollowed);
        },
      };
    },
  };
}

/**
 * Transactions that put back what held together before: each row is checked and sealed, but the rules between
 * rows rest. Those that a row names may come later, what goes takes nothing with it, and nothing is counted.
 */
export type Loads = WeakSet<DBCoreTransaction>;

function layer(
  down: DBCoreTable,
  form: RowForm,
  constraintsOf: (trans: DBCoreTransaction) => Constraints,
  turn: Turn,
  isFollowed: boolean,
): DBCoreTable {
  const show = (stored: unknown): unknown => (stored === undefined ? undefined : form.fromDisk(stored as AnyRow));
  const { name } = down;

  function write(
    trans: DBCoreMutateRequest['trans'],
    type: 'add' | 'put',
    given: readonly AnyRow[],
    passOn: () => void,
  ): PromiseLike<DBCoreMutateResponse> {
    const rows = given.map((row) => form.toDisk(row));
    const constraints = constraintsOf(trans);
    return constraints
      .beforeWrite(trans, name, rows, type === 'add')
      .then(() => {
        const written = down.mutate({ type, trans, values: rows });
        if (!isFollowed) passOn();
        return written;
      })
      .then((answer) => {
        if (answer.numFailures > 0) {
          // A batch is written whole or not at all, also for a caller who catches the refusal.
          if (answer.numFailures < rows.length) trans.abort();
          throw refusalOf(firstFailure(name, answer));
        }
        return constraints.afterWrite(trans, name, rows).then(() => answer);
      });
  }

  function removeRange(req: DBCoreMutateRequest & { type: 'deleteRange' }): PromiseLike<DBCoreMutateResponse> {
    if (!isFollowed) return down.mutate(req);
    const query = { index: down.schema.primaryKey, range: req.range };
    return down.query({ trans: req.trans, values: false, query }).then(({ result }) => removing(req, result));
  }

  function removing(
    req: DBCoreMutateRequest & { type: 'delete' | 'deleteRange' },
    keys: readonly unknown[],
  ): PromiseLike<DBCoreMutateResponse> {
    const constraints = constraintsOf(req.trans);
    return constraints
      .beforeDelete(req.trans, name, keys)
      .then(() => down.mutate(req.type === 'delete' ? { type: 'delete', trans: req.trans, keys: req.keys } : req))
      .then((answer) => constraints.afterDelete(req.trans, name, keys).then(() => answer));
  }

  return {
    ...down,
    mutate: (req) =>
      steps(() =>
        turn(req.trans, (passOn) => {
          switch (req.type) {
            case 'add':
            case 'put':
              return write(req.trans, req.type, req.values as readonly AnyRow[], passOn);
            case 'delete':
              return removing(req, req.keys);
            case 'deleteRange':
              return removeRange(req);
          }
        }),
      ),
    get: (req) => steps(() => down.get(req).then(show)),
    // Without `cache`: Dexie's transaction cache goes by keys alone and can answer with another table's rows.
    getMany: ({ trans, keys }) => steps(() => down.getMany({ trans, keys }).then((rows) => rows.map(show))),
    query: (req) =>
      steps(() =>
        down
          .query(req)
          .then((answer) => (req.values === true ? { ...answer, result: answer.result.map(show) } : answer)),
      ),
    openCursor: (req) =>
      steps(() =>
        down
          .openCursor(req)
          .then((cursor) => (cursor !== null && req.values === true ? showing(cursor, show) : cursor)),
      ),
  };
}

/** Runs work of the layers below; what they throw becomes a {@link Refusal}, translated here and nowhere else. */
function steps<T>(work: () => PromiseLike<T>): Promise<T> {
  return Dexie.Promise.resolve()
    .then(work)
    .catch((thrown: unknown) => {
      throw refusalOf(thrown);
    });
}

type Turn = <T>(trans: DBCoreTransaction, work: (passOn: () => void) => PromiseLike<T>) => PromiseLike<T>;

const atOnce: Turn = (_trans, work) => work(() => undefined);

/**
 * Runs the writes of a transaction one after the other. A write asks first and writes then; between the
 * two nobody may delete the row it asked about. One that has nothing left to do but wait for its answer passes
 * its turn on: the database does what it is asked in order, so the next one asks about what this one wrote.
 */
function createTurns(): Turn {
  const last = new WeakMap<DBCoreTransaction, PromiseLike<unknown>>();
  return (trans, work) => {
    const before = last.get(trans);
    let passOn = (): void => undefined;
    last.set(trans, new Dexie.Promise<void>((resolve) => (passOn = resolve)));
    const begin = () => work(passOn);
    const mine = before === undefined ? begin() : before.then(begin);
    mine.then(passOn, passOn);
    return mine;
  };
}

function firstFailure(table: string, answer: DBCoreMutateResponse): unknown {
  const failure: unknown = Object.values(answer.failures).find((one) => one !== undefined);
  const fault = storageFaultOf(failure);
  return fault === undefined ? failure : new Refusal({ ...storageFault('storage-query'), ...fault, entity: table });
}

/** A cursor whose values are opened as they are looked at. */
function showing(cursor: DBCoreCursor, show: (stored: unknown) => unknown): DBCoreCursor {
  let last: unknown;
  let shown: unknown;
  return Object.create(cursor, {
    key: { get: (): unknown => cursor.key },
    primaryKey: { get: (): unknown => cursor.primaryKey },
    value: {
      get(): unknown {
        const stored: unknown = cursor.value;
        if (stored !== last) {
          last = stored;
          shown = show(stored);
        }
        return shown;
      },
    },
  }) as DBCoreCursor;
}
