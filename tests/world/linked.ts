import { onTestFinished } from 'vitest';
import { unwrap } from '../../src/lib/core/result.ts';
import type { JoiningState, LinkDecision, LinkingState, TransferState } from '../../src/lib/services/client.ts';
import { PASSPHRASE, world, type Person, type World } from './world.ts';

/** Devices that are linked, step by step as people do it. */

const MUCH = new Uint8Array(8 * 1024 * 1024);

/** Lets time and everybody go on until something holds. */
export async function until(w: World, holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let round = 0; !(await holds()); round++) {
    if (round > 2_000) throw new Error(`it never came to this: ${what}`);
    w.clock.advance(700);
    for (let turn = 0; turn < 50; turn++) await new Promise((resume) => void setImmediate(resume));
    // Behind what the platform's own threads still have to do, which takes its time on a busy machine.
    if (round > 100) await crypto.subtle.digest('SHA-256', MUCH);
  }
}

export interface Linking {
  joining: JoiningState;
  linking: LinkingState | undefined;
  giveUp(): void;
}

/** Begins to link `fresh`, up to the code on it. */
export async function begin(w: World, fresh: Person): Promise<Linking & { code: string }> {
  const linking: Linking & { code: string } = {
    joining: { step: 'preparing' },
    linking: undefined,
    giveUp: () => {},
    code: '',
  };
  linking.giveUp = await fresh.client.watchJoining({ passphrase: PASSPHRASE, platform: 'A browser' }, (state) => {
    linking.joining = state;
    if (state.step === 'code') linking.code = state.code;
  });
  await until(w, () => linking.joining.step === 'code' || linking.joining.step === 'over', 'a code');
  return linking;
}

/** Takes the code on `old`, up to the digits. */
export async function meet(w: World, old: Person, linking: Linking & { code: string }): Promise<void> {
  const stop = await old.client.watchLinking(linking.code, (state) => {
    linking.linking = state;
  });
  onTestFinished(stop);
  const settled = (step: string | undefined) => step === 'compare' || step === 'over';
  await until(w, () => settled(linking.joining.step) && settled(linking.linking?.step), 'digits on both');
}

export async function link(w: World, old: Person, fresh: Person, decision: LinkDecision = 'yes'): Promise<Linking> {
  const linking = await begin(w, fresh);
  await meet(w, old, linking);
  await old.client.decideLinking(decision);
  if (decision === 'yes') await until(w, async () => (await fresh.client.self()) !== undefined, 'an open vault');
  return linking;
}

/** Waits until the history is over there. */
export async function arrived(w: World, ...people: readonly Person[]): Promise<void> {
  const open = new Map<Person, TransferState | undefined | 'unknown'>();
  for (const person of people) {
    open.set(person, 'unknown');
    onTestFinished(await person.client.watchTransfer((transfer) => void open.set(person, transfer)));
  }
  await until(w, () => [...open.values()].every((transfer) => transfer === undefined), 'the end of the history');
  await w.settle();
}

export async function newWorld(): Promise<World> {
  const w = await world();
  onTestFinished(() => w.close());
  return w;
}

/** Ana and Bo, who have talked. */
export async function talked(w: World): Promise<readonly [Person, Person]> {
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  await bo.knows(ana);
  const bos = unwrap(await ana.client.openDirect(unwrapSelf(await bo.client.self())));
  unwrap(await ana.client.sendText(bos, 'first'));
  await w.settle();
  unwrap(await bo.client.sendText((await bo.conversation('Ana')).id, 'second'));
  await w.settle();
  return [ana, bo];
}

const unwrapSelf = (self: { account: string } | undefined) => self?.account as never;
