import { describe, expect, test } from 'vitest';
import { idFromBytes, type StreamId } from '../../src/lib/core/ids.ts';
import * as protocol from '../../src/lib/protocol/requests.ts';
import { relayWorld, value, type RelayWorld, type TestDevice } from './relayWorld.ts';

const newStream = (world: RelayWorld): StreamId => idFromBytes<StreamId>(world.random.bytes(16));
const newEntry = (world: RelayWorld, epoch = 1) => ({ id: idFromBytes<string>(world.random.bytes(16)), epoch });
const seqs = (entries: readonly { seq: number }[]) => entries.map(({ seq }) => seq);

/** Ana made a group with Bo in it. */
async function groupOfTwo(): Promise<{ world: RelayWorld; ana: TestDevice; bo: TestDevice; stream: StreamId }> {
  const world = await relayWorld();
  const [ana, bo] = [await world.device(), await world.device()];
  const stream = newStream(world);
  value(await ana.commit(stream, 0, { members: [ana.id, bo.id], fence: true }));
  return { world, ana, bo, stream };
}

describe('append', () => {
  test('numbers records densely, in order, for every member', async () => {
    const { world, ana, bo, stream } = await groupOfTwo();
    const first = value(await ana.append(stream, [newEntry(world), newEntry(world)]));
    const second = value(await bo.append(stream, [newEntry(world)]));
    expect([...first.results, ...second.results]).toMatchObject([{ seq: 2 }, { seq: 3 }, { seq: 4 }]);
    expect(seqs(await bo.catchUp())).toEqual([2, 3, 4]);
    expect(seqs(await ana.catchUp())).toEqual([1, 2, 3, 4]);
  });

  test('gives a retry its first number, also within one request and behind a moved fence', async () => {
    const { world, ana, bo, stream } = await groupOfTwo();
    const entry = newEntry(world);
    expect(value(await bo.append(stream, [entry, entry])).results).toMatchObject([{ seq: 2 }, { seq: 2 }]);
    value(await ana.commit(stream, 1, { members: [ana.id, bo.id], fence: true }));
    expect(value(await bo.append(stream, [entry])).results).toEqual([{ ok: true, id: entry.id, seq: 2 }]);
    expect(seqs(await bo.catchUp())).toEqual([2, 3]);
  });

  test('refuses another sender the id of a taken entry', async () => {
    const { world, ana, bo, stream } = await groupOfTwo();
    const entry = newEntry(world);
    value(await bo.append(stream, [entry]));
    expect(value(await ana.append(stream, [entry, newEntry(world)])).results).toMatchObject([
      { ok: false, code: 'conflict' },
      { ok: false, code: 'not-sent' },
    ]);
  });

  test('takes old epochs down to the fence, none of the future, and nothing behind a refusal', async () => {
    const { world, ana, stream } = await groupOfTwo();
    value(await ana.commit(stream, 1, { fence: true }));
    value(await ana.commit(stream, 2));
    const results = async (...epochs: number[]) =>
      value(
        await ana.append(
          stream,
          epochs.map((epoch) => newEntry(world, epoch)),
        ),
      ).results.map((result) => (result.ok ? result.seq : result.code));
    expect(await results(2, 3)).toEqual([4, 5]);
    expect(await results(3, 1, 3)).toEqual([6, 'stale-epoch', 'not-sent']);
    expect(await results(4)).toEqual(['future-epoch']);
    expect(await results(3)).toEqual([7]);
  });

  test('is for members only, and never into a mailbox', async () => {
    const { world, ana, stream } = await groupOfTwo();
    const eve = await world.device();
    expect(await eve.append(stream, [newEntry(world)])).toMatchObject({ status: 403, code: 'forbidden' });
    expect(await eve.append(ana.mailbox, [newEntry(world, 0)])).toMatchObject({ status: 403, code: 'forbidden' });
    expect(await ana.append(ana.mailbox, [newEntry(world, 0)])).toMatchObject({ status: 403, code: 'forbidden' });
    expect(await ana.append(newStream(world), [newEntry(world)])).toMatchObject({ status: 404, code: 'not-found' });
    expect(await ana.catchUp()).toHaveLength(1);
  });
});

describe('offer', () => {
  const offer = async (device: TestDevice, stream: StreamId, ...entries: readonly { id: string; epoch: number }[]) => {
    const path = protocol.offer.path(stream);
    return device.ask(path, protocol.offer, { entries: entries.map(({ id, epoch }) => ({ id, epoch })) });
  };

  test('says what append would say, and takes nothing', async () => {
    const { world, ana, bo, stream } = await groupOfTwo();
    const taken = newEntry(world);
    value(await bo.append(stream, [taken]));
    value(await ana.commit(stream, 1, { members: [ana.id, bo.id], fence: true }));
    const [good, stale, future] = [newEntry(world, 2), newEntry(world, 1), newEntry(world, 3)];
    const say = async (...entries: Parameters<typeof offer>[2][]) =>
      value(await offer(bo, stream, ...entries)).results.map((result) => (result.ok ? result.seq : result.code));
    expect(await say(taken, good, good, stale, good)).toEqual([2, 0, 0, 'stale-epoch', 'not-sent']);
    expect(await say(future)).toEqual(['future-epoch']);
    expect(value(await offer(ana, stream, taken)).results).toMatchObject([{ ok: false, code: 'conflict' }]);
    expect(seqs(await ana.catchUp())).toEqual([1, 2, 3]);
    expect(value(await bo.append(stream, [good])).results).toMatchObject([{ ok: true, seq: 4 }]);
  });

  test('is for members only', async () => {
    const { world, ana, bo, stream } = await groupOfTwo();
    value(await ana.commit(stream, 1, { members: [ana.id], fence: true }));
    expect(await offer(bo, stream, newEntry(world, 2))).toMatchObject({ status: 403, code: 'forbidden' });
    expect(await offer(await world.device(), stream, newEntry(world, 2))).toMatchObject({ code: 'forbidden' });
    expect(await offer(ana, newStream(world), newEntry(world))).toMatchObject({ code: 'not-found' });
  });
});

describe('commit', () => {
  test('is taken once for each epoch, whoever comes first', async () => {
    const world = await relayWorld();
    const devices = await Promise.all(Array.from({ length: 16 }, () => world.device()));
    const stream = newStream(world);
    const members = devices.map(({ id }) => id);
    const [maker] = devices;
    if (maker === undefined) throw new Error();
    value(await maker.commit(stream, 0, { members }));
    const answers = await Promise.all(devices.map((device) => device.commit(stream, 1, { members })));
    expect(answers.filter(({ ok }) => ok)).toEqual([{ ok: true, value: { seq: 2 } }]);
    expect(
      answers.filter((answer) => !answer.ok && answer.code === 'epoch-taken' && answer.status === 409),
    ).toHaveLength(15);
    expect(await maker.catchUp()).toHaveLength(2);
  });

  test('gets its first number again, also after its sender was removed', async () => {
    const { world, ana, bo, stream } = await groupOfTwo();
    const id = idFromBytes<string>(world.random.bytes(16));
    const members = [ana.id, bo.id];
    expect(value(await bo.commit(stream, 1, { id, members }))).toEqual({ seq: 2 });
    value(await ana.commit(stream, 2, { members: [ana.id], fence: true }));
    expect(value(await bo.commit(stream, 1, { id, members }))).toEqual({ seq: 2 });
    expect(await ana.commit(stream, 3, { id })).toMatchObject({ code: 'conflict' });
    expect(seqs(await ana.catchUp())).toEqual([1, 2, 3]);
  });

  test('lets new members read what comes after it', async () => {
    const { world, ana, bo, stream } = await groupOfTwo();
    value(await ana.append(stream, [newEntry(world)]));
    const cleo = await world.device();
    value(await bo.commit(stream, 1, { members: [ana.id, bo.id, cleo.id], fence: true }));
    value(await ana.append(stream, [newEntry(world, 2)]));
    expect(seqs(await cleo.catchUp())).toEqual([4]);
    expect(seqs(await cleo.catchUp({ [stream]: 1 }))).toEqual([4]);
  });

  test('lets a removed device read its removal and nothing after', async () => {
    const { world, ana, bo, stream } = await groupOfTwo();
    value(await ana.commit(stream, 1, { members: [ana.id], fence: true }));
    value(await ana.append(stream, [newEntry(world, 2)]));
    expect(seqs(await bo.catchUp())).toEqual([2]);
    expect(await bo.append(stream, [newEntry(world, 2)])).toMatchObject({ code: 'forbidden' });
    expect(await bo.commit(stream, 2, { members: [ana.id, bo.id] })).toMatchObject({ code: 'forbidden' });

    value(await ana.commit(stream, 2, { members: [ana.id, bo.id], fence: true }));
    value(await ana.append(stream, [newEntry(world, 3)]));
    expect(seqs(await bo.catchUp({ [stream]: 2 }))).toEqual([5]);
  });

  test('brings welcomes into mailboxes and spends reservations, or does nothing of it', async () => {
    const { world, ana, bo, stream } = await groupOfTwo();
    const cleo = await world.device();
    value(await cleo.publish(2));
    const claim = value(await ana.claim(cleo.account.id)).claims[0];
    if (claim === undefined) throw new Error('no claim');
    const change = (spend: string) => ({
      members: [ana.id, bo.id, cleo.id],
      fence: true,
      welcomes: [{ id: idFromBytes<string>(world.random.bytes(16)), device: cleo.id, payload: new Uint8Array([9]) }],
      spends: [spend],
    });
    expect(await bo.commit(stream, 1, change(claim.reservation))).toMatchObject({
      status: 404,
      code: 'no-key-package',
    });
    expect(await cleo.catchUp()).toEqual([]);
    expect(await bo.catchUp()).toEqual([]);

    value(await ana.commit(stream, 1, change(claim.reservation)));
    expect(await cleo.catchUp()).toMatchObject([
      { stream: cleo.mailbox, seq: 1, kind: 'welcome', epoch: 2, sender: ana.id },
    ]);
    expect(await ana.commit(stream, 2, change(claim.reservation))).toMatchObject({ code: 'no-key-package' });
    expect(seqs(await bo.catchUp())).toEqual([2]);
  });

  test('is refused without its committer among the members, for strangers and for wrong epochs', async () => {
    const { world, ana, bo, stream } = await groupOfTwo();
    const eve = await world.device();
    const welcomes = [{ id: idFromBytes<string>(world.random.bytes(16)), device: eve.id, payload: new Uint8Array() }];
    const unknown = idFromBytes<typeof ana.id>(world.random.bytes(16));
    expect(await ana.commit(stream, 1, { members: [bo.id] })).toMatchObject({ code: 'bad-request' });
    expect(await ana.commit(stream, 1, { welcomes })).toMatchObject({ code: 'bad-request' });
    expect(await ana.commit(stream, 1, { members: [ana.id, unknown] })).toMatchObject({ code: 'not-found' });
    expect(await eve.commit(stream, 1)).toMatchObject({ code: 'forbidden' });
    expect(await ana.commit(stream, 0)).toMatchObject({ code: 'epoch-taken' });
    expect(await ana.commit(stream, 2)).toMatchObject({ code: 'future-epoch' });
    expect(await ana.commit(newStream(world), 1)).toMatchObject({ code: 'not-found' });
    expect(await eve.commit(ana.mailbox, 0)).toMatchObject({ code: 'forbidden' });
    expect(await ana.commit(ana.mailbox, 0)).toMatchObject({ code: 'forbidden' });
    expect(seqs(await ana.catchUp())).toEqual([1]);
  });
});
