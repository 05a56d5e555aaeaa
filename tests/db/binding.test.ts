import { encode, rfc8949EncodeOptions } from 'cborg';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createBinding } from '../../src/lib/db/binding.ts';

const sealing = { sealed: ['content', 'metadata'], sealing: 3 };
const key = fc.oneof(fc.string(), fc.string({ unit: 'binary', minLength: 20, maxLength: 300 }), fc.integer());

it('binds to the CBOR that the protocol names, whatever the key is made of', () => {
  fc.assert(
    fc.property(fc.string(), key, key, (table, one, other) => {
      const row = { one, other };
      const expected = (id: unknown) =>
        new Uint8Array(encode([table, id, sealing.sealed, sealing.sealing], rfc8949EncodeOptions));
      expect(createBinding(table, 'one', sealing)(row)).toEqual(expected(one));
      expect(createBinding(table, ['one', 'other'], sealing)(row)).toEqual(expected([one, other]));
    }),
  );
});
