import { expect, it } from 'vitest';
import { ok } from '../../src/lib/core/result.ts';
import { letGoOnLeaving } from '../../src/lib/ui/conversation/letGoOnLeaving.ts';
import { lockNow } from '../../src/lib/ui/lockNow.ts';
import { createClock } from '../world/seeded.ts';

const sessionThatTells = (order: string[]) => ({
  lock: async () => void order.push('locked'),
  startAnew: async () => undefined,
  keepStorage: async () => true,
});

it('locks once what could still be undone has gone', async () => {
  const order: string[] = [];
  const client = {
    letGo: async () => {
      order.push('let go');
      return ok(undefined);
    },
  };
  await lockNow(client, sessionThatTells(order), createClock());
  expect(order).toEqual(['let go', 'locked']);
});

it('locks all the same where that takes long', async () => {
  const order: string[] = [];
  const clock = createClock();
  const locking = lockNow({ letGo: () => new Promise(() => {}) }, sessionThatTells(order), clock);
  clock.advance(1_000);
  await locking;
  expect(order).toEqual(['locked']);
});

it('locks all the same where that cannot be done', async () => {
  const order: string[] = [];
  await lockNow({ letGo: () => Promise.reject(new Error('not loaded')) }, sessionThatTells(order), createClock());
  expect(order).toEqual(['locked']);
});

it('lets go what could still be undone when the page is hidden, and leaves it in peace afterwards', () => {
  const clock = createClock();
  const page: EventTarget & { visibilityState: DocumentVisibilityState } = Object.assign(new EventTarget(), {
    visibilityState: 'visible' as const,
  });
  const turn = (state: DocumentVisibilityState) => {
    page.visibilityState = state;
    page.dispatchEvent(new Event('visibilitychange'));
  };
  let times = 0;
  const client = {
    letGo: async () => {
      times += 1;
      return ok(undefined);
    },
  };
  letGoOnLeaving(client, clock, clock.now() + 10_000, page);
  turn('visible');
  expect(times).toBe(0);
  turn('hidden');
  expect(times).toBe(1);
  clock.advance(10_000);
  turn('hidden');
  expect(times).toBe(1);
});
