import { hexFromBytes as hex, utf8 } from '../../src/lib/core/bytes.ts';
import { hkdfSha256 } from '../../src/lib/crypto/primitives.ts';
import { createSealer } from '../../src/lib/crypto/seal.ts';
import { cborFromValue } from '../../src/lib/protocol/wire.ts';
import { seededRandom } from '../crypto/senderKeyWorld.ts';
import type { AtRestVectors } from './shape.ts';

const NONCE = 24;

/** A row of a table that is in no schema: two parts of a key, three sealed columns of which one is absent. */
export function atRestVectors(): AtRestVectors {
  const random = seededRandom('cairn test vectors: at rest');
  const databaseKey = random.bytes(32);
  const nonce = random.bytes(NONCE);
  const table = 'hutBook';
  const primaryKey = ['guest', '2026-07-01'];
  const sealedColumns = ['ascent', 'note', 'weather'];
  const sealing = 1;
  const bound = cborFromValue([table, primaryKey, sealedColumns, sealing]);
  const plaintext = cborFromValue({ note: 'See you at the hut 🥾', ascent: 1240 });
  const sealed = createSealer(databaseKey, { bytes: () => nonce }).seal(table, bound, plaintext);
  const flipped = sealed.slice();
  flipped[40] = (flipped[40] ?? 0) ^ 1;
  const later = sealed.slice();
  later[0] = 2;
  const refused = [
    {
      why: 'moved to another row',
      table,
      bound: cborFromValue([table, ['guest', '2026-07-02'], sealedColumns, 1]),
      sealed,
    },
    {
      why: 'moved to another table',
      table: 'hutBooks',
      bound: cborFromValue(['hutBooks', primaryKey, sealedColumns, 1]),
      sealed,
    },
    {
      why: 'of another set of columns',
      table,
      bound: cborFromValue([table, primaryKey, ['note', 'weather'], 1]),
      sealed,
    },
    { why: 'of another sealing version', table, bound: cborFromValue([table, primaryKey, sealedColumns, 2]), sealed },
    { why: 'one bit altered', table, bound, sealed: flipped },
    { why: 'of a later version', table, bound, sealed: later },
    { why: 'cut short', table, bound, sealed: sealed.subarray(0, 40) },
  ];
  return {
    databaseKey: hex(databaseKey),
    table,
    tableKey: hex(hkdfSha256(databaseKey, new Uint8Array(0), utf8(`cairn/1 table\0${table}`), 32)),
    primaryKey,
    sealedColumns,
    sealing,
    bound: hex(bound),
    plaintext: hex(plaintext),
    nonce: hex(nonce),
    sealed: hex(sealed),
    refused: refused.map((one) => ({ ...one, bound: hex(one.bound), sealed: hex(one.sealed) })),
  };
}
