import { decode, encode, rfc8949EncodeOptions } from 'cborg';
import type { Sealer } from '../core/ports.ts';
import type { AnyTable } from './declare.ts';
import { refuseStorage } from './faults.ts';
import { SEALED, validate, type AnyRow } from './validation.ts';

/** Where the unlocked sealer is, while there is one. */
export interface Vault {
  sealer: Sealer | undefined;
}

/** Turns rows of one table into what lies on disk and back. Both directions are synchronous and change no input. */
export interface RowForm {
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
  const key = declaration.key;

  const bound = (row: AnyRow): Uint8Array => {
    const id = typeof key === 'string' ? row[key] : key.map((name) => row[name]);
    return encode([table, id, sealedNames, declaration.sealing], rfc8949EncodeOptions);
  };
  const damaged = (row: AnyRow): never =>
    refuseStorage('sealed-value-damaged', {
      entity: table,
      detail: `key ${JSON.stringify(typeof key === 'string' ? row[key] : key.map((name) => row[name]))}`,
    });

  const open = (sealer: Sealer, stored: AnyRow): AnyRow => {
    const value = stored[SEALED];
    if (!(value instanceof Uint8Array)) return damaged(stored);
    const plain = sealer.open(table, bound(stored), value);
    return plain === undefined ? damaged(stored) : (decode(plain) as AnyRow);
  };

  const seal = (sealer: Sealer, row: AnyRow): Uint8Array => {
    const hidden: Record<string, unknown> = {};
    for (const name of sealedNames) if (row[name] !== undefined) hidden[name] = row[name];
    return sealer.seal(table, bound(row), encode(hidden, { ...rfc8949EncodeOptions, ignoreUndefinedProperties: true }));
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
    toDisk(row) {
      const hidden = Object.hasOwn(row, SEALED);
      if (hidden && sealedNames.length === 0) refuseStorage('validation', { entity: table, field: SEALED });
      validate(table, declaration, row, hidden);
      const stored: Record<string, unknown> = {};
      for (const [name, column] of entries) {
        const value = row[name];
        if (value !== undefined && !column.sealed) stored[name] = typeof value === 'boolean' ? Number(value) : value;
      }
      if (sealedNames.length > 0) stored[SEALED] = sealedValueFor(row);
      return stored;
    },
    fromDisk(stored) {
      const sealer = vault.sealer;
      const opens = sealedNames.length > 0 && sealer !== undefined;
      if (!opens && booleans.length === 0) return stored;
      const row: Record<string, unknown> = { ...stored };
      for (const name of booleans) if (row[name] !== undefined) row[name] = row[name] === 1;
      if (!opens) return row;
      delete row[SEALED];
      return Object.assign(row, open(sealer, stored));
    },
  };
}
