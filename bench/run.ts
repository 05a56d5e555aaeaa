import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeSection } from './results.ts';
import { backup } from './backup.ts';
import { files } from './files.ts';
import { groups } from './groups.ts';
import { messages } from './messages.ts';
import { capacity } from './capacity.ts';
import { outbox } from './outbox.ts';
import { relay } from './relay.ts';
import { search } from './search.ts';
import { senderKeys } from './senderKeys.ts';
import { xWing } from './xWing.ts';

/**
 * `npm run bench [name …]`: measures against the field's best and writes each section of results.md
 * anew. The peers are installed beside the benchmarks, never with the product.
 */
const sections = {
  'sender-keys': senderKeys,
  groups,
  messages,
  outbox,
  backup,
  files,
  search,
  relay,
  capacity,
  'x-wing': xWing,
};

const here = fileURLToPath(new URL('.', import.meta.url));
if (!existsSync(`${here}node_modules/.package-lock.json`)) {
  console.log('Installing the peers to measure against …');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status } = spawnSync(npm, ['--prefix', here, 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

const wanted = process.argv.slice(2);
for (const [name, measure] of Object.entries(sections)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const text = await measure();
  writeSection(name, text);
  console.log(`\n${text}`);
}
