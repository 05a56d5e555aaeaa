import { afterEach, describe, expect, it } from 'vitest';
import type { AccountId, ConversationId } from '../../src/lib/core/ids.ts';
import { profileChangedAt } from '../../src/lib/db/profiles.ts';
import type { PortraitItem, ProfileItem } from '../../src/lib/services/client.ts';
import { accountOf, must, until, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

async function hike(): Promise<{ id: ConversationId; ana: Person; bo: Person; cy: Person }> {
  w = await world();
  const [ana, bo, cy] = [await w.person('Ana'), await w.person('Bo'), await w.person('Cy')];
  await ana.knows(bo, cy);
  await w.settle();
  const id = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo)] }));
  await w.settle();
  return { id, ana, bo, cy };
}

const picture = new Uint8Array(3_000).map((_, i) => i * 31);

async function profileOf(person: Person, account: AccountId): Promise<ProfileItem | undefined> {
  const seen = Promise.withResolvers<ProfileItem | undefined>();
  const stop = await person.client.watchProfile(account, seen.resolve);
  const profile = await seen.promise;
  stop();
  return profile;
}

async function portraits(person: Person): Promise<readonly PortraitItem[]> {
  const seen = Promise.withResolvers<readonly PortraitItem[]>();
  const stop = await person.client.watchPortraits(seen.resolve);
  const items = await seen.promise;
  stop();
  return items;
}

/** Telling goes on in the background: until everybody was told, and has heard. */
async function heard(teller: Person, ...others: Person[]): Promise<void> {
  const account = await accountOf(teller);
  const at = await profileChangedAt(teller.store, account);
  await until(teller.store, async () => {
    const told = await teller.store.settings.toArray();
    const last = told.filter(({ key }) => key.startsWith('profile-told/')).map(({ value }) => value as { at: string });
    return last.length > 0 && last.every((one) => one.at === at);
  });
  await w.settle();
  for (const other of others) {
    await until(other.store, async () => (await profileChangedAt(other.store, account)) === at);
  }
}

describe('how somebody shows themselves', () => {
  it('is told to those they write with, and to nobody before they chose to', async () => {
    const { ana, bo } = await hike();
    const account = await accountOf(ana);
    expect(await profileOf(bo, account)).toMatchObject({ name: 'Ana', status: '' });
    expect(await portraits(ana)).toEqual([]);

    await must(ana.client.saveProfile({ status: '  in the hills ', picture }));
    await heard(ana, bo);
    expect(await profileOf(bo, account)).toMatchObject({ name: 'Ana', status: 'in the hills' });
    expect(await must(bo.client.portrait(account))).toEqual(picture);
    expect(await must(ana.client.portrait(account))).toEqual(picture);

    // What is not named stays; what is taken away is gone for everybody.
    await must(ana.client.saveProfile({ picture: null }));
    await heard(ana, bo);
    expect(await profileOf(bo, account)).toMatchObject({ status: 'in the hills' });
    expect(await bo.client.portrait(account)).toMatchObject({ ok: false, error: { code: 'not-found' } });
    await must(ana.client.saveProfile({ status: null }));
    await heard(ana, bo);
    expect(await profileOf(bo, account)).toMatchObject({ status: '' });
    expect(await bo.texts('Hike')).toEqual([]);
  });

  it('waits without a network, reaches who comes later, and is no message', async () => {
    const { id, ana, bo, cy } = await hike();
    const account = await accountOf(ana);
    ana.network.isUp = false;
    await must(ana.client.saveProfile({ status: 'on the train' }));
    await until(ana.store, async () => (await ana.store.offlineOperations.count()) > 0);
    ana.network.isUp = true;
    await heard(ana, bo);
    expect((await bo.conversation('Hike')).unread).toBe(0);

    await must(ana.client.addPeople(id, [await accountOf(cy)]));
    await w.settle();
    const newcomer = await accountOf(cy);
    await until(ana.store, async () => {
      const told = await ana.store.settings.get(`profile-told/${id}`);
      return (told?.value as { to: AccountId[] } | undefined)?.to.includes(newcomer) === true;
    });
    await heard(ana, cy);
    expect(await profileOf(cy, account)).toMatchObject({ status: 'on the train' });
  });

  it('stands for the direct chat with them too', async () => {
    const { ana, bo } = await hike();
    const account = await accountOf(ana);
    await must(ana.client.saveProfile({ picture }));
    const chat = await must(ana.client.openDirect(await accountOf(bo)));
    await must(ana.client.sendText(chat, 'hello'));
    await w.settle();
    await heard(ana, bo);
    const direct = (await bo.conversation('Ana')).id;
    expect((await portraits(bo)).map((item) => [item.id, item.account])).toEqual([
      [account, account],
      [direct, account],
    ]);
  });

  it('has entries, a time zone and a language of its own, which wait without a network and go again', async () => {
    const { ana, bo } = await hike();
    const account = await accountOf(ana);
    ana.network.isUp = false;
    const fields = [
      { name: ' Radio ', text: 'channel 8' },
      { name: 'Boat', text: 'the red one' },
    ];
    await must(ana.client.saveProfile({ status: 'here', fields, timezone: 'Europe/Brussels', language: 'nl' }));
    const shown = {
      account,
      name: 'Ana',
      status: 'here',
      fields: [
        { name: 'Boat', text: 'the red one' },
        { name: 'Radio', text: 'channel 8' },
      ],
      timezone: 'Europe/Brussels',
      language: 'nl',
    };
    expect(await profileOf(ana, account)).toEqual(shown);
    // What is for oneself alone stays beside it, and what is not named stays as it is.
    await must(ana.client.savePreferences({ undoSend: 5 }));
    await must(ana.client.saveProfile({ picture }));
    ana.network.isUp = true;
    await heard(ana, bo);
    expect(await profileOf(bo, account)).toEqual(shown);
    expect((await bo.store.users.get(account))?.preferences).toEqual({ timezone: 'Europe/Brussels', language: 'nl' });

    await must(ana.client.saveProfile({ fields: [], timezone: null, language: null }));
    await heard(ana, bo);
    for (const person of [ana, bo])
      expect(await profileOf(person, account)).toEqual({ account, name: 'Ana', status: 'here', fields: [] });
    expect((await ana.store.users.get(account))?.preferences).toEqual({ undoSend: 5 });
  });

  it('is refused where it is too much', async () => {
    const { ana } = await hike();
    const [name, text] = ['n'.repeat(80), 't'.repeat(400)];
    const refused = async (fields: readonly { name: string; text: string }[], code: string) =>
      expect(await ana.client.saveProfile({ fields })).toMatchObject({ ok: false, error: { code } });
    await refused([{ name: `${name}n`, text }], 'too-long');
    await refused([{ name, text: `${text}t` }], 'too-long');
    await refused(
      Array.from({ length: 9 }, (_, i) => ({ name: `${i}`, text })),
      'too-long',
    );
    await refused([{ name: ' ', text }], 'empty');
    await refused(
      [
        { name, text },
        { name: `${name} `, text: '' },
      ],
      'duplicate',
    );
    expect(await ana.client.saveProfile({ status: 'x'.repeat(561) })).toMatchObject({ error: { code: 'too-long' } });
    expect(await ana.client.saveProfile({ picture: new Uint8Array(12 * 1024 + 1) })).toMatchObject({
      error: { code: 'too-large' },
    });
    expect(await portraits(ana)).toEqual([]);
  });
});
