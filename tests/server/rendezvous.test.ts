import { expect, test } from 'vitest';
import type * as v from 'valibot';
import { newId } from '../../src/lib/core/ids.ts';
import * as protocol from '../../src/lib/protocol/rendezvous.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import { relayWorld, value } from './relayWorld.ts';

/** A relay, a device with an account, and one without, which asks without a session. */
async function meeting() {
  const world = await relayWorld();
  const old = await world.device();
  const id = newId<string>(world.random);
  const ask = async <A extends v.GenericSchema>(
    path: string,
    { answer }: { readonly answer: A },
    request: unknown,
  ): Promise<v.InferOutput<A> | number> => {
    const got = await world.relay.handle({ path, body: cborFromValue(request) });
    const decoded = valueFromCbor(answer, got.body, 10_000_000);
    return got.status === 200 && decoded.ok ? decoded.value : got.status;
  };
  return {
    ...world,
    old,
    offer: (n: number, box: Uint8Array) =>
      ask(protocol.offerBox.path(id), protocol.offerBox, { n, box: new Uint8Array(box) }),
    fetch: (from: 'new' | 'old', next: number) =>
      ask(protocol.fetchBoxes.path(id), protocol.fetchBoxes, { from, next }),
    answer: (n: number, box: Uint8Array) =>
      old.ask(protocol.answerBox.path(id), protocol.answerBox, { n, box: new Uint8Array(box) }),
    strangerAnswers: () => ask(protocol.answerBox.path(id), protocol.answerBox, { n: 0, box: new Uint8Array(1) }),
  };
}

const box = (length: number, fill = 7) => new Uint8Array(length).fill(fill);

test('a device without an account and one with meet, and the first box of a number stays', async () => {
  const { offer, answer, fetch } = await meeting();
  expect(await offer(0, box(3, 1))).toEqual({});
  expect(await offer(0, box(3, 2))).toEqual({});
  expect(await fetch('new', 0)).toEqual({ boxes: [{ n: 0, box: box(3, 1) }] });
  expect(value(await answer(0, box(10)))).toEqual({ waiting: 10 });
  expect(value(await answer(1, box(5)))).toEqual({ waiting: 15 });
  expect(await fetch('old', 1)).toEqual({ boxes: [{ n: 1, box: box(5) }] });
  expect(value(await answer(0, box(9)))).toEqual({ waiting: 5 });
});

test('without a session there is room for a few small boxes, and for none where nobody opened', async () => {
  const { offer, answer, fetch, strangerAnswers } = await meeting();
  expect(await fetch('old', 0)).toBe(404);
  expect(await answer(0, box(1))).toMatchObject({ ok: false, code: 'not-found' });
  expect(await offer(1, box(1))).toBe(404);
  expect(await offer(0, box(protocol.NEW_BOX_BYTES + 1))).toBe(400);
  expect(await offer(0, box(protocol.NEW_BOX_BYTES))).toEqual({});
  expect(await offer(protocol.NEW_BOXES, box(1))).toBe(400);
  expect(await strangerAnswers()).toBe(401);
});

test('what waits to be fetched has a bound', async () => {
  const { offer, answer, fetch } = await meeting();
  await offer(0, box(1));
  const large = box(protocol.WAITING_BYTES / 2);
  value(await answer(0, large));
  value(await answer(1, large));
  expect(await answer(2, box(1))).toMatchObject({ ok: false, code: 'rate-limited', retryAfter: '1' });
  await fetch('old', 1);
  expect(value(await answer(2, box(1)))).toEqual({ waiting: large.length + 1 });
});

test('a rendezvous is over after a while, and later once the old device has come', async () => {
  const one = await meeting();
  await one.offer(0, box(1));
  one.clock.advance(protocol.RENDEZVOUS_MS);
  expect(await one.fetch('new', 0)).toBe(404);
  const two = await meeting();
  await two.offer(0, box(1));
  value(await two.answer(0, box(1)));
  two.clock.advance(protocol.RENDEZVOUS_JOINED_MS - 1);
  expect(await two.fetch('old', 0)).toMatchObject({ boxes: [{ n: 0 }] });
  two.clock.advance(1);
  expect(await two.fetch('old', 0)).toBe(404);
});
