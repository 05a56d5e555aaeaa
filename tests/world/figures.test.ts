import { afterEach, describe, expect, it } from 'vitest';
import { dateOf } from '../../src/lib/db/measures.ts';
import type { Store, UsageStatisticRow } from '../../src/lib/db/store.ts';
import { accountOf, must, PASSPHRASE, until, world, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

const MINUTE = 60_000;

describe('a device', () => {
  it('counts what was sent and received each day, times unlocking and syncing, and tells nobody', async () => {
    w = await world();
    const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
    await ana.knows(bo);
    await must((await ana.restart()).unlock(PASSPHRASE));
    const chat = await must(ana.client.openDirect(await accountOf(bo)));
    await must(ana.client.sendText(chat, 'one'));
    await must(ana.client.sendText(chat, 'two'));
    await w.settle();

    w.clock.advance(MINUTE);
    const date = dateOf(w.clock.now());
    await shown(ana.store, [{ date, metric: 'messages-sent', value: 2 }]);
    await shown(bo.store, [{ date, metric: 'messages-received', value: 2 }]);
    const names = new Set((await ana.store.performanceMetrics.toArray()).map(({ metricName }) => metricName));
    expect([...names].sort()).toEqual(['sync', 'unlock']);
    const wire = Buffer.concat(ana.network.sent.map(({ body }) => Buffer.from(body)));
    expect(wire.includes('messages-sent')).toBe(false);
  });

  it('throws out what it need not keep by itself, a while after it was unlocked', async () => {
    w = await world();
    const ana = await w.person('Ana');
    const old = { metricId: 'old', timestamp: w.clock.now() - 40 * 24 * 60 * MINUTE, metricName: 'm', metricValue: 1 };
    await ana.store.performanceMetrics.add(old);
    w.clock.advance(3 * MINUTE);
    await until(ana.store, async () => (await ana.store.performanceMetrics.get('old')) === undefined);
    expect(await ana.store.retentionPolicies.get('performanceMetrics')).toMatchObject({ retentionDays: 30 });
  });
});

const shown = (store: Store, rows: readonly UsageStatisticRow[]): Promise<void> =>
  until(store, async () => JSON.stringify(await store.usageStatistics.toArray()) === JSON.stringify(rows));
