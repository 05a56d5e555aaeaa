/**
 * `npm run vectors` writes the test vectors of docs/protocol.md. They follow from fixed seeds: a change in a
 * file is a change of the protocol, or a mistake.
 */
import { writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { atRestVectors } from './atRest.ts';
import { chainVectors, paddingVectors, recordVectors } from './epoch.ts';
import { identityVectors } from './identity.ts';
import { receivingVectors } from './receiving.ts';
import type { VectorFiles } from './shape.ts';

/** The files by name, as they lie in this folder. */
export async function generate(): Promise<Record<keyof VectorFiles, string>> {
  const files: VectorFiles = {
    'chains.json': chainVectors(),
    'records.json': recordVectors(),
    'padding.json': paddingVectors(),
    'receiving.json': receivingVectors(),
    'identity.json': identityVectors(),
    'at-rest.json': atRestVectors(),
  };
  const options = await resolveConfig(import.meta.filename);
  const written = Object.entries(files).map(async ([name, content]) => {
    return [name, await format(JSON.stringify(content), { ...options, parser: 'json' })] as const;
  });
  return Object.fromEntries(await Promise.all(written)) as Record<keyof VectorFiles, string>;
}

if (process.argv[1] === import.meta.filename) {
  for (const [name, text] of Object.entries(await generate())) {
    writeFileSync(new URL(name, import.meta.url), text);
  }
}
