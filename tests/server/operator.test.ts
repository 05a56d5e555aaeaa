import { describe, expect, test } from 'vitest';
import { newId, type StreamId } from '../../src/lib/core/ids.ts';
import {
  answerHealth,
  answerMetrics,
  answerOperator as answer,
  answerReady,
} from '../../src/lib/server/operator/http.ts';
import type { Relay } from '../../src/lib/server/relay.ts';
import { operatorDocument } from '../../src/lib/ui/operator/document.ts';
import { relayWorld, value } from './relayWorld.ts';

const answerOperator = (relay: Relay, request: Request, token: string | undefined) =>
  answer(relay, request, token, operatorDocument);

const TOKEN = 'a long random text';
const asked = (authorization?: string, method = 'GET') =>
  new Request('http://relay.test/', { method, headers: authorization === undefined ? {} : { authorization } });
const basic = `Basic ${Buffer.from(`anybody:${TOKEN}`).toString('base64')}`;

describe('the operator', () => {
  test('knows whether the process and the store answer', async () => {
    const { relay } = await relayWorld();
    expect(answerHealth().status).toBe(200);
    expect((await answerReady(relay)).status).toBe(200);
    await relay.close();
    expect((await answerReady(relay)).status).toBe(503);
    expect(answerHealth().status).toBe(200);
  });

  test('is whoever shows the token, and nobody where there is none', async () => {
    const { relay, device } = await relayWorld();
    const ana = await device();
    const session = Buffer.from(ana.token ?? []).toString('base64url');
    for (const serve of [answerMetrics, answerOperator]) {
      for (const good of [
        `Bearer ${TOKEN}`.replaceAll(' long random ', ' '),
        undefined,
        `Bearer ${session}`,
        'Basic ',
        `Digest ${TOKEN}`,
      ]) {
        expect((await serve(relay, asked(good), TOKEN)).status).toBe(401);
      }
      expect((await serve(relay, asked(basic), TOKEN)).status).toBe(200);
      for (const none of [undefined, '']) expect((await serve(relay, asked('Bearer '), none)).status).toBe(401);
    }
    expect((await answerMetrics(relay, asked('Bearer secret'), 'secret')).status).toBe(200);
  });

  test('sees what happens and how much there is, and nobody’s id', async () => {
    const world = await relayWorld();
    const [ana, ben] = [await world.device(), await world.device()];
    const stream = newId<StreamId>(world.random);
    value(await ana.commit(stream, 0, { members: [ana.id, ben.id] }));
    value(await ana.append(stream, [{ id: newId<string>(world.random), epoch: 1 }]));
    await world.relay.handle({ path: `streams/${stream}/nothing`, body: new Uint8Array() });
    await world.relay.handle({ path: 'evil"} 1\n', body: new Uint8Array() });
    const listener = { ring: () => undefined, ended: () => undefined };
    await world.relay.listen(ben.token ?? new Uint8Array(), listener);

    const metrics = await (await answerMetrics(world.relay, asked(basic), TOKEN)).text();
    expect(metrics).toContain('cairn_requests_total{route="streams/{id}/entries",status="200"} 1\n');
    expect(metrics).toContain('cairn_requests_total{route="other",status="404"} 2\n');
    expect(metrics).toContain('cairn_stored_accounts 2\n');
    expect(metrics).toContain('cairn_stored_entries 2\n');
    expect(metrics).toContain('cairn_devices_listening 1\n');
    for (const line of metrics.trimEnd().split('\n'))
      expect(line).toMatch(/^(# TYPE \w+ (counter|gauge)|\w+(\{.*\})? [\d.e-]+)$/);

    expect(metrics).toContain('cairn_entries_total 2\n');
    expect(metrics).toMatch(/^cairn_stored_store_bytes [1-9]\d*$/m);
    expect(metrics).toContain('cairn_appends_waiting 0\n');

    for (let looks = 0; looks < 9; looks++) {
      world.clock.advance(10 * 60_000);
      await world.relay.overview();
    }
    const { minutes, samples, gauges } = await world.relay.overview();
    expect(minutes).toHaveLength(60);
    expect(samples.at(-1)).toMatchObject({ accounts: 2, streams: 1, entries: 2, devices_listening: 0 });
    // Nobody has fetched the record, nor Ben the commit that he was let in with.
    expect(gauges).toMatchObject({ entries_not_fetched: 3, pushes_waiting: 0 });
    const page = await (await answerOperator(world.relay, asked(basic), TOKEN)).text();
    expect(page.match(/<svg/g)).toHaveLength(13);
    expect(page.match(/<rect/g)?.length).toBe(6 * 60 + 7 * samples.length);
    expect(page.match(/<table/g)).toHaveLength(15);
    expect(page).not.toContain('<script');
    for (const text of [metrics, page])
      for (const id of [ana.id, ben.id, stream, ana.account.id]) expect(text).not.toContain(id);
  });

  test('is spoken to in a language that the browser asks for', async () => {
    const { relay } = await relayWorld();
    const inLanguage = async (languages: string) => {
      const request = new Request('http://relay.test/', {
        headers: { authorization: basic, 'accept-language': languages },
      });
      return (await answerOperator(relay, request, TOKEN)).text();
    };
    expect(await inLanguage('fr-FR,ar;q=0.8,en;q=0.5')).toContain('<html lang="ar" dir="rtl">');
    expect(await inLanguage('fr')).toContain('<html lang="en" dir="ltr">');
  });

  test('invites', async () => {
    const { relay } = await relayWorld();
    const invited = await answerOperator(relay, asked(basic, 'POST'), TOKEN);
    expect(await invited.text()).toMatch(/^[\w-]{22}\n$/);
    expect((await answerOperator(relay, asked(basic, 'PUT'), TOKEN)).status).toBe(405);
  });
});
