import type { Sealer } from '../core/ports.ts';
import { createBinding } from './binding.ts';
import { bytesFromValue, valueFromBytes } from './cbor.ts';
import type { AnyTable, FormerSealing } from './declare.ts';
import { refuseStorage } from './faults.ts';
import { nameKey } from './names.ts';
import { valueAt } from './relations.ts';
import { SEALED, validate, type AnyRow } from './validation.ts';

/** Where the unlocked sealer is, while there is one. */
export interface Vault {
  sealer: Sealer | undefined;
  /** Only while rows are sealed anew after an upgrade: what an earlier version sealed opens too. */
  opensFormer: boolean;
  /** Rows that were given their form on disk before their transaction began: as rows of which table, by whom. */
  readonly early: WeakMap<AnyRow, { readonly table: string; readonly by: Sealer | undefined; readonly stored: AnyRow }>;
}

export const createVault = (): Vault => ({ sealer: undefined, opensFormer: false, early: new WeakMap() });

/** Turns rows of one table into what lies on disk and back. Both directions are synchronous and change no input. */
export interface RowForm {
  /** Does now what {@link toDisk} will be asked for; the row must not change until then, and is frozen. */
  prepare(row: AnyRow): void;
  /** Checked, without `undefined`, booleans as 1 and 0, sealed columns in one sealed value. */
  toDisk(row: AnyRow): AnyRow;
  /** Unlocked: all columns. Locked: the clear ones, and `$sealed` as it is. */
  fromDisk(stored: AnyRow): AnyRow;
}

/**
 * All sealed columns of a row are one value, in the property `$sealed`: deterministic CBOR (RFC 8949
 * §4.2.1), sealed under the key of the table. It is bound to the table, the primary key, the names of
 * the sealed columns and the table's sealing version, so it is worth nothing in another row, table or
 * schema. An unlocked store writes it even when every sealed column is absent: a missing one is damage.
 */
export function createRowForm(table: string, declaration: AnyTable, vault: Vault): RowForm {
  const entries = Object.entries(declaration.columns);
  const sealedNames = entries
    .filter(([, column]) => column.sealed)
    .map(([name]) => name)
    .sort();
  const booleans = entries.filter(([, column]) => column.kind === 'boolean').map(([name]) => name);
  const keyed = Object.entries(declaration.keyed);
  const closed = new Set([SEALED, ...keyed.map(([name]) => name)]);
  const key = declaration.key;

  const present: FormerSealing = { sealing: declaration.sealing, sealed: sealedNames };
  const former = (declaration.formerly ?? []).map(({ sealing, sealed }) => ({ sealing, sealed: [...sealed].sort() }));

  const bound = createBinding(table, key, present);
  const boundBefore = former.map((sealing) => createBinding(table, key, sealing));
  const damaged = (row: AnyRow): never =>
    refuseStorage('sealed-value-damaged', {
      entity: table,
      detail: `key ${JSON.stringify(valueAt(row, key))}`,
    });

  const open = (sealer: Sealer, stored: AnyRow): AnyRow => {
    const value = stored[SEALED];
    if (!(value instanceof Uint8Array)) return damaged(stored);
    for (const boundTo of vault.opensFormer ? [bound, ...boundBefore] : [bound]) {
      const plain = sealer.open(table, boundTo(stored), value);
      if (plain !== undefined) return valueFromBytes(plain) as AnyRow;
    }
    return damaged(stored);
  };

  const seal = (sealer: Sealer, row: AnyRow): Uint8Array => {
    const hidden: Record<string, unknown> = {};
    for (const name of sealedNames) if (row[name] !== undefined) hidden[name] = row[name];
    return sealer.seal(table, bound(row), bytesFromValue(hidden));
  };

  const sealedValueFor = (row: AnyRow): Uint8Array => {
    const kept = row[SEALED];
    const sealer = vault.sealer;
    if (kept === undefined) {
      return sealer === undefined ? refuseStorage('locked', { entity: table }) : seal(sealer, row);
    }
    const added = sealedNames.find((name) => row[name] !== undefined);
    if (added !== undefined)
      refuseStorage(sealer === undefined ? 'locked' : 'validation', { entity: table, field: added });
    if (sealer !== undefined) open(sealer, row);
    return kept instanceof Uint8Array ? kept : damaged(row);
  };

  return {
    prepare(row) {
      vault.early.set(Object.freeze(row), { table, by: vault.sealer, stored: formOf(row) });
    },
    toDisk(row) {
      const early = vault.early.get(row);
      vault.early.delete(row);
      return early?.table === table && early.by === vault.sealer ? early.stored : formOf(row);
    },
    fromDisk(stored) {
      const sealer = vault.sealer;
      const opens = sealedNames.length > 0 && sealer !== undefined;
      if (!opens && booleans.length === 0) return stored;
      // Copied one by one: an object of which something was deleted is slow from then on.
      const row: Record<string, unknown> = {};
      for (const name in stored) if (!opens || !closed.has(name)) row[name] = stored[name];
      for (const name of booleans) if (row[name] !== undefined) row[name] = row[name] === 1;
      return opens ? Object.assign(row, open(sealer, stored)) : row;
    },
  };

  function formOf(row: AnyRow): AnyRow {
    const hidden = Object.hasOwn(row, SEALED);
    if (hidden && sealedNames.length === 0) refuseStorage('validation', { entity: table, field: SEALED });
    validate(table, declaration, row, hidden);
    const stored: Record<string, unknown> = {};
    for (const [name, column] of entries) {
      const value = row[name];
      if (value !== undefined && !column.sealed) stored[name] = column.kind === 'boolean' ? Number(value) : value;
    }
    if (sealedNames.length > 0) stored[SEALED] = sealedValueFor(row);
    // A row whose sealed columns are closed up keeps the hash it was read with.
    if (!hidden && vault.sealer !== undefined) {
      for (const [name, of] of keyed) {
        const value = of === undefined ? undefined : row[of];
        if (typeof value === 'string') stored[name] = nameKey(vault.sealer, table, name, value);
        else delete stored[name];
      }
    }
    return stored;
  }
}
