/**
 * `npm run golden` keeps a populated store of the present schema version, for good: run it when that
 * version is released. Every later version of the app must open it (tests/db/golden.test.ts), and from
 * then on the declaration of that version must not change.
 */
import { writeFileSync } from 'node:fs';
import { SCHEMA_VERSION } from '../../../src/lib/db/schema.ts';
import { webLoginKeys } from '../../../src/lib/platform/loginKeys.ts';
import { accountOf, must, PASSPHRASE, world, type Person } from '../../world/world.ts';
import { bytesFromGolden, dumpDatabase, type Shown } from './dump.ts';

// The app's login key can't be taken out of the browser; this one can, so that it fits in a file.
Object.assign(webLoginKeys, {
  async create() {
    const pair = await crypto.subtle.generateKey({ name: 'Ed25519' }, true, ['sign', 'verify']);
    return { key: pair.privateKey, publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)) };
  },
});

const w = await world({ seed: `golden ${SCHEMA_VERSION}` });
const ana = await w.person('Ana');
const bo = await w.person('Bo');
const cy = await w.person('Cy');
await ana.knows(bo, cy);
await bo.knows(ana);
await w.settle();

const withBo = await must(ana.client.openDirect(await accountOf(bo)));
const hike = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo), await accountOf(cy)] }));
await w.settle();
for (let day = 1; day <= 40; day++) {
  w.clock.advance(24 * 60 * 60_000);
  await must((day % 3 === 0 ? ana : day % 3 === 1 ? bo : cy).client.sendText(hike, `day ${day} on the hike 🥾`));
  if (day % 10 === 0) await w.settle();
}
await must(ana.client.sendText(withBo, 'Do you have the map?'));
await w.settle();
await must(bo.client.sendText(withBo, 'Yes, and the compass.'));
await w.settle();
const seen = (await ana.messages('Bo')).at(-1);
if (seen !== undefined) await must(ana.client.markRead(withBo, seen.id));
await must(ana.client.removePerson(hike, await accountOf(cy)));
await w.settle();

// A device in the middle of things: locked once with a wrong passphrase, offline, with something to say.
const again = await ana.restart();
await again.unlock('not the passphrase');
w.clock.advance(60_000);
await must(again.unlock(PASSPHRASE));
ana.network.isUp = false;
await must(again.sendText(hike, 'written in the tunnel'));
await must(again.createGroup({ name: 'Boat', people: [await accountOf(bo)] }));
await must(again.saveDraft(withBo, 'half a thought'));

const schemaVersion = SCHEMA_VERSION;
const golden = {
  schemaVersion,
  passphrase: PASSPHRASE,
  shown: await shownTo(ana),
  database: await dumpDatabase(ana.storage.indexedDB, ana.storage.name),
};
const file = new URL(`./${schemaVersion}.cbor.gz`, import.meta.url);
writeFileSync(file, bytesFromGolden(golden));
process.stdout.write(`${file.pathname}\n${JSON.stringify(golden.shown, null, 2)}\n`);
await w.close();

async function shownTo(person: Person): Promise<Shown> {
  const conversations: Record<string, string[]> = {};
  for (const title of ['Bo', 'Hike', 'Boat']) conversations[title] = await person.texts(title);
  const seenPeople = Promise.withResolvers<string[]>();
  const stop = await person.client.watchPeople((people) => seenPeople.resolve(people.map(({ name }) => name)));
  const people = await seenPeople.promise;
  stop();
  return { conversations, people, drafts: { Bo: 'half a thought' }, waiting: await person.waiting() };
}
