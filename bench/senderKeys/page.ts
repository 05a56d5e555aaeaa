import { webSignatures } from '../../src/lib/crypto/platformSignature.ts';
import { createCairn } from './cairn.ts';
import { compare, type Comparison } from './compare.ts';
import { CAIRN, IN_SCRIPT } from './tasks.ts';
import { createMegolm, type Olm } from './megolm.ts';

/** The browser's side: Olm comes from its own script, as its documentation says. */
const page = globalThis as unknown as { Olm: Olm; measure: () => Promise<Comparison> };

page.measure = async () => {
  await page.Olm.init({ locateFile: () => '/olm.wasm' });
  return compare([createCairn(CAIRN, webSignatures), createCairn(IN_SCRIPT), createMegolm(page.Olm)]);
};
