import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import type { ConversationId } from '../../src/lib/core/ids.ts';
import type { PushAddress } from '../../src/lib/core/pushAddress.ts';
import { ROUND_MS, WAKE_INTERVAL_MS } from '../../src/lib/server/push.ts';
import { accountOf, must, PASSPHRASE, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

/** A push service of the test's own, at this machine's loopback address, and how often it was asked to wake somebody. */
async function pushService() {
  const woken: string[] = [];
  const server = createServer((request, response) => {
    woken.push(request.url ?? '');
    response.writeHead(201).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return { woken, origin: `http://127.0.0.1:${address.port}` };
}

/** As a browser gives it: a P-256 key and 16 bytes. */
async function subscription(endpoint: string): Promise<PushAddress> {
  const keys = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
  const p256dh = new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey));
  return { endpoint, p256dh, auth: crypto.getRandomValues(new Uint8Array(16)) };
}

async function isWanted(person: Person): Promise<boolean> {
  const seen = Promise.withResolvers<boolean>();
  const stop = await person.client.watchWaking(seen.resolve);
  const wanted = await seen.promise;
  stop();
  return wanted;
}

/** A group of Ana and Cy, who are woken at a push service, and Bo; Cy is away. Ana wrote. */
async function chat(): Promise<{ id: ConversationId; ana: Person; bo: Person; woken: string[] }> {
  const { woken, origin } = await pushService();
  w = await world({ push: { contact: 'mailto:operator@example.org', hosts: [origin] } });
  const [ana, bo, cy] = [await w.person('Ana'), await w.person('Bo'), await w.person('Cy')];
  await ana.knows(bo, cy);
  const people = [await accountOf(bo), await accountOf(cy)];
  const id = await must(ana.client.createGroup({ name: 'Hike', people }));
  await must(ana.client.sendText(id, 'hello'));
  await w.settle();
  w.clock.advance(ROUND_MS);
  expect(await isWanted(ana)).toBe(false);
  expect(await must(ana.client.wakingKey())).toHaveLength(65);
  await must(ana.client.wakeAt(await subscription(`${origin}/ana`)));
  expect(await isWanted(ana)).toBe(true);
  await must(cy.client.wakeAt(await subscription(`${origin}/cy`)));
  await cy.restart();
  return { id, ana, bo, woken };
}

/** Lets the relay's round, and the rest after a wake-up, pass. */
async function pass(bo: Person): Promise<void> {
  await bo.client.syncNow();
  w.clock.advance(ROUND_MS);
  // The round reads before the request that comes after it.
  await bo.client.syncNow();
  w.clock.advance(WAKE_INTERVAL_MS);
}

/** Twice, so that whoever was woken besides would be seen. */
async function wakesCyAlone(bo: Person, id: ConversationId, woken: readonly string[]): Promise<void> {
  for (const expected of [['/cy'], ['/cy', '/cy']]) {
    await must(bo.client.sendText(id, 'are you there?'));
    await pass(bo);
    await expect.poll(() => woken).toEqual(expected);
  }
}

describe('a device that chose to be woken', () => {
  it('is woken by a message while it is locked, and not by what is no message', async () => {
    const { id, ana, bo, woken } = await chat();
    await ana.restart();
    const hello = (await bo.messages('Hike')).find(({ text }) => text === 'hello');
    if (hello === undefined) throw new Error('nothing arrived');
    await must(bo.client.markRead(id, hello.id));
    await must(bo.client.react(hello.id, '👍'));
    await pass(bo);
    await must(bo.client.sendText(id, 'wake up'));
    await pass(bo);
    await expect.poll(() => woken.toSorted()).toEqual(['/ana', '/cy']);
  });

  it('is not woken once it said so, and a service that the relay does not know is refused', async () => {
    const { id, ana, bo, woken } = await chat();
    expect(await ana.client.wakeAt(await subscription('https://push.example.org/ana'))).toMatchObject({
      error: { code: 'push-not-known' },
    });
    await must(ana.client.wakeNoMore());
    expect(await isWanted(ana)).toBe(false);
    await ana.restart();
    expect(await ana.client.wakingKey()).toMatchObject({ error: { code: 'locked' } });
    await wakesCyAlone(bo, id, woken);
    await must(ana.client.unlock(PASSPHRASE));
    expect(await isWanted(ana)).toBe(false);
  });

  it('stops being woken where the relay can’t be told, and is woken no more once its account rests', async () => {
    const { id, ana, bo, woken } = await chat();
    ana.network.isUp = false;
    await must(ana.client.wakeNoMore());
    expect(await isWanted(ana)).toBe(false);
    ana.network.isUp = true;
    await must(ana.client.setAccountActive(false));
    await wakesCyAlone(bo, id, woken);
  });
});
