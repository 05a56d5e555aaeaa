import { afterEach, expect, it } from 'vitest';
import { unwrap } from '../../src/lib/core/result.ts';
import { createSimWorld, heal, type SimWorld } from './simulation.ts';

const YEAR_MS = 365 * 86_400_000;

let w: SimWorld;
afterEach(async () => {
  for (const device of w.devices) device.kill();
  await w.relay.close();
});

it('a clock that is a year ahead for a while costs no message that was under way', async () => {
  w = await createSimWorld({ seed: 'clocks', devices: 2 });
  const [ana, bo] = w.devices;
  if (ana === undefined || bo === undefined) throw new Error('two devices');
  const id = unwrap(await ana.client.createGroup({ name: 'Hike', people: [bo.account] }));
  await heal(w);
  // Sealed, and on its way while the epoch ends.
  bo.wire.isUp = false;
  await bo.act((client) => client.sendText(id, 'before the change'));
  bo.kill();
  await ana.act((client) => client.changeGroup(id, { description: 'one epoch on' }));
  ana.clock.set(YEAR_MS);
  await ana.act(() => Promise.resolve());
  ana.clock.set(0);
  // Still locked, Bo sends it as it is.
  bo.wire.isUp = true;
  await bo.start();
  await heal(w);
  const texts = (await ana.store.messages.toArray()).filter((row) => row.type === 'text').map((row) => row.content);
  expect(texts).toEqual(['before the change']);
});

it('a clock that is a year ahead for a while costs no package that others may still use', async () => {
  w = await createSimWorld({ seed: 'packages', devices: 2 });
  const [ana, bo] = w.devices;
  if (ana === undefined || bo === undefined) throw new Error('two devices');
  unwrap(await ana.client.createGroup({ name: 'Before', people: [bo.account] }));
  await heal(w);
  bo.clock.set(YEAR_MS);
  // A new process keeps its pool filled at once.
  bo.kill();
  await bo.start();
  bo.clock.set(0);
  const id = unwrap(await ana.client.createGroup({ name: 'Hike', people: [bo.account] }));
  await heal(w);
  unwrap(await ana.client.sendText(id, 'read by Bo'));
  await heal(w);
  const texts = (await bo.store.messages.toArray()).filter((row) => row.type === 'text').map((row) => row.content);
  expect(texts).toEqual(['read by Bo']);
});
