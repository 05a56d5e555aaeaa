import { describe, expect, test } from 'vitest';
import { newId, type StreamId } from '../../src/lib/core/ids.ts';
import { answerHealth, answerMetrics, answerOperator, answerReady } from '../../src/lib/server/operator/http.ts';
import { relayWorld, value } from './relayWorld.ts';

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

    world.clock.advance(90 * 60_000);
    const page = await (await answerOperator(world.relay, asked(basic), TOKEN)).text();
    expect(page.match(/<svg/g)).toHaveLength(3);
    expect(page.match(/<rect/g)).toHaveLength(180);
    for (const text of [metrics, page])
      for (const id of [ana.id, ben.id, stream, ana.account.id]) expect(text).not.toContain(id);
  });

  test('invites', async () => {
    const { relay } = await relayWorld();
    const invited = await answerOperator(relay, asked(basic, 'POST'), TOKEN);
    expect(await invited.text()).toMatch(/^[\w-]{22}\n$/);
    expect((await answerOperator(relay, asked(basic, 'PUT'), TOKEN)).status).toBe(405);
  });
});
