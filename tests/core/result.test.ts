import { describe, expect, test } from 'vitest';
import { err, faultOf, ok, Refusal, refuse, settle, unwrap, type Fault } from '../../src/lib/core/result.ts';

const full: Fault = { code: 'storage-full', retry: 'person', detail: 'messages' };
const taken: Fault = { code: 'epoch-taken', retry: 'after-sync' };
const thrownBy = (work: () => unknown): unknown => {
  try {
    work();
  } catch (thrown) {
    return thrown;
  }
  throw new Error('nothing was thrown');
};
/** `thrown`, wrapped so many times the way libraries do. */
const wrapped = (thrown: unknown, key: 'inner' | 'cause', times: number): unknown =>
  times === 0 ? thrown : { name: 'AbortError', [key]: wrapped(thrown, key, times - 1) };

describe('given a fault', () => {
  test('when it is refused, then it travels as an error that says what happened', () => {
    const thrown = thrownBy(() => refuse(full));
    expect(thrown).toBeInstanceOf(Refusal);
    expect(thrown).toBeInstanceOf(Error);
    expect(thrown).toMatchObject({ name: 'Refusal', message: 'storage-full: messages', fault: full });
    expect(thrownBy(() => refuse(taken))).toMatchObject({ message: 'epoch-taken' });
    expect(faultOf(thrown)).toBe(full);
  });

  test.each(['inner', 'cause'] as const)('when a library wrapped it as `%s`, then it is found again', (key) => {
    for (const times of [1, 2, 3]) expect(faultOf(wrapped(new Refusal(full), key, times))).toBe(full);
    expect(faultOf(new Error('aborted', { cause: wrapped(new Refusal(full), 'inner', 1) }))).toBe(full);
  });

  test('when `inner` is there but empty, then `cause` is looked into', () => {
    for (const inner of [undefined, null]) expect(faultOf({ inner, cause: new Refusal(full) })).toBe(full);
  });

  test('when two are nested, then the outer one counts', () => {
    const outer = new Refusal(taken);
    outer.cause = new Refusal(full);
    expect(faultOf(outer)).toBe(taken);
  });
});

describe('given anything else', () => {
  test.each<[string, unknown]>([
    ['an error', new Error('bug')],
    ['an error with a cause', new Error('bug', { cause: new TypeError('deeper') })],
    ['a fault that nobody threw as a refusal', full],
    ['something shaped like a refusal', { name: 'Refusal', fault: full }],
    ['a text', 'storage-full'],
    ['nothing', undefined],
    ['null', null],
    ['a function', () => full],
  ])('when %s is thrown, then there is no fault in it, and it goes on', async (_, thrown) => {
    expect(faultOf(thrown)).toBeUndefined();
    const work = async (): Promise<never> => {
      await Promise.resolve();
      throw thrown;
    };
    const caught = await settle(work).then(
      () => 'settled',
      (reason: unknown) => ({ reason }),
    );
    expect(caught).toEqual({ reason: thrown });
    if (typeof caught === 'object') expect(caught.reason).toBe(thrown);
  });

  test('when causes go round in a circle, then the search ends', () => {
    const one = new Error('one');
    const other = new Error('other', { cause: one });
    one.cause = other;
    expect(faultOf(one)).toBeUndefined();
  });
});

describe('work that may be refused', () => {
  test('settles as its value, as a promise or as a function', async () => {
    expect(await settle(Promise.resolve(7))).toEqual({ ok: true, value: 7 });
    expect(await settle(() => Promise.resolve(undefined))).toEqual({ ok: true, value: undefined });
  });

  test('settles as its fault, wrapped or not, thrown before or after the first await', async () => {
    expect(await settle(() => refuse(full))).toEqual({ ok: false, error: full });
    expect(await settle(Promise.reject(new Refusal(full)))).toEqual({ ok: false, error: full });
    const dexieLike = Object.assign(new Error('abort'), { inner: new Refusal(taken) });
    expect(await settle(Promise.reject(dexieLike))).toEqual({ ok: false, error: taken });
  });

  test('is unwrapped to its value, or refused again with the same fault', async () => {
    expect(unwrap(ok('hut'))).toBe('hut');
    expect(faultOf(thrownBy(() => unwrap(err(full))))).toBe(full);
    const work = async () => unwrap(await settle(() => refuse(taken)));
    expect(await settle(work)).toEqual(err(taken));
  });

  test('gives faults that survive a structured clone', async () => {
    expect(structuredClone(await settle(() => refuse(full)))).toEqual(err(full));
  });
});
