import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  expect,
  getToKnow,
  goTo,
  message,
  openChat,
  PASSPHRASE,
  send,
  startDirect,
  startGroup,
  test,
} from './fixtures.ts';

/** Every file below a folder. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return [];
    return stat.isDirectory() ? filesBelow(path) : stat.isFile() ? [path] : [];
  });
}

/** The planted words that a folder holds in any file, as UTF-8, UTF-16 or base64, whatever the case. */
function findings(folder: string, planted: readonly string[]): string[] {
  const needles = planted.flatMap((word) => [
    { word, bytes: Buffer.from(word.toLowerCase()) },
    { word, bytes: Buffer.from(word.toLowerCase(), 'utf16le') },
    // Two of three alignments of base64 are left out: the word stands at the start of what was sealed.
    { word, bytes: Buffer.from(Buffer.from(word).toString('base64').replace(/=+$/, '').slice(0, -1).toLowerCase()) },
  ]);
  return filesBelow(folder).flatMap((path) => {
    const content = Buffer.from(readFileSync(path).toString('latin1').toLowerCase(), 'latin1');
    return needles.filter(({ bytes }) => content.includes(bytes)).map(({ word }) => `${word} in ${path}`);
  });
}

test('nothing private is found in the browser profile, the relay’s store or its log', async ({
  relay,
  join: joinAs,
}) => {
  const ana = await joinAs('Anaximandra Quillon');
  const bo = await joinAs('Bohumil Vexley');
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bohumil Vexley');
  await send(ana.page, 'the plover nests at zyxqwv ridge');
  await openChat(bo.page, 'Anaximandra Quillon');
  await expect(message(bo.page, 'plover')).toBeVisible();
  await startGroup(ana.page, 'Quokkaline expedition', ['Bohumil Vexley']);
  await send(ana.page, 'bring the jabberwock lantern');
  await openChat(bo.page, 'Quokkaline expedition');
  await expect(message(bo.page, 'jabberwock')).toBeVisible();
  await bo.page.getByRole('textbox', { name: 'Message' }).fill('an unsent thwimble');
  await goTo(bo.page, 'Chats');
  await ana.cable.cut();
  await send(ana.page, 'queued grommetude');
  await goTo(ana.page, 'You');
  await ana.page.getByRole('button', { name: 'Lock now' }).click();
  await expect(ana.page.getByRole('button', { name: 'Unlock' })).toBeVisible();

  // A file with a planted word in it is found: what follows would find more of them.
  expect(findings('tests/e2e', ['zyxqwv'])).not.toEqual([]);

  await ana.quit();
  await bo.quit();
  await relay.stop();
  const planted = [
    'plover',
    'zyxqwv',
    'jabberwock',
    'thwimble',
    'grommetude',
    'Quokkaline',
    'Anaximandra',
    'Quillon',
    'Bohumil',
    'Vexley',
    PASSPHRASE,
  ];
  for (const folder of [ana.profile, bo.profile, relay.dataDir]) expect(findings(folder, planted)).toEqual([]);
  for (const word of planted) expect(relay.output().toLowerCase()).not.toContain(word.toLowerCase());
});
